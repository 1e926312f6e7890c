//! Moving objects out of the general table once their type has a table of its own.

use std::sync::LazyLock;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde_json::{Value, json};

use super::counts::types_in_general_table;
use super::read::{COLUMNS, Object};
use super::statements::{OTHER, Statement};
use super::{Change, apply_all, kind};
use crate::db::{self, AnyConnection};

/// Moves at most `most` of them, of one type; content that the type's table has newer is dropped. How many were moved: this is
/// to be called until there are none, each time in a transaction of its own, so that no lock is held for long.
///
/// # Errors
/// When a query fails; then the caller's transaction must be rolled back.
pub(crate) fn move_in(conn: &mut AnyConnection, most: i64) -> QueryResult<usize> {
    let types = types_in_general_table(conn)?;
    let Some(object) = types.into_iter().find(|object| kind(object).is_some()) else { return Ok(0) };
    // Of one account and mode at a time: of those that are applied together no two may have the same id.
    let sql = format!(
        "SELECT id, object, {COLUMNS} FROM {OTHER} JOIN (SELECT account AS its_account, livemode AS its_mode \
         FROM {OTHER} WHERE object = $1 LIMIT 1) AS one ON account = its_account AND livemode = its_mode \
         WHERE object = $1 LIMIT $2"
    );
    let rows: Vec<Object> = diesel::sql_query(sql).bind::<Text, _>(&object).bind::<BigInt, _>(most).load(conn)?;
    let contents: Vec<Value> = rows.iter().map(Object::json).collect();
    let changes: Vec<Change<'_>> = rows.iter().zip(&contents).map(|(row, content)| change(row, content)).collect();
    apply_all(conn, &changes)?;
    let moved = rows.iter().map(|row| {
        json!({
            "id": row.id, "object": row.object, "account": row.account.as_deref().unwrap_or_default(),
            "livemode": row.livemode, "as_of": row.as_of,
        })
    });
    db::run_on_json(conn, &REMOVAL, &Value::Array(moved.collect()).to_string()).map(|removed| removed.len())
}

fn change<'a>(row: &'a Object, content: &'a Value) -> Change<'a> {
    Change {
        object: content,
        previous: None,
        event_id: row.event_id.as_deref(),
        event_type: if row.deleted_at.is_some() { ".deleted" } else { "" },
        // If it was, it has its place in the history already.
        fetched: false,
        as_of: row.as_of,
        account: row.account.as_deref(),
        livemode: row.livemode,
        api_version: row.api_version.as_deref(),
    }
}

// A row that another process has changed since it was read stays, and is moved the next time.
static REMOVAL: LazyLock<Statement> = LazyLock::new(|| Statement {
    postgres: format!(
        "DELETE FROM {OTHER} USING json_to_recordset($1::json) \
         AS given (id text, object text, account text, livemode boolean, as_of bigint) \
         WHERE {OTHER}.id = given.id AND {OTHER}.object = given.object AND {OTHER}.account = given.account \
         AND {OTHER}.livemode = given.livemode AND {OTHER}.as_of = given.as_of RETURNING {OTHER}.id"
    ),
    sqlite: format!(
        "DELETE FROM {OTHER} WHERE (id, object, account, livemode, as_of) IN (SELECT json_extract(value, '$.id'), \
         json_extract(value, '$.object'), json_extract(value, '$.account'), json_extract(value, '$.livemode'), \
         json_extract(value, '$.as_of') FROM json_each($1)) RETURNING id"
    ),
});
