//! A whole snapshot event, owned.

use serde_json::{Map, Value};

use super::{Envelope, EnvelopeError, Kind};

/// A snapshot event as Stripe wrote it, with its fields in Stripe's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    value: Value,
    created: i64,
}

static NULL: Value = Value::Null;

impl Event {
    /// Reads a snapshot event from a raw body.
    ///
    /// # Errors
    /// Those of [`Envelope::parse`]; [`EnvelopeError::WrongKind`] for a thin event.
    pub fn parse(body: &[u8]) -> Result<Self, EnvelopeError> {
        let created = Envelope::parse(body)?.require(Kind::Snapshot)?.created;
        let value = serde_json::from_slice(body).map_err(|error| EnvelopeError::NotJson(error.to_string()))?;
        Ok(Self { value, created })
    }

    /// Takes a snapshot event that is already a value, such as an answer of the API.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse).
    pub fn from_value(value: Value) -> Result<Self, EnvelopeError> {
        let created = Envelope::parse(value.to_string().as_bytes())?.require(Kind::Snapshot)?.created;
        Ok(Self { value, created })
    }

    /// `evt_…`.
    pub fn id(&self) -> &str {
        self.text("id").unwrap_or_default()
    }

    /// The type, such as `invoice.paid`.
    pub fn type_(&self) -> &str {
        self.text("type").unwrap_or_default()
    }

    /// When it was created, in unix seconds.
    pub fn created(&self) -> i64 {
        self.created
    }

    /// The version the object is written in.
    pub fn api_version(&self) -> Option<&str> {
        self.text("api_version")
    }

    /// The connected account it comes from.
    pub fn account(&self) -> Option<&str> {
        self.text("account")
    }

    /// Whether it is about live money.
    pub fn livemode(&self) -> bool {
        self.value["livemode"].as_bool().unwrap_or_default()
    }

    /// The request that caused it, if one did.
    pub fn request_id(&self) -> Option<&str> {
        let request = &self.value["request"];
        request["id"].as_str().or(request.as_str())
    }

    /// The object as it was when the event was created; `null` when the event has none.
    pub fn data_object(&self) -> &Value {
        self.value.pointer("/data/object").unwrap_or(&NULL)
    }

    /// What the changed fields were before, on `*.updated` events.
    pub fn previous_attributes(&self) -> Option<&Map<String, Value>> {
        self.value.pointer("/data/previous_attributes").and_then(Value::as_object)
    }

    /// The whole event.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The whole event, given away.
    pub fn into_value(self) -> Value {
        self.value
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.value[name].as_str()
    }
}
