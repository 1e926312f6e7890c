//! Events that a cloud's event bus delivers: Stripe's own event lies within the bus's envelope.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::EnvelopeError;

/// Returns the bytes of Stripe's event within an envelope of Amazon EventBridge (`detail`) or, as CloudEvents, of
/// Azure Event Grid (`data`). An event without such an envelope is returned as it is.
///
/// Such events carry no signature of Stripe: whoever takes them must know the sender otherwise.
///
/// ```
/// use tollgate_stripe_client::event::{unwrapped, Envelope};
/// let body = br#"{"version": "0", "source": "aws.partner/stripe.com/ed_1", "detail-type": "invoice.paid",
///     "detail": {"id": "evt_1", "object": "event", "type": "invoice.paid", "created": 1700000000}}"#;
/// assert_eq!(Envelope::parse(unwrapped(body)?)?.id, "evt_1");
/// # Ok::<(), tollgate_stripe_client::EnvelopeError>(())
/// ```
///
/// # Errors
/// When the body is not JSON, or neither an event nor one of these envelopes.
pub fn unwrapped(body: &[u8]) -> Result<&[u8], EnvelopeError> {
    if body.is_empty() {
        return Err(EnvelopeError::Empty);
    }
    let text = str::from_utf8(body).map_err(|_| EnvelopeError::NotUtf8)?;
    let outer: Outer<'_> = serde_json::from_str(text).map_err(|error| EnvelopeError::NotJson(error.to_string()))?;
    match outer {
        Outer { object: Some(_), .. } => Ok(body),
        Outer { detail_type: Some(_), detail: Some(event), .. } => Ok(event.get().as_bytes()),
        Outer { specversion: Some(_), data: Some(event), .. } => Ok(event.get().as_bytes()),
        _ => Err(EnvelopeError::Field("object")),
    }
}

#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow, rename = "detail-type")]
    detail_type: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(borrow)]
    specversion: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}
