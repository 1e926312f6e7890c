//! Fetches events that never arrived, by schedule or when somebody asks; one process at a time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tollgate_models::Lane;

use super::Shared;
use crate::Error;
use crate::audit::{self, Actor};
use crate::lease::Lease;
use crate::reconcile::{Report, Sweeper, schedule};

/// How long a process has the lease, in milliseconds; each page takes it anew.
const LEASE_FOR: i64 = 120_000;
/// How often it is looked whether a sweep is due.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Sweeps until the process stops.
pub(super) fn run(shared: &Arc<Shared>) {
    let lease = Lease::new(schedule::LEASE, LEASE_FOR);
    let now = shared.clock.now_millis();
    if let Err(error) = shared.database.write(Lane::Ordinary, |conn| schedule::note_start(conn, now)) {
        tracing::warn!(%error, "could not note when the first look for missed events is due");
    }
    while !shared.stopping.load(Ordering::Relaxed) {
        if let Err(error) = look(shared, &lease) {
            tracing::warn!(%error, "could not look for missed events; trying again");
        }
        shared.sweeps_alarm.wait(LOOK_EVERY);
    }
}

fn look(shared: &Shared, lease: &Lease) -> Result<(), Error> {
    let (now, every) = (shared.clock.now_millis(), shared.reconcile_every);
    if !shared.database.read(|conn| schedule::is_due(conn, every, now))? {
        return Ok(());
    }
    let begin = |conn: &mut _| schedule::begin(conn, every, lease, now);
    if !shared.database.write(Lane::Ordinary, begin)? {
        return Ok(());
    }
    let sweeper =
        Sweeper { database: shared.database.clone(), stripe: shared.stripe.clone(), clock: shared.clock.clone() };
    let swept = sweeper.run(None, |_| go_on(shared, lease));
    lease.give_back(&shared.database);
    tell(shared, &swept?)
}

// After each page: whether this process is still the one.
fn go_on(shared: &Shared, lease: &Lease) -> Result<(), Error> {
    let mine = !shared.stopping.load(Ordering::Relaxed) && lease.hold(&shared.database, &shared.clock)?;
    if mine {
        Ok(())
    } else {
        Err(Error::Conflict("the process stopped; the next look begins where this one did".to_owned()))
    }
}

fn tell(shared: &Shared, reports: &[Report]) -> Result<(), Error> {
    for report in reports {
        if let Some(error) = &report.error {
            tracing::warn!(account = report.account, %error, "could not look for all missed events");
        }
    }
    let missing: u64 = reports.iter().map(|report| report.missing).sum();
    if missing == 0 {
        return Ok(());
    }
    tracing::warn!(missing, "events had not arrived and were fetched from Stripe");
    shared.metrics.work().fetched(missing);
    shared.alarm.ring();
    shared.told.ring();
    let (now, detail) = (shared.clock.now_millis(), format!("{missing} were missing"));
    let note = |conn: &mut _| audit::record(conn, &Actor::schedule(), "events.reconciled", "events", &detail, now);
    Ok(shared.database.write(Lane::Ordinary, note)?)
}
