//! The connection that stands for either database.
#![expect(missing_docs, reason = "the derive's own items cannot carry documentation")]

/// A connection to either database; plain Diesel queries run on it unchanged.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// PostgreSQL.
    Postgres(diesel::PgConnection),
    /// SQLite.
    Sqlite(diesel::SqliteConnection),
}
