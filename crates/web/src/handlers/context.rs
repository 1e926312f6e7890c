//! What a handler gets beside the event: the transaction, and what to do once it is committed.

use serde::de::DeserializeOwned;
use tollgate_models::AnyConnection;
use tollgate_stripe_client::Event;

/// A callback for after the commit.
pub(crate) type OnCommit = Box<dyn FnOnce() + Send>;

/// The surroundings of one run of a handler.
pub struct Context<'a> {
    conn: &'a mut AnyConnection,
    event: &'a Event,
    on_commit: &'a mut Vec<OnCommit>,
    handler: &'a str,
    attempt: i32,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        conn: &'a mut AnyConnection,
        event: &'a Event,
        on_commit: &'a mut Vec<OnCommit>,
        handler: &'a str,
        attempt: i32,
    ) -> Self {
        Self { conn, event, on_commit, handler, attempt }
    }

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

    /// The object of the event, read into a type of the application's.
    ///
    /// # Errors
    /// When the object does not fit the type.
    pub fn object<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(self.event.data_object())
    }

    /// Which attempt on the event this is, from 1.
    pub fn attempt(&self) -> i32 {
        self.attempt
    }

    /// A key that is the same whenever this handler runs for this event: for calls to others that must have one effect.
    pub fn idempotency_key(&self) -> String {
        format!("{}:{}", self.event.id(), self.handler)
    }
}
