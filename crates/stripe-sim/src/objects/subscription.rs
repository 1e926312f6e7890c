//! Subscriptions and their items.

use serde_json::{Value, json};

use super::price::plan;
use super::{Made, list};

/// A stretch of time in unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// What a subscription is made of.
pub(crate) struct Parts<'a> {
    pub(crate) customer: &'a str,
    pub(crate) payment_method: &'a str,
    pub(crate) item: &'a str,
    pub(crate) price: &'a Value,
    pub(crate) period: Period,
    /// Whether the first period is a trial.
    pub(crate) trial: bool,
}

/// A subscription to one price, `active` or `trialing`.
pub(crate) fn subscription(made: Made, parts: &Parts) -> Value {
    let trial = parts.trial.then_some(parts.period);
    let items_url = format!("/v1/subscription_items?subscription={}", made.id);
    json!({
        "id": made.id,
        "object": "subscription",
        "application": null,
        "application_fee_percent": null,
        "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
        "billing_cycle_anchor": if parts.trial { parts.period.end } else { parts.period.start },
        "billing_cycle_anchor_config": null,
        "billing_mode": { "flexible": { "proration_discounts": "included" }, "type": "flexible" },
        "billing_schedules": [],
        "billing_thresholds": null,
        "cancel_at": null,
        "cancel_at_period_end": false,
        "canceled_at": null,
        "cancellation_details": { "comment": null, "feedback": null, "reason": null },
        "collection_method": "charge_automatically",
        "created": made.created,
        "currency": parts.price["currency"],
        "customer": parts.customer,
        "customer_account": null,
        "days_until_due": null,
        "default_payment_method": parts.payment_method,
        "default_source": null,
        "default_tax_rates": [],
        "description": null,
        "discounts": [],
        "ended_at": null,
        "invoice_settings": { "account_tax_ids": null, "issuer": { "type": "self" } },
        "items": list(vec![item(made, parts)], items_url),
        "latest_invoice": null,
        "livemode": made.livemode,
        "metadata": {},
        "next_pending_invoice_item_invoice": null,
        "on_behalf_of": null,
        "pause_collection": null,
        "payment_settings": {
            "payment_method_options": null,
            "payment_method_types": null,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": null,
        "pending_setup_intent": null,
        "pending_update": null,
        "schedule": null,
        "start_date": made.created,
        "status": if parts.trial { "trialing" } else { "active" },
        "test_clock": null,
        "transfer_data": null,
        "trial_end": trial.map(|trial| trial.end),
        "trial_settings": { "end_behavior": { "missing_payment_method": "create_invoice" } },
        "trial_start": trial.map(|trial| trial.start),
    })
}

fn item(made: Made, parts: &Parts) -> Value {
    json!({
        "id": parts.item,
        "object": "subscription_item",
        "billing_thresholds": null,
        "created": made.created,
        "current_period_end": parts.period.end,
        "current_period_start": parts.period.start,
        "discounts": [],
        "metadata": {},
        "plan": plan(parts.price),
        "price": parts.price,
        "quantity": 1,
        "subscription": made.id,
        "tax_rates": [],
    })
}

/// Moves every item to a period.
pub(crate) fn set_period(subscription: &mut Value, period: Period) {
    for item in subscription["items"]["data"].as_array_mut().into_iter().flatten() {
        item["current_period_start"] = json!(period.start);
        item["current_period_end"] = json!(period.end);
    }
}

/// Changes what the first item is billed by.
pub(crate) fn set_price(subscription: &mut Value, price: &Value) {
    if let Some(item) = subscription["items"]["data"].get_mut(0) {
        item["plan"] = plan(price);
        item["price"] = price.clone();
    }
}
