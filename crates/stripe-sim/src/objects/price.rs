//! Prices, and the plan that subscriptions still show beside them.

use serde_json::{Value, json};

use super::Made;

/// What a price asks for.
pub(crate) struct Terms<'a> {
    pub(crate) product: &'a str,
    pub(crate) currency: &'a str,
    /// In minor units.
    pub(crate) unit_amount: i64,
    /// `day`, `week`, `month` or `year`, and how many; none for a single payment.
    pub(crate) interval: Option<(&'a str, i64)>,
}

/// A price for each unit.
pub(crate) fn price(made: Made, terms: &Terms) -> Value {
    let recurring = terms.interval.map(|(interval, count)| {
        json!({
            "interval": interval,
            "interval_count": count,
            "meter": null,
            "trial_period_days": null,
            "usage_type": "licensed",
        })
    });
    json!({
        "id": made.id,
        "object": "price",
        "active": true,
        "billing_scheme": "per_unit",
        "created": made.created,
        "currency": terms.currency,
        "custom_unit_amount": null,
        "livemode": made.livemode,
        "lookup_key": null,
        "metadata": {},
        "nickname": null,
        "product": terms.product,
        "recurring": recurring,
        "tax_behavior": "unspecified",
        "tiers_mode": null,
        "transform_quantity": null,
        "type": if terms.interval.is_some() { "recurring" } else { "one_time" },
        "unit_amount": terms.unit_amount,
        "unit_amount_decimal": terms.unit_amount.to_string(),
    })
}

/// The plan of a recurring price.
pub(crate) fn plan(price: &Value) -> Value {
    json!({
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"],
        "livemode": price["livemode"],
        "metadata": price["metadata"],
        "meter": null,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": null,
        "transform_usage": null,
        "trial_period_days": null,
        "usage_type": "licensed",
    })
}
