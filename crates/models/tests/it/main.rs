//! The crate through its public surface, on SQLite or, with `TEST_DATABASE_URL`, on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, also outside its own function")]

mod access;
mod arrivals;
mod claims;
mod claims_together;
mod columns;
mod database;
mod endpoints;
mod events;
mod figures;
mod history;
mod history_retention;
mod hostile;
mod intake;
mod intake_together;
mod migrations;
mod mirror;
mod mirror_lists;
mod mirror_shapes;
mod mirror_ties;
mod parity;
mod retention;
mod shapes;
mod tables;
mod tasks;
mod typed;
