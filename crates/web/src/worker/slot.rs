//! What each worker is at just now, for the one that looks after all of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tollgate_models::events::Event;

/// A handler that runs.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) event: Event,
    pub(super) handler: String,
    pub(super) since: Instant,
    pub(super) reported: bool,
}

/// A worker's place: its name among all processes, and what it does.
#[derive(Debug)]
pub(super) struct Slot {
    /// The name that its claims go by.
    pub(super) name: String,
    running: Mutex<Option<Running>>,
    given_up: AtomicBool,
}

impl Slot {
    pub(super) fn new(name: String) -> Arc<Self> {
        Arc::new(Self { name, running: Mutex::default(), given_up: AtomicBool::new(false) })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A handler begins.
    pub(super) fn begin(&self, event: &Event, handler: &str) {
        let (event, handler) = (event.clone(), handler.to_owned());
        *self.lock() = Some(Running { event, handler, since: Instant::now(), reported: false });
    }

    /// The handler has ended.
    pub(super) fn end(&self) {
        *self.lock() = None;
    }

    /// The handler that has run for longer than that, if one has; the second value is whether this is news.
    pub(super) fn overdue(&self, longest: Duration) -> Option<(Running, bool)> {
        let mut running = self.lock();
        let running = running.as_mut().filter(|running| running.since.elapsed() > longest)?;
        let news = !std::mem::replace(&mut running.reported, true);
        Some((running.clone(), news))
    }

    /// The handler that has run for longer than that, if one has.
    pub(super) fn running_over(&self, longest: Duration) -> Option<Running> {
        self.lock().clone().filter(|running| running.since.elapsed() > longest)
    }

    /// Nobody counts on this worker any more: if its handler ever returns, the worker ends.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }
}
