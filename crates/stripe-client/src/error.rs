//! What can go wrong in a call to Stripe, told to an operator.

mod api;
mod limited;

use std::time::Duration;

pub use api::ApiError;
pub use limited::Limited;

/// Why a call to Stripe did not succeed; no variant holds a key.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Stripe understood the request and refused it.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// No answer within the time-out; whether Stripe acted is unknown, so repeat with the same idempotency key.
    #[error("stripe did not answer in time; try again, or look at status.stripe.com")]
    Timeout,
    /// The connection could not be made or broke off, also within an answer.
    #[error("the connection to stripe failed: {0}")]
    Connect(String),
    /// The request budget had no room before the call's deadline; nothing was sent.
    #[error(
        "stripe's request limit left no room for this call within {:.1} s; try again later, or at a higher priority",
        .waited.as_secs_f64()
    )]
    NoRoom {
        /// How long the call waited.
        waited: Duration,
    },
    /// The answer is not JSON, as when a proxy or a maintenance page answers in Stripe's place.
    #[error("stripe answered {status} with something other than JSON{}: {excerpt}", of_request(.request_id))]
    NotJson {
        /// The HTTP status.
        status: u16,
        /// Stripe's id of the request, if the answer had one.
        request_id: Option<String>,
        /// The start of the answer, scrubbed.
        excerpt: String,
    },
    /// The answer is larger than 16 MiB.
    #[error("stripe's answer is larger than 16 MiB; ask for less at once")]
    TooLarge,
    /// A redirect, which is never followed, because the key would go along.
    #[error("stripe answered {status} with a redirect, which is not followed; check the API base URL")]
    Redirect {
        /// The HTTP status.
        status: u16,
    },
    /// The request cannot be sent as it is; nothing left this machine.
    #[error("the request to stripe is not valid: {0}")]
    InvalidRequest(String),
    /// A good answer lacks what it must have.
    #[error("stripe's answer was not understood: {0}")]
    Unexpected(String),
    /// There are more objects than the caller was ready to take.
    #[error("stripe has more than {cap} objects in this list; narrow the question")]
    TooMany {
        /// The number the caller set.
        cap: usize,
    },
}

impl Error {
    /// Stripe's own error, when Stripe refused the request.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }

    /// Stripe's id of the request, to quote to its support.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.request_id.as_deref(),
            Self::NotJson { request_id, .. } => request_id.as_deref(),
            _ => None,
        }
    }

    /// Whether the object asked for does not exist (any more).
    pub fn is_missing(&self) -> bool {
        self.api().is_some_and(ApiError::is_missing)
    }

    /// Whether the same request may well succeed later: time-outs, broken connections, limits, Stripe's own failures.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Timeout | Self::Connect(_) | Self::NoRoom { .. } => true,
            Self::NotJson { status, .. } => *status >= 500,
            Self::Api(error) => matches!(error.status, 409 | 424 | 429 | 500..),
            _ => false,
        }
    }
}

fn of_request(request_id: &Option<String>) -> String {
    request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ApiError, Error};

    #[test]
    fn only_what_may_pass_later_is_transient() {
        let not_json = |status| Error::NotJson { status, request_id: None, excerpt: "<html>".to_owned() };
        let api = |status| Error::Api(Box::new(ApiError { status, ..ApiError::default() }));
        let cases = [
            (Error::Timeout, true),
            (Error::Connect("refused".to_owned()), true),
            (Error::NoRoom { waited: Duration::ZERO }, true),
            (not_json(502), true),
            (not_json(200), false),
            (api(400), false),
            (api(401), false),
            (api(404), false),
            (api(409), true),
            (api(429), true),
            (api(503), true),
            (Error::TooLarge, false),
            (Error::Redirect { status: 302 }, false),
        ];
        for (error, expected) in cases {
            assert_eq!(error.is_transient(), expected, "{error}");
        }
    }

    #[test]
    fn the_request_id_is_part_of_the_text() {
        let error = Error::NotJson { status: 502, request_id: Some("req_1".to_owned()), excerpt: "<h1>".to_owned() };
        assert_eq!(error.to_string(), "stripe answered 502 with something other than JSON (request req_1): <h1>");
    }

    #[test]
    fn a_call_without_room_says_how_long_it_waited() {
        let text = Error::NoRoom { waited: Duration::from_millis(2_340) }.to_string();
        assert!(text.contains("no room for this call within 2.3 s"), "{text}");
    }
}
