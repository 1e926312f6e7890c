//! The simulator from outside: raw HTTP against its API, and real receivers for its deliveries.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its support code too")]

mod api;
mod billing;
mod business;
mod client;
mod connect;
mod deliveries;
mod described;
mod destinations;
mod endpoints;
mod events;
mod faults;
mod hosted;
mod idempotency;
mod listeners;
mod objects;
mod payments;
mod rolls;
mod shapes;
mod support;
mod thin_events;
