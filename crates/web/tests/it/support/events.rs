//! Events as Stripe sends them, and their signatures.

use serde_json::{Value, json};
use tollgate::stripe::WebhookSecret;
use tollgate::stripe::webhook;

use super::SECONDS;

/// An event's JSON.
pub type Payload = Value;

/// An event about a customer whose name tells which event it came from.
pub fn event(id: &str, event_type: &str) -> Payload {
    json!({
        "id": id, "object": "event", "api_version": "2026-10-28.endive", "created": SECONDS, "livemode": false,
        "pending_webhooks": 1, "request": { "id": "req_1", "idempotency_key": null }, "type": event_type,
        "data": { "object": {
            "id": format!("cus_{id}"), "object": "customer", "created": 1_700_000_000, "livemode": false,
            "email": format!("{id}@example.com"), "name": id, "metadata": {},
        } },
    })
}

/// The signature header of a body, made at a time in unix seconds.
pub fn sign_at(secret: &str, seconds: i64, body: &[u8]) -> String {
    webhook::sign(&WebhookSecret::parse(secret).unwrap(), seconds, body)
}
