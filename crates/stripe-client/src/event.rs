//! Events: the envelope that decides what happens to a delivery, and the whole event for those who need it.

mod carrier;
mod envelope;
mod lenient;
mod owned;

pub use carrier::unwrapped;
pub use envelope::{Envelope, Kind, RelatedObject};
pub use owned::Event;

/// Why a body is not an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The body is empty.
    #[error("the body is empty")]
    Empty,
    /// The body is not UTF-8, which JSON must be.
    #[error("the body is not UTF-8 text")]
    NotUtf8,
    /// The body is not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// A field that every event has is absent or of the wrong type.
    #[error("the body is not an event: {0} is missing or of the wrong type")]
    Field(&'static str),
    /// The body says that it is something else.
    #[error("the body is not an event but an object of kind {0:?}")]
    NotAnEvent(String),
    /// The event is of the other kind.
    #[error("the body is a {found} event where a {expected} event is expected; {}", .found.advice())]
    WrongKind {
        /// What was asked for.
        expected: Kind,
        /// What the body is.
        found: Kind,
    },
}
