//! Tax rates; the simulator keeps them and does not reckon with them.

use serde_json::{Value, json};

use super::Made;

/// A rate of so many per cent.
pub(crate) fn tax_rate(made: Made, percentage: &Value) -> Value {
    json!({
        "id": made.id,
        "object": "tax_rate",
        "active": true,
        "country": null,
        "created": made.created,
        "description": null,
        "display_name": "",
        "effective_percentage": null,
        "flat_amount": null,
        "inclusive": false,
        "jurisdiction": null,
        "jurisdiction_level": null,
        "livemode": made.livemode,
        "metadata": {},
        "percentage": percentage,
        "rate_type": "percentage",
        "state": null,
        "tax_type": null,
    })
}
