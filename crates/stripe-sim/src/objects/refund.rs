//! Refunds.

use serde_json::{Value, json};

use super::Made;

/// A refund of a card charge, which succeeds at once.
pub(crate) fn refund(made: Made, charge: &Value, amount: i64, reason: Option<&str>, balance: &str) -> Value {
    json!({
        "id": made.id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": balance,
        "charge": charge["id"],
        "created": made.created,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": null,
        "destination_details": {
            "card": { "reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund" },
            "type": "card",
        },
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": null,
        "source_transfer_reversal": null,
        "status": "succeeded",
        "transfer_reversal": null,
    })
}
