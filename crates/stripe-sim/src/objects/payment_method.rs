//! Payment methods: cards and bank accounts.

use serde_json::{Value, json};

use super::{Made, no_address};
use crate::cards::{self, TestMethod};

/// What the holder is known by where nothing is given.
pub(crate) fn no_billing_details() -> Value {
    json!({ "address": no_address(), "email": null, "name": null, "phone": null, "tax_id": null })
}

/// A card that belongs to nobody yet.
pub(crate) fn card(made: Made, method: TestMethod, expires: (i64, i64), fingerprint: &str) -> Value {
    let shown = cards::shown(method, expires.0, expires.1, fingerprint);
    payment_method(made, "card", shown, method.number)
}

/// A bank account that belongs to nobody yet.
pub(crate) fn bank_account(made: Made, kind: &str, number: &str, fingerprint: &str) -> Value {
    let last4 = &number[number.len().saturating_sub(4)..];
    let shown = match kind {
        "sepa_debit" => json!({
            "bank_code": "19043", "branch_code": "", "country": number.get(..2), "fingerprint": fingerprint,
            "generated_from": { "charge": null, "setup_attempt": null }, "last4": last4,
        }),
        _ => json!({
            "account_holder_type": "individual", "account_type": "checking", "bank_name": "STRIPE TEST BANK",
            "financial_connections_account": null, "fingerprint": fingerprint, "last4": last4,
            "networks": { "preferred": "ach", "supported": ["ach"] }, "routing_number": "110000000",
            "status_details": null,
        }),
    };
    payment_method(made, kind, shown, number)
}

/// `number` tells what becomes of payments; it is noted and never shown.
fn payment_method(made: Made, kind: &str, shown: Value, number: &str) -> Value {
    json!({
        "id": made.id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": no_billing_details(),
        kind: shown,
        "created": made.created,
        "customer": null,
        "customer_account": null,
        "livemode": made.livemode,
        "metadata": {},
        "type": kind,
        "~number": number,
    })
}
