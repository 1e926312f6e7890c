//! Builders of Stripe's objects in their current shape, one file each.
//!
//! A key that starts with `~` is the simulator's own note; rendering takes it away.

pub(crate) mod account;
pub(crate) mod balance_transaction;
pub(crate) mod billing_portal;
pub(crate) mod charge;
pub(crate) mod checkout_session;
pub(crate) mod coupon;
pub(crate) mod customer;
pub(crate) mod dispute;
pub(crate) mod invoice;
pub(crate) mod invoice_payment;
pub(crate) mod line_item;
pub(crate) mod payment_intent;
pub(crate) mod payment_method;
pub(crate) mod payout;
pub(crate) mod price;
pub(crate) mod product;
pub(crate) mod refund;
pub(crate) mod setup_intent;
pub(crate) mod subscription;
pub(crate) mod tax_rate;
pub(crate) mod test_clock;

use serde_json::{Value, json};

/// What most objects are made with.
#[derive(Clone, Copy)]
pub(crate) struct Made<'a> {
    pub(crate) id: &'a str,
    /// Unix seconds.
    pub(crate) created: i64,
    pub(crate) livemode: bool,
}

/// An address with nothing filled in.
pub(crate) fn no_address() -> Value {
    json!({ "city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null })
}

/// A list inside an object.
pub(crate) fn list(data: Vec<Value>, url: String) -> Value {
    json!({ "object": "list", "data": data, "has_more": false, "url": url })
}

/// The text of a field; empty when there is none.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number of a field; zero when there is none.
pub(crate) fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}
