//! Rows that are to be deleted, taken only if nobody else is at them.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use super::AnyConnection;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// A table whose rows are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Events,
    Deliveries,
    Versions,
}

/// Locks the rows with these numbers until the transaction ends, and answers the numbers; those that another transaction
/// has are left out, so that nobody waits and no two lock each other's. SQLite has one writer.
pub(crate) fn take_free(conn: &mut AnyConnection, table: Table, numbers: &[i64]) -> QueryResult<Vec<i64>> {
    let sql = match table {
        Table::Events => "SELECT seq AS number FROM events WHERE seq = ANY($1) ORDER BY seq FOR UPDATE SKIP LOCKED",
        Table::Deliveries => {
            "SELECT id AS number FROM deliveries WHERE id = ANY($1) ORDER BY id FOR UPDATE SKIP LOCKED"
        }
        Table::Versions => {
            "SELECT seq AS number FROM object_versions WHERE seq = ANY($1) ORDER BY seq FOR UPDATE SKIP LOCKED"
        }
    };
    match conn {
        AnyConnection::Postgres(pg) => {
            let rows: Vec<Row> = diesel::sql_query(sql).bind::<Array<BigInt>, _>(numbers).load(pg)?;
            Ok(rows.into_iter().map(|row| row.number).collect())
        }
        AnyConnection::Sqlite(_) => Ok(numbers.to_vec()),
    }
}
