//! A good answer with what came beside it.

use std::fmt;

use serde_json::Value;

use crate::object::Object;

/// What Stripe answered; `Debug` shows the object's id alone, since some answers hold secrets.
#[derive(Clone, PartialEq)]
pub struct Reply {
    /// The answer, with its fields in Stripe's order.
    pub value: Value,
    /// Stripe's id of the request (`req_…`), to find it in the dashboard.
    pub request_id: Option<String>,
    /// Whether this is the answer to an earlier request with the same idempotency key: nothing was done this time.
    pub replayed: bool,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("id", &self.value.id())
            .field("request_id", &self.request_id)
            .field("replayed", &self.replayed)
            .finish_non_exhaustive()
    }
}
