//! Tollgate from outside: real HTTP, a real database, the simulated Stripe, and the binary.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod app;
mod cli;
mod endpoints;
mod http;
mod intake;
mod outage;
mod secrets;
mod stripe_sends;
mod validation;
mod workers;
