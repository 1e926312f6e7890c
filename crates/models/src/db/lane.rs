//! The write lane: on SQLite one writer at a time, and the intake of events goes first.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Error;

/// Who wants to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The intake of events: Stripe waits for the answer.
    Intake,
    /// The work on events that are stored: a power cut may lose it, since it is then done again. It is not synced to disk by
    /// its own commit but by the next one of another lane.
    Work,
    /// Everything else.
    Ordinary,
}

/// A turnstile before the single writer of SQLite; on PostgreSQL it stands open.
pub(super) struct WriteLane {
    single: bool,
    wait: Duration,
    busy: Mutex<bool>,
    free: Condvar,
    urgent: AtomicUsize,
}

/// The right to write; given back on drop.
pub(super) struct Turn<'a>(Option<&'a WriteLane>);

impl WriteLane {
    pub(super) fn new(single: bool, wait: Duration) -> Self {
        Self { single, wait, busy: Mutex::new(false), free: Condvar::new(), urgent: AtomicUsize::new(0) }
    }

    pub(super) fn wait(&self) -> Duration {
        self.wait
    }

    pub(super) fn urgent_waits(&self) -> bool {
        self.urgent.load(Ordering::Relaxed) > 0
    }

    pub(super) fn enter(&self, lane: Lane) -> Result<Turn<'_>, Error> {
        if !self.single {
            return Ok(Turn(None));
        }
        if lane == Lane::Intake {
            self.urgent.fetch_add(1, Ordering::Relaxed);
        }
        let (mut busy, timeout) = self
            .free
            .wait_timeout_while(self.lock(), self.wait, |busy| *busy || (lane != Lane::Intake && self.urgent_waits()))
            .unwrap_or_else(PoisonError::into_inner);
        if lane == Lane::Intake {
            self.urgent.fetch_sub(1, Ordering::Relaxed);
        }
        if timeout.timed_out() {
            return Err(Error::Unavailable("another write did not end in time".to_owned()));
        }
        *busy = true;
        Ok(Turn(Some(self)))
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(lane) = self.0 {
            *lane.lock() = false;
            lane.free.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn intake_goes_before_ordinary_writes() {
        let lane = WriteLane::new(true, Duration::from_secs(10));
        let (order, entered) = mpsc::channel();
        std::thread::scope(|scope| {
            let first = lane.enter(Lane::Ordinary).unwrap();
            let (lane, order) = (&lane, &order);
            scope.spawn(move || {
                let _turn = lane.enter(Lane::Intake).unwrap();
                order.send(Lane::Intake).unwrap();
            });
            while !lane.urgent_waits() {
                std::thread::yield_now();
            }
            scope.spawn(move || {
                let _turn = lane.enter(Lane::Ordinary).unwrap();
                order.send(Lane::Ordinary).unwrap();
            });
            drop(first);
        });
        assert_eq!(entered.try_iter().collect::<Vec<_>>(), [Lane::Intake, Lane::Ordinary]);
    }

    #[test]
    fn a_write_that_never_ends_is_reported_to_those_who_wait() {
        let lane = WriteLane::new(true, Duration::from_millis(10));
        let _held = lane.enter(Lane::Ordinary).unwrap();
        assert!(lane.enter(Lane::Intake).is_err_and(|error| error.is_unavailable()));
        assert!(!lane.urgent_waits());
    }
}
