//! Invoice payments: what joins an invoice to a payment intent since 2025-03-31.basil.

use serde_json::{Value, json};

use super::Made;

/// An open payment of the whole invoice.
pub(crate) fn invoice_payment(made: Made, invoice: &Value, payment_intent: &str) -> Value {
    json!({
        "id": made.id,
        "object": "invoice_payment",
        "amount_paid": null,
        "amount_requested": invoice["amount_due"],
        "created": made.created,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": true,
        "livemode": made.livemode,
        "payment": { "payment_intent": payment_intent, "type": "payment_intent" },
        "status": "open",
        "status_transitions": { "canceled_at": null, "paid_at": null },
    })
}

/// Marks it paid in full.
pub(crate) fn pay(payment: &mut Value, now: i64) {
    payment["amount_paid"] = payment["amount_requested"].clone();
    payment["status"] = json!("paid");
    payment["status_transitions"]["paid_at"] = json!(now);
}
