//! A whole event, owned: a snapshot event, or a thin one with its object put in.

use serde_json::{Map, Value, json};

use super::{Envelope, EnvelopeError, Kind};

/// An event with its object, with its fields in Stripe's order.
///
/// A snapshot event is as Stripe wrote it. A thin event names its object only, so it becomes one of these when the
/// object has been fetched: see [`hydrated`](Self::hydrated).
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

    /// Puts the object that was fetched for a thin event into its notification, as `data.object`; `None` stands for an
    /// event that has no object, or whose object cannot be had any more.
    ///
    /// ```
    /// use tollgate_stripe_client::Event;
    /// let notification = br#"{"id":"evt_1","object":"v2.core.event","created":"2026-10-28T12:00:00Z",
    ///     "type":"v1.customer.created","related_object":{"id":"cus_1","url":"/v1/customers/cus_1"}}"#;
    /// let event = Event::hydrated(notification, Some(serde_json::json!({"id": "cus_1", "object": "customer"})))?;
    /// assert_eq!((event.type_(), &event.data_object()["id"]), ("v1.customer.created", &"cus_1".into()));
    /// # Ok::<(), tollgate_stripe_client::EnvelopeError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Envelope::parse`]; [`EnvelopeError::WrongKind`] for a snapshot event.
    pub fn hydrated(notification: &[u8], object: Option<Value>) -> Result<Self, EnvelopeError> {
        let created = Envelope::parse(notification)?.require(Kind::Thin)?.created;
        let mut value: Value =
            serde_json::from_slice(notification).map_err(|error| EnvelopeError::NotJson(error.to_string()))?;
        // What Stripe tells in `data` of an event of version 2 stays beside the object.
        if !value["data"].is_object() {
            value["data"] = json!({});
        }
        value["data"]["object"] = object.unwrap_or_default();
        Ok(Self { value, created })
    }

    /// Snapshot or thin.
    pub fn kind(&self) -> Kind {
        if self.text("object") == Some("v2.core.event") { Kind::Thin } else { Kind::Snapshot }
    }

    /// `evt_…`.
    pub fn id(&self) -> &str {
        self.text("id").unwrap_or_default()
    }

    /// The type, such as `invoice.paid`, or `v1.invoice.paid` of a thin event.
    pub fn type_(&self) -> &str {
        self.text("type").unwrap_or_default()
    }

    /// When it was created, in unix seconds.
    pub fn created(&self) -> i64 {
        self.created
    }

    /// The version the object is written in; thin events have none.
    pub fn api_version(&self) -> Option<&str> {
        self.text("api_version")
    }

    /// The connected account it comes from, as snapshot events tell it.
    pub fn account(&self) -> Option<&str> {
        self.text("account")
    }

    /// What to send back as `Stripe-Context` when asking about it; of a thin event the connected account.
    pub fn context(&self) -> Option<&str> {
        self.text("context")
    }

    /// Whether it is about live money.
    pub fn livemode(&self) -> bool {
        self.value["livemode"].as_bool().unwrap_or_default()
    }

    /// The request that caused it, if one did.
    pub fn request_id(&self) -> Option<&str> {
        let request = self.value.pointer("/reason/request").unwrap_or(&self.value["request"]);
        request["id"].as_str().or(request.as_str())
    }

    /// The object as it was when the event was created, or when it was fetched for a thin event; `null` when the event
    /// has none.
    pub fn data_object(&self) -> &Value {
        self.value.pointer("/data/object").unwrap_or(&NULL)
    }

    /// What the changed fields were before, on `*.updated` events; thin events do not say.
    pub fn previous_attributes(&self) -> Option<&Map<String, Value>> {
        let previous = self.value.pointer("/data/previous_attributes").and_then(Value::as_object);
        previous.filter(|_| self.kind() == Kind::Snapshot)
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
