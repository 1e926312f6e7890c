//! The crate through its public surface, against real servers on the loopback interface.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, also outside its own function")]

mod budget;
mod calls;
mod destinations;
mod envelopes;
mod failures;
mod odd_servers;
mod pages;
mod retries;
mod sdk_cases;
mod server;
mod signatures;
mod thin_events;
