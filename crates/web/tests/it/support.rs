//! What every test uses: a served Tollgate on a fresh database, an HTTP client, and signed events.

mod app;
mod cli;
mod events;
mod http;
mod notes;
mod scrape;
mod served;
mod server;
mod setup;
mod shop;
pub mod upgrades;
mod wait;

pub use app::TestApp;
pub use cli::{Cli, Ended, PASSWORD, cli_key, end};
pub use events::{Payload, event, sign_at};
pub use http::{Answer, Http};
pub use notes::{make_notes, note, note_as};
pub use scrape::{Scrape, TOKEN, with_token};
pub use served::Served;
pub use server::Server;
pub use setup::{ENDPOINT, SECRET, Setup, build, row};
pub use shop::{ATTEMPTS, DESTINATIONS, PATH, Shop, refusals, simulator};
pub use wait::until;

/// When the tests' clock starts, in unix milliseconds: 2026-11-23 05:50:46.250 UTC.
pub const NOW: i64 = 1_795_413_046_250;
/// The same in unix seconds.
pub const SECONDS: i64 = NOW / 1000;
