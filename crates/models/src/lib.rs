//! Everything SQL of Tollgate: connections, one module per table, the mirror of Stripe's objects, the event queue.
//!
//! Queries are plain functions that take the connection first and return [`diesel::QueryResult`]; they are synchronous, and
//! know neither HTTP nor Stripe's API. [`Database`] hands out connections: many readers, and a write lane that on
//! SQLite is a single connection which serves the intake of events before anything else.

pub mod api_keys;
pub mod audit;
pub mod claims;
pub mod db;
pub mod deliveries;
pub mod endpoints;
pub mod event_counts;
pub mod events;
pub mod intake;
pub mod leases;
pub mod mirror;
pub mod page;
pub mod refetches;
pub mod replays;
pub mod retention;
pub mod runs;
pub mod schema;
pub mod sessions;
pub mod settings;
pub mod shadow_events;
pub mod syncs;
pub mod tasks;
#[cfg(feature = "testing")]
pub mod testing;
pub mod upgrades;
pub mod users;

pub use db::{AnyConnection, Database, DatabaseUrl, Durability, Error, Lane};
pub use diesel::QueryResult;
pub use page::Page;
