//! Invoices as they will be.

use serde_json::Value;

use super::Act;
use super::drafts::{self, Draft};
use crate::calendar;
use crate::objects::subscription::{Period, interval, period};
use crate::objects::{number, text};

/// The invoice of a subscription's next period.
pub(crate) fn next_period(act: &mut Act, subscription: &str) -> Value {
    let mut object = act.object(subscription);
    object["status"] = "active".into();
    let start = period(&object).end;
    let (length, count) = interval(&object["items"]["data"][0]["price"]);
    let anchor = number(&object, "/billing_cycle_anchor");
    let next = Period { start, end: calendar::next_end(anchor, start, length, count) };
    let customer = act.object(text(&object, "/customer"));
    upcoming(act, &Draft::of_period(&customer, &object, "upcoming", next))
}

/// An invoice with nothing but a customer's pending items.
pub(crate) fn pending(act: &mut Act, customer: &Value) -> Value {
    let nothing = Value::Null;
    let order = Draft {
        customer,
        subscription: &nothing,
        reason: "upcoming",
        currency: customer["currency"].as_str().unwrap_or("usd"),
        period: None,
        trial: false,
        pending: true,
        collection: "charge_automatically",
        days_until_due: None,
        auto_advance: true,
    };
    upcoming(act, &order)
}

fn upcoming(act: &mut Act, order: &Draft) -> Value {
    let id = act.id("upcoming_in");
    drafts::assemble(act, order, &id)
}
