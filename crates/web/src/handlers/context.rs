//! What a handler gets beside the event: the transaction, and what to do once it is committed.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tollgate_models::AnyConnection;
use tollgate_stripe_client::Event;

use super::{Handlers, Place};

/// A callback for after the commit.
pub(crate) type OnCommit = Box<dyn FnOnce() + Send>;

/// A task that a handler asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Enqueued {
    pub(crate) task: String,
    pub(crate) idempotency_key: String,
    pub(crate) payload: String,
}

/// The surroundings of one run of a handler.
pub struct Context<'a> {
    pub(crate) conn: &'a mut AnyConnection,
    pub(crate) event: &'a Event,
    pub(crate) account: Option<&'a str>,
    pub(crate) handlers: &'a Handlers,
    pub(crate) on_commit: &'a mut Vec<OnCommit>,
    pub(crate) enqueued: &'a mut Vec<Enqueued>,
    pub(crate) handler: &'a str,
    pub(crate) attempt: i32,
}

impl Context<'_> {
    /// The connection, inside the event's transaction: what is written here is committed together with the mirror and the
    /// event's status, or not at all. The host application's own tables work too.
    pub fn conn(&mut self) -> &mut AnyConnection {
        self.conn
    }

    /// Runs a callback after the transaction is committed, and never if it is rolled back. It is not durable: a process that
    /// dies in between loses it.
    pub fn on_commit(&mut self, callback: impl FnOnce() + Send + 'static) {
        self.on_commit.push(Box::new(callback));
    }

    /// Asks for a task that was registered by [`Handlers::task`] or [`Handlers::after_commit`], with what it needs to know. It
    /// is stored in the transaction, runs after the commit, and is not there if the transaction is rolled back.
    ///
    /// # Errors
    /// When no task has this name, or the payload is not to be had as JSON.
    pub fn enqueue(
        &mut self,
        task: &str,
        payload: impl Serialize,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let entry = self.handlers.find(task).filter(|entry| entry.place() == Place::AfterCommit);
        let entry = entry.ok_or_else(|| format!("there is no task {task:?}: register it with Handlers::task"))?;
        let payload = serde_json::to_string(&payload)?;
        let number = self.enqueued.len() + 1;
        let idempotency_key = format!("{}:{number}", self.idempotency_key());
        self.enqueued.push(Enqueued { task: entry.name.clone(), idempotency_key, payload });
        Ok(())
    }

    /// The object of the event, read into a type of the application's.
    ///
    /// # Errors
    /// When the object does not fit the type.
    pub fn object<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(self.event.data_object())
    }

    /// What the event changed in the object, as it was before; only for `*.updated` events.
    pub fn previous_attributes(&self) -> Option<&Map<String, Value>> {
        self.event.previous_attributes()
    }

    /// The account that the event belongs to: the connected one, or the endpoint's own.
    pub fn account(&self) -> Option<&str> {
        self.account
    }

    /// Which attempt on the event this is, from 1.
    pub fn attempt(&self) -> i32 {
        self.attempt
    }

    /// A key that is the same whenever this handler runs for this event: for calls to others that must have one effect.
    pub fn idempotency_key(&self) -> String {
        idempotency_key(self.event.id(), self.handler)
    }
}

/// The key of a handler's effects for an event.
pub(crate) fn idempotency_key(event_id: &str, handler: &str) -> String {
    format!("{event_id}:{handler}")
}
