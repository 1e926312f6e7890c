//! Answers kept by idempotency key, so that a repeated call gets the first answer and does nothing.

use std::collections::HashMap;

use serde_json::Value;

use super::Scope;
use crate::failure::Failure;

/// The longest key that Stripe takes, in characters.
const LONGEST_KEY: usize = 255;

/// A kept answer: of a call that was carried out, whether it came to what was wanted or, like a declined card, did not.
#[derive(Clone)]
pub(crate) struct Reply {
    /// Method, path and parameters of the first call.
    pub(crate) fingerprint: String,
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) request_id: String,
}

/// The kept answers of every account and mode.
#[derive(Default)]
pub(crate) struct Replies(HashMap<(Scope, String), Reply>);

impl Replies {
    /// The answer to give again, if this key was used for this very call.
    pub(crate) fn find(&self, scope: &Scope, key: &str, fingerprint: &str) -> Result<Option<Reply>, Failure> {
        if key.chars().count() > LONGEST_KEY {
            let message = format!("Idempotency keys must be at most {LONGEST_KEY} characters long.");
            return Err(Failure::invalid(400, message).kind("idempotency_error"));
        }
        match self.0.get(&(scope.clone(), key.to_owned())) {
            Some(reply) if reply.fingerprint == fingerprint => Ok(Some(reply.clone())),
            Some(_) => {
                let message = format!(
                    "Keys for idempotent requests can only be used with the same parameters they were first used \
                     with. Try using a key other than '{key}' if you meant to execute a different request."
                );
                Err(Failure::invalid(400, message).kind("idempotency_error"))
            }
            None => Ok(None),
        }
    }

    pub(crate) fn keep(&mut self, scope: &Scope, key: &str, reply: Reply) {
        self.0.insert((scope.clone(), key.to_owned()), reply);
    }
}
