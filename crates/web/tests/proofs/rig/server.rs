//! A server under proof, seen from its proof.

use std::net::SocketAddr;
use std::process::Command;

use super::Process;
use crate::host::{SPEC, Spec};

/// A running server; killed when it is dropped.
pub struct Server {
    pub process: Process,
    pub address: SocketAddr,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub async fn start(spec: &Spec) -> Self {
        Self::listening(Process::start(command(spec))).await
    }

    /// Starts a server without waiting for it.
    pub fn spawn(spec: &Spec) -> Process {
        Process::start(command(spec))
    }

    /// Waits until a server listens.
    pub async fn listening(mut process: Process) -> Self {
        let address = process.says("listening on http://").await.trim().parse().unwrap();
        Self { process, address }
    }
}

/// This very program, as the server.
pub fn command(spec: &Spec) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(SPEC, serde_json::to_string(spec).unwrap());
    command
}
