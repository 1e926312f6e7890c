//! Objects that came while nobody could tell whose they are, once it is known.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::statements::OTHER;
use super::{KINDS, Kind};
use crate::db::AnyConnection;

/// Takes the objects of a mode whose account was not known for those of an account. Where the account has the same object
/// already, the newer content stays. How many there were.
///
/// Only tables whose key has the account matter: elsewhere an object has one row, whoever it belongs to.
///
/// # Errors
/// When a query fails; then the caller's transaction must be rolled back.
pub fn adopt(conn: &mut AnyConnection, account: &str, livemode: bool) -> QueryResult<usize> {
    let keyed = KINDS.iter().filter(|kind| Kind::is_keyed_by_account(kind)).map(|kind| (kind.table, "id"));
    let mut adopted = 0;
    for (table, key) in keyed.chain([(OTHER, "object, id")]) {
        adopted += adopt_in(conn, table, key, account, livemode)?;
    }
    Ok(adopted)
}

// Table and columns come from our own declarations, never from a request; values are bound.
fn adopt_in(conn: &mut AnyConnection, table: &str, key: &str, account: &str, livemode: bool) -> QueryResult<usize> {
    let twin = |account: &str, also: &str| {
        let same: String = key.split(", ").map(|column| format!(" AND twin.{column} = {table}.{column}")).collect();
        format!(
            "EXISTS (SELECT 1 FROM {table} AS twin WHERE twin.account = {account} AND twin.livemode = {table}.livemode{same}{also})"
        )
    };
    let newer = twin("''", &format!(" AND twin.as_of > {table}.as_of"));
    let older_ones = format!("DELETE FROM {table} WHERE account = $1 AND livemode = $2 AND {newer}");
    let taken = twin("$1", "");
    let adopted = format!("UPDATE {table} SET account = $1 WHERE account = '' AND livemode = $2 AND NOT {taken}");
    // SQLite numbers them by their first appearance, whatever they are called.
    let others = format!("DELETE FROM {table} WHERE {taken} AND account = '' AND livemode = $2");
    let mut run = |sql: String| diesel::sql_query(sql).bind::<Text, _>(account).bind::<Bool, _>(livemode).execute(conn);
    run(older_ones)?;
    let count = run(adopted)?;
    run(others)?;
    Ok(count)
}
