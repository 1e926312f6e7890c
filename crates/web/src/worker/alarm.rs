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

    /// Sleeps until it rings, for at most `longest`.
    pub(super) fn wait(&self, longest: Duration) {
        let (rung, bell) = &*self.0;
        let guard = rung.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut rung, _) =
            bell.wait_timeout_while(guard, longest, |rung| !*rung).unwrap_or_else(PoisonError::into_inner);
        *rung = false;
    }
}
