//! Proofs of what Tollgate promises: real servers are killed, starved, flooded and lied to, and afterwards everything is
//! counted. `docs/reliability.md` says which claim each of them is for.
//!
//! The same program is the runner and, when a variable says so, the server under proof.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a proof that cannot go on fails")]

mod backlog;
mod clocks;
mod counts;
mod crowd;
mod disk;
mod form;
mod host;
mod hostile;
mod kills;
mod outages;
mod poison;
mod rig;
mod runner;
mod slow;
mod statements;
mod stops;
mod storm;

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::var(host::SPEC) {
        Ok(spec) => host::serve(&spec),
        Err(_) => runner::run(),
    }
}
