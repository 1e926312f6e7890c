//! Tollgate from outside: served on a real port, with a real database, and where Stripe is needed with the simulator.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod after_commit;
mod bodies;
mod business;
mod cli;
mod cli_endpoints;
mod crash;
mod docs;
mod duplicates;
mod embed;
mod endpoint_changes;
mod endpoint_creation;
mod endpoint_import;
mod endpoint_repair;
mod event_destinations;
mod handlers;
mod inline;
mod keys;
mod legacy;
mod many_workers;
mod ordering;
mod outage;
mod reconcile;
mod refusal_log;
mod refusals;
mod replays;
mod retries;
mod secrecy_at_rest;
mod secret_key;
mod stuck;
mod support;
mod thin_events;
mod transactions;
mod urls;
mod validation;
