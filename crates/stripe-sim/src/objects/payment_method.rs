//! Payment methods: cards.

use serde_json::{Value, json};

use super::{Made, no_address};

/// A card as the business's customers hold them.
#[derive(Clone, Copy)]
pub(crate) struct Card {
    pub(crate) brand: &'static str,
    pub(crate) last4: &'static str,
}

/// A card that belongs to a customer.
pub(crate) fn payment_method(made: Made, customer: &Value, card: Card, fingerprint: &str) -> Value {
    json!({
        "id": made.id,
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {
            "address": no_address(),
            "email": customer["email"],
            "name": customer["name"],
            "phone": null,
            "tax_id": null,
        },
        "card": {
            "brand": card.brand,
            "checks": { "address_line1_check": null, "address_postal_code_check": "pass", "cvc_check": "pass" },
            "country": "US",
            "display_brand": card.brand,
            "exp_month": 8,
            "exp_year": 2031,
            "fingerprint": fingerprint,
            "funding": "credit",
            "generated_from": null,
            "last4": card.last4,
            "networks": { "available": [card.brand], "preferred": null },
            "regulated_status": "unregulated",
            "three_d_secure_usage": { "supported": true },
            "wallet": null,
        },
        "created": made.created,
        "customer": customer["id"],
        "customer_account": null,
        "livemode": made.livemode,
        "metadata": {},
        "type": "card",
    })
}
