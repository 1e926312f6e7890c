//! Events as Stripe sends them, and their signatures.

use bytes::Bytes;
use serde_json::{Value, json};
use tollgate::stripe::{WebhookSecret, webhook};

/// The endpoint that every database under proof has.
pub const ENDPOINT: &str = "5f1c1f8e-4f0a-4f0e-9c39-1d2b7c1f0a11";
/// Where deliveries go.
pub const PATH: &str = "/stripe/webhooks/5f1c1f8e-4f0a-4f0e-9c39-1d2b7c1f0a11";
/// The endpoint's signing secret.
pub const SECRET: &str = "whsec_proof_quietRiversRunFar";

/// An event ready to be sent, but for the signature.
#[derive(Clone, Debug)]
pub struct Payload {
    pub id: String,
    pub body: Bytes,
}

impl Payload {
    pub fn new(event: &Value) -> Self {
        Self { id: event["id"].as_str().unwrap().to_owned(), body: Bytes::from(event.to_string()) }
    }
}

/// An event about a customer, with `created` in unix seconds.
pub fn event(id: &str, event_type: &str, customer: &str, created: i64) -> Value {
    json!({
        "id": id, "object": "event", "api_version": "2026-10-28.endive", "created": created, "livemode": false,
        "pending_webhooks": 1, "request": { "id": "req_1", "idempotency_key": null }, "type": event_type,
        "data": { "object": {
            "id": customer, "object": "customer", "created": 1_700_000_000, "livemode": false,
            "email": format!("{customer}@example.com"), "name": id, "metadata": {},
        } },
    })
}

/// The signature header of a body, made at a time in unix seconds.
pub fn sign_at(seconds: i64, body: &[u8]) -> String {
    webhook::sign(&WebhookSecret::parse(SECRET).unwrap(), seconds, body)
}
