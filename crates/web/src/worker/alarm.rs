//! The alarm that wakes workers when there may be something to do.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Rings for one sleeping worker at least; cheap to clone and to ring.
#[derive(Clone, Default)]
pub(crate) struct Alarm(Arc<(Mutex<bool>, Condvar)>);

impl Alarm {
    /// Wakes the workers, or the next one that would go to sleep.
    pub(crate) fn ring(&self) {
        let (rung, bell) = &*self.0;
        *rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        bell.notify_all();
    }

    /// Sleeps until it rings, for at most `longest`; whether it rang.
    pub(super) fn wait(&self, longest: Duration) -> bool {
        let (rung, bell) = &*self.0;
        let guard = rung.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut rung, _) =
            bell.wait_timeout_while(guard, longest, |rung| !*rung).unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *rung, false)
    }
}

/// Rings when there are new events: for the workers of this process, and for those of others.
#[derive(Clone)]
pub(crate) struct Announcement {
    pub(super) here: Alarm,
    pub(super) told: Alarm,
}

impl Announcement {
    /// Wakes workers here and elsewhere.
    pub(crate) fn ring(&self) {
        self.here.ring();
        self.told.ring();
    }
}
