//! Work beside the events that only one process does at a time: replays of many events, retention, what is due of endpoints.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tollgate_models::{Error, replays};

use super::Shared;
use super::endpoint_chores::EndpointChores;
use super::upkeep::Upkeep;
use crate::lease::Lease;
use crate::replay;

/// The name of the lease.
const LEASE: &str = "chores";
/// How long a process has it, in milliseconds, unless it takes it longer.
const LEASE_FOR: i64 = 30_000;
/// How often work is looked for that nobody announced.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Does chores until the process stops.
pub(super) fn run(shared: &Arc<Shared>) {
    let lease = Lease::new(LEASE, LEASE_FOR);
    let mut endpoints = EndpointChores::default();
    let mut upkeep = Upkeep::new(&shared.keep);
    while !shared.stopping.load(Ordering::Relaxed) {
        if let Err(error) = endpoints.look(shared, &lease) {
            tracing::warn!(%error, "could not look after endpoints; trying again");
        }
        let worked = work(shared, &lease).and_then(|worked| match worked {
            true => Ok(Some(Duration::ZERO)),
            false => upkeep.step(shared, &lease),
        });
        let worked = worked.unwrap_or_else(|error| {
            tracing::warn!(%error, "could not do the work beside the events; trying again");
            None
        });
        shared.chores_alarm.wait(worked.unwrap_or(LOOK_EVERY));
    }
    lease.give_back(&shared.database);
}

// Whether there is more to do at once.
fn work(shared: &Shared, lease: &Lease) -> Result<bool, Error> {
    let Some(replay) = shared.database.read(replays::next_running)? else { return Ok(false) };
    if !lease.hold(&shared.database, &shared.clock)? {
        return Ok(false);
    }
    replay::step(&shared.database, &shared.clock, &replay)?;
    shared.alarm.ring();
    shared.told.ring();
    Ok(true)
}
