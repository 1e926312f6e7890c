//! Which tables a piece of work changes: for showing what it would do before it is rolled back.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::AnyConnection;

/// How many rows of a table were changed.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName, serde::Serialize)]
pub struct TableChanges {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub table: String,
    /// Rows that were added.
    #[diesel(sql_type = BigInt)]
    pub inserted: i64,
    /// Rows that were changed.
    #[diesel(sql_type = BigInt)]
    pub updated: i64,
    /// Rows that were removed.
    #[diesel(sql_type = BigInt)]
    pub deleted: i64,
}

/// Runs `work` and tells what it changed in which tables, by name. For a transaction that is rolled back: on SQLite every
/// table is watched by triggers of its own until then.
///
/// # Errors
/// Whatever `work` answers, or when a query fails.
pub fn recording_changes<T>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> QueryResult<T>,
) -> QueryResult<(T, Vec<TableChanges>)> {
    if matches!(conn, AnyConnection::Sqlite(_)) {
        watch_tables(conn)?;
    }
    // PostgreSQL's counters may still hold what the connection did in transactions before.
    let before = counts(conn)?;
    let value = work(conn)?;
    let mut changes = counts(conn)?;
    for change in &mut changes {
        if let Some(before) = before.iter().find(|before| before.table == change.table) {
            change.inserted -= before.inserted;
            change.updated -= before.updated;
            change.deleted -= before.deleted;
        }
    }
    changes.retain(|change| change.inserted + change.updated + change.deleted > 0);
    Ok((value, changes))
}

fn counts(conn: &mut AnyConnection) -> QueryResult<Vec<TableChanges>> {
    diesel::sql_query(match conn {
        AnyConnection::Postgres(_) => {
            "SELECT relname::text AS \"table\", n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_del AS deleted \
             FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 ORDER BY relname"
        }
        AnyConnection::Sqlite(_) => {
            "SELECT name AS \"table\", CAST(sum(verb = 'INSERT') AS BIGINT) AS inserted, \
             CAST(sum(verb = 'UPDATE') AS BIGINT) AS updated, CAST(sum(verb = 'DELETE') AS BIGINT) AS deleted \
             FROM temp.watched_changes GROUP BY name ORDER BY name"
        }
    })
    .load(conn)
}

fn watch_tables(conn: &mut AnyConnection) -> QueryResult<()> {
    #[derive(QueryableByName)]
    struct Table {
        #[diesel(sql_type = Text)]
        name: String,
    }
    diesel::sql_query("CREATE TEMP TABLE watched_changes (name TEXT NOT NULL, verb TEXT NOT NULL)").execute(conn)?;
    let tables: Vec<Table> = diesel::sql_query(
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .load(conn)?;
    for Table { name } in tables {
        for verb in ["INSERT", "UPDATE", "DELETE"] {
            let (text, quoted) = (name.replace('\'', "''"), name.replace('"', "\"\""));
            diesel::sql_query(format!(
                "CREATE TEMP TRIGGER \"watch {verb} {quoted}\" AFTER {verb} ON main.\"{quoted}\" \
                 BEGIN INSERT INTO watched_changes VALUES ('{text}', '{verb}'); END"
            ))
            .execute(conn)?;
        }
    }
    Ok(())
}
