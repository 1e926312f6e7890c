//! Subscriptions and their items.

use serde_json::{Value, json};

use super::price::plan;
use super::{Made, list, number, text};

/// A stretch of time in unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// What a subscription is made of; its items come later.
pub(crate) struct Parts<'a> {
    pub(crate) customer: &'a Value,
    pub(crate) currency: &'a str,
    pub(crate) payment_method: Option<&'a str>,
    /// When the first full period begins.
    pub(crate) anchor: i64,
    pub(crate) trial: Option<Period>,
    pub(crate) status: &'a str,
}

/// A subscription without items.
pub(crate) fn subscription(made: Made, parts: &Parts) -> Value {
    let items_url = format!("/v1/subscription_items?subscription={}", made.id);
    json!({
        "id": made.id,
        "object": "subscription",
        "application": null,
        "application_fee_percent": null,
        "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
        "billing_cycle_anchor": parts.anchor,
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
        "currency": parts.currency,
        "customer": parts.customer["id"],
        "customer_account": null,
        "days_until_due": null,
        "default_payment_method": parts.payment_method,
        "default_source": null,
        "default_tax_rates": [],
        "description": null,
        "discounts": [],
        "ended_at": null,
        "invoice_settings": { "account_tax_ids": null, "issuer": { "type": "self" } },
        "items": list(Vec::new(), items_url),
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
        "status": parts.status,
        "test_clock": parts.customer["test_clock"],
        "transfer_data": null,
        "trial_end": parts.trial.map(|trial| trial.end),
        "trial_settings": { "end_behavior": { "missing_payment_method": "create_invoice" } },
        "trial_start": parts.trial.map(|trial| trial.start),
    })
}

/// One price of a subscription.
pub(crate) fn item(made: Made, subscription: &str, price: &Value, quantity: i64, period: Period) -> Value {
    json!({
        "id": made.id,
        "object": "subscription_item",
        "billing_thresholds": null,
        "created": made.created,
        "current_period_end": period.end,
        "current_period_start": period.start,
        "discounts": [],
        "metadata": {},
        "plan": plan(price),
        "price": price,
        "quantity": quantity,
        "subscription": subscription,
        "tax_rates": [],
    })
}

/// The items of a subscription.
pub(crate) fn items(subscription: &Value) -> &[Value] {
    subscription["items"]["data"].as_array().map_or(&[], Vec::as_slice)
}

/// The period that a subscription is in, by its first item.
pub(crate) fn period(subscription: &Value) -> Period {
    let first = &subscription["items"]["data"][0];
    Period { start: number(first, "/current_period_start"), end: number(first, "/current_period_end") }
}

/// Moves every item to a period.
pub(crate) fn set_period(subscription: &mut Value, period: Period) {
    for item in subscription["items"]["data"].as_array_mut().into_iter().flatten() {
        item["current_period_start"] = json!(period.start);
        item["current_period_end"] = json!(period.end);
    }
}

/// Changes what an item is billed by.
pub(crate) fn set_price(item: &mut Value, price: &Value) {
    item["plan"] = plan(price);
    item["price"] = price.clone();
}

/// What one period of a price costs.
pub(crate) fn cost(price: &Value, quantity: i64) -> i64 {
    number(price, "/unit_amount").saturating_mul(quantity)
}

/// How long a period of a price is: the interval, and how many.
pub(crate) fn interval(price: &Value) -> (&str, i64) {
    (text(price, "/recurring/interval"), number(price, "/recurring/interval_count").max(1))
}

/// Whether it will go on: it is neither canceled nor has it ended without a first payment.
pub(crate) fn is_alive(subscription: &Value) -> bool {
    !matches!(text(subscription, "/status"), "canceled" | "incomplete_expired")
}
