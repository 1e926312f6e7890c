//! What proofs are made with: databases, servers in processes of their own, load, and the count afterwards.

mod client;
mod cluster;
mod disk;
mod ledger;
mod load;
mod payload;
mod process;
mod server;
mod store;
mod wait;

pub use client::{Answer, Client, Gone};
pub use cluster::Cluster;
pub use disk::Disk;
pub use ledger::{Ledger, drained, left};
pub use load::{Load, Plan};
pub use payload::{PATH, Payload, event, sign_at};
pub use process::Process;
pub use server::Server;
pub use store::Store;
pub use wait::{runtime, until};
