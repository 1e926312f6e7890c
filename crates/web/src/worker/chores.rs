//! Work beside the events that only one process does at a time: replays of many events, retention, what is due of endpoints.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tollgate_models::{Error, Lane, leases, replays};
use uuid::Uuid;

use super::Shared;
use super::endpoint_chores::EndpointChores;
use super::upkeep::Upkeep;
use crate::replay;

/// The name of the lease.
pub(super) const LEASE: &str = "chores";
/// How long a process has it, in milliseconds, unless it takes it longer.
pub(super) const LEASE_FOR: i64 = 30_000;
/// How often work is looked for that nobody announced.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Does chores until the process stops.
pub(super) fn run(shared: &Arc<Shared>) {
    let holder = format!("{}-{}", std::process::id(), Uuid::new_v4().simple());
    let mut endpoints = EndpointChores::default();
    let mut upkeep = Upkeep::new(&shared.keep);
    while !shared.stopping.load(Ordering::Relaxed) {
        if let Err(error) = endpoints.look(shared, &holder) {
            tracing::warn!(%error, "could not look after endpoints; trying again");
        }
        let worked = work(shared, &holder).and_then(|worked| match worked {
            true => Ok(Some(Duration::ZERO)),
            false => upkeep.step(shared, &holder),
        });
        let worked = worked.unwrap_or_else(|error| {
            tracing::warn!(%error, "could not do the work beside the events; trying again");
            None
        });
        shared.chores_alarm.wait(worked.unwrap_or(LOOK_EVERY));
    }
    let given_back = shared.database.write(Lane::Ordinary, |conn| leases::give_back(conn, LEASE, &holder));
    if let Err(error) = given_back {
        tracing::debug!(%error, "could not give the chores back; others take them when the lease ends");
    }
}

// Whether there is more to do at once.
fn work(shared: &Shared, holder: &str) -> Result<bool, Error> {
    let Some(replay) = shared.database.read(replays::next_running)? else { return Ok(false) };
    if !hold_lease(shared, holder)? {
        return Ok(false);
    }
    replay::step(&shared.database, &shared.clock, &replay)?;
    shared.alarm.ring();
    shared.told.ring();
    Ok(true)
}

/// Takes the lease, or holds it longer; whether this process has it.
pub(super) fn hold_lease(shared: &Shared, holder: &str) -> Result<bool, Error> {
    let now = shared.clock.now_millis();
    shared.database.write(Lane::Ordinary, |conn| leases::take(conn, LEASE, holder, now, now + LEASE_FOR))
}
