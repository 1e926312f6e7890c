//! What a handler gets that runs after the commit.

use serde::de::DeserializeOwned;
use serde_json::Value;
use tollgate_stripe_client::Event;

use crate::Db;

/// One attempt of a task: the event that it follows, and what it needs to do its work once.
#[derive(Clone)]
pub struct Task {
    pub(crate) event: Event,
    pub(crate) account: Option<String>,
    pub(crate) payload: Value,
    pub(crate) attempt: i32,
    pub(crate) idempotency_key: String,
    pub(crate) db: Db,
}

impl Task {
    /// The event that it follows. For `tollgate.event.dead` and `tollgate.task.dead` it is one that tells what died and why.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The account that the event belongs to.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// The event's object, read into a type of the application's.
    ///
    /// # Errors
    /// When the object does not fit the type.
    pub fn object<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(self.event.data_object())
    }

    /// What [`Context::enqueue`](super::Context::enqueue) was given, read into a type of the application's.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&self.payload)
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> i32 {
        self.attempt
    }

    /// A key that is the same at each attempt: for calls to others that must have one effect.
    pub fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }
}
