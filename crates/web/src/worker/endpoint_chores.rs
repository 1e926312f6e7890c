//! Chores about endpoints: those whose place another has taken are deleted, secrets that ended long ago are removed, what came
//! by the shadows of upgrades alone is taken in, and swaps that were interrupted are finished.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tollgate_models::{Error, endpoints};

use super::Shared;
use crate::endpoints::{Background, SECRET_KEPT, upgrade};
use crate::lease::Lease;

/// How often it is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How soon an endpoint is looked at again that could not be retired: Stripe is asked each time.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// When to look next.
#[derive(Default)]
pub(super) struct EndpointChores {
    next: Option<Instant>,
}

impl EndpointChores {
    /// Does what is due, if it is time to look, and if no other process does it.
    pub(super) fn look(&mut self, shared: &Shared, lease: &Lease) -> Result<(), Error> {
        let now = Instant::now();
        if self.next.is_some_and(|next| now < next) {
            return Ok(());
        }
        self.next = Some(now + LOOK_EVERY);
        if !is_due(shared)? || !lease.hold(&shared.database, &shared.clock)? {
            return Ok(());
        }
        let background = Background { database: &shared.database, clock: &shared.clock, stripe: &shared.stripe };
        background.remove_ended_secrets()?;
        let go_on = || Ok(!shared.stopping.load(Ordering::Relaxed) && lease.hold(&shared.database, &shared.clock)?);
        if upgrade::settle(&shared.database, &shared.clock, go_on)? > 0 {
            shared.alarm.ring();
            shared.told.ring();
        }
        let unfinished = background.finish_swaps(go_on)?;
        if background.retire_due(go_on)?.waiting + unfinished > 0 {
            self.next = Some(now + AGAIN_AFTER);
        }
        Ok(())
    }
}

fn is_due(shared: &Shared) -> Result<bool, Error> {
    let now = shared.clock.now_millis();
    shared.database.read(|conn| -> Result<bool, Error> {
        let retire = !endpoints::due_to_retire(conn, now)?.is_empty();
        let ended = !endpoints::ended_secrets(conn, now - SECRET_KEPT)?.is_empty();
        Ok(retire || ended || upgrade::is_due(conn, now)? || upgrade::is_interrupted(conn, now)?)
    })
}
