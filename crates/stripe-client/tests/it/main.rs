//! The crate through its public surface, against real servers on the loopback interface.

mod calls;
mod envelopes;
mod failures;
mod pages;
mod retries;
mod server;
mod signatures;
