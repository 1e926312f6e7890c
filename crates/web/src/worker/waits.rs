//! Requests that wait until their event is processed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tollgate_models::events::Status;

type Waiting = HashMap<String, Vec<oneshot::Sender<Status>>>;

/// Who waits for which event; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Waits(Arc<Inner>);

#[derive(Default)]
struct Inner {
    // So that a worker need not lock anything while nobody waits, which is the rule.
    count: AtomicUsize,
    waiting: Mutex<Waiting>,
}

/// One wait; it ends when it is dropped.
pub(crate) struct Wait {
    waits: Waits,
    event_id: String,
    /// Answers how the event's next attempt in this process ended.
    pub(crate) ended: oneshot::Receiver<Status>,
}

impl Waits {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to wait for an event's next attempt.
    pub(crate) fn begin(&self, event_id: &str) -> Wait {
        let (sender, ended) = oneshot::channel();
        self.0.count.fetch_add(1, Ordering::SeqCst);
        self.lock().entry(event_id.to_owned()).or_default().push(sender);
        Wait { waits: self.clone(), event_id: event_id.to_owned(), ended }
    }

    /// Tells everybody who waits for an event how an attempt on it ended.
    pub(super) fn tell<'a>(&self, ended: impl Iterator<Item = (&'a str, Status)>) {
        if self.0.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut waiting = self.lock();
        for (event_id, status) in ended {
            for sender in waiting.remove(event_id).unwrap_or_default() {
                if sender.send(status).is_err() {
                    tracing::trace!(event_id, "nobody waits for the event any more");
                }
            }
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.ended.close();
        let mut waiting = self.waits.lock();
        if let Some(senders) = waiting.get_mut(&self.event_id) {
            senders.retain(|sender| !sender.is_closed());
            if senders.is_empty() {
                waiting.remove(&self.event_id);
            }
        }
        drop(waiting);
        self.waits.0.count.fetch_sub(1, Ordering::SeqCst);
    }
}
