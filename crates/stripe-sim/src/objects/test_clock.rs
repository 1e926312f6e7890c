//! Test clocks.

use serde_json::{Value, json};

use super::Made;

/// When Stripe deletes a clock by itself, in seconds (<https://docs.stripe.com/billing/testing/test-clocks>).
const LIFE: i64 = 30 * 24 * 3600;

/// A clock that stands at a time of its own.
pub(crate) fn test_clock(made: Made, frozen_time: i64, name: Option<&str>) -> Value {
    json!({
        "id": made.id,
        "object": "test_helpers.test_clock",
        "created": made.created,
        "deletes_after": made.created + LIFE,
        "frozen_time": frozen_time,
        "livemode": made.livemode,
        "name": name,
        "status": "ready",
        "status_details": {},
    })
}
