//! Works backfills off in the background; one process at a time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tollgate_models::syncs;

use super::Shared;
use crate::Error;
use crate::sync::Runner;

/// How often it is looked whether there is a backfill to work off.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Works off what there is until the process stops.
pub(super) fn run(shared: &Arc<Shared>) {
    while !shared.stopping.load(Ordering::Relaxed) {
        match look(shared) {
            Ok(true) => {}
            Ok(false) => drop(shared.syncs_alarm.wait(LOOK_EVERY)),
            Err(error) => {
                tracing::warn!(%error, "could not go on with a backfill; trying again");
                shared.syncs_alarm.wait(LOOK_EVERY);
            }
        }
    }
}

// Whether one came to its end: there may be another.
fn look(shared: &Shared) -> Result<bool, Error> {
    let Some(sync) = shared.database.read(syncs::next_running)? else { return Ok(false) };
    let runner =
        Runner { database: shared.database.clone(), stripe: shared.stripe.clone(), clock: shared.clock.clone() };
    let ended = runner.run(sync.id, || !shared.stopping.load(Ordering::Relaxed), |_| {})?;
    // What was stored may refer to what has to be fetched.
    shared.truth_alarm.ring();
    Ok(ended)
}
