//! Customers.

use serde_json::{Value, json};

use super::Made;

/// A customer; `invoice_prefix` starts the numbers of its invoices.
pub(crate) fn customer(made: Made, invoice_prefix: &str) -> Value {
    json!({
        "id": made.id,
        "object": "customer",
        "address": null,
        "balance": 0,
        "created": made.created,
        "currency": null,
        "customer_account": null,
        "default_source": null,
        "delinquent": false,
        "description": null,
        "discount": null,
        "email": null,
        "invoice_prefix": invoice_prefix,
        "invoice_settings": {
            "custom_fields": null,
            "default_payment_method": null,
            "footer": null,
            "rendering_options": null,
        },
        "livemode": made.livemode,
        "metadata": {},
        "name": null,
        "next_invoice_sequence": 1,
        "phone": null,
        "preferred_locales": [],
        "shipping": null,
        "tax_exempt": "none",
        "test_clock": null,
    })
}
