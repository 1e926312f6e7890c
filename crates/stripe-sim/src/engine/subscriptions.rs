//! Subscriptions: how they begin, renew, fall behind and end.

use serde_json::{Value, json};

use super::discounts::{self, Usable};
use super::drafts::{self, Draft};
use super::payments::Attempt;
use super::{Act, invoices};
use crate::calendar;
use crate::failure::Failure;
use crate::objects::coupon::Discounted;
use crate::objects::subscription::{self, Parts, Period, interval, is_alive, item, items, set_period};
use crate::objects::{number, text};

pub(crate) const UPDATED: &str = "customer.subscription.updated";

/// What a subscription begins with.
pub(crate) struct Terms<'a> {
    pub(crate) customer: &'a Value,
    /// Prices and how many of each.
    pub(crate) prices: Vec<(Value, i64)>,
    pub(crate) payment_method: Option<&'a str>,
    pub(crate) trial_end: Option<i64>,
    pub(crate) discount: Option<Usable>,
    /// `allow_incomplete`, `default_incomplete` or `error_if_incomplete`.
    pub(crate) behavior: &'a str,
    pub(crate) off_session: bool,
}

/// Begins a subscription, bills its first period, and gives its id.
pub(crate) fn create(act: &mut Act, terms: &Terms, change: impl FnOnce(&mut Value)) -> Result<String, Failure> {
    let id = build(act, terms, change);
    let object = act.object(&id);
    let first = subscription::period(&object);
    let invoice = drafts::draft(act, &Draft::of_period(terms.customer, &object, "subscription_create", first), |_| {});
    act.amend(&id, |object| object["latest_invoice"] = json!(invoice));
    act.announce("customer.subscription.created", &id);
    invoices::finalize(act, &invoice);
    let bill = act.object(&invoice);
    let waits = terms.behavior == "default_incomplete" || bill["collection_method"] == "send_invoice";
    if number(&bill, "/amount_remaining") == 0 || waits {
        return Ok(id);
    }
    match invoices::collect(act, &invoice, None, terms.off_session) {
        Attempt::Declined(failure) if terms.behavior == "error_if_incomplete" => {
            expire(act, &id);
            Err(failure)
        }
        _ => Ok(id),
    }
}

/// The subscription with its items and its discount, of which nobody has been told.
fn build(act: &mut Act, terms: &Terms, change: impl FnOnce(&mut Value)) -> String {
    let id = act.id("sub");
    let trial = terms.trial_end.map(|end| Period { start: act.now, end });
    let anchor = terms.trial_end.unwrap_or(act.now);
    let longest = terms.prices.first().map_or(("month", 1), |(price, _)| interval(price));
    let period = trial.unwrap_or(Period { start: anchor, end: calendar::after(anchor, longest.0, longest.1) });
    let parts = Parts {
        customer: terms.customer,
        currency: terms.prices.first().map_or("usd", |(price, _)| text(price, "/currency")),
        payment_method: terms.payment_method,
        anchor,
        trial,
        status: if trial.is_some() { "trialing" } else { "incomplete" },
    };
    let mut object = subscription::subscription(act.made(&id), &parts);
    let rows: Vec<Value> =
        terms.prices.iter().map(|(price, count)| new_item(act, &id, price, *count, period)).collect();
    object["items"]["data"] = Value::Array(rows);
    change(&mut object);
    if object["collection_method"] == "send_invoice" && trial.is_none() {
        object["status"] = json!("active");
    }
    act.put(object);
    if let Some(usable) = &terms.discount {
        discount(act, &id, usable);
    }
    id
}

pub(crate) fn new_item(act: &mut Act, subscription: &str, price: &Value, quantity: i64, period: Period) -> Value {
    let id = act.id("si");
    item(act.made(&id), subscription, price, quantity, period)
}

/// Puts a coupon to work on a subscription, in the place of those before it; no event tells of the subscription.
pub(crate) fn discount(act: &mut Act, id: &str, usable: &Usable) {
    let object = act.object(id);
    let of = Discounted { customer: text(&object, "/customer"), subscription: Some(id), ..Discounted::default() };
    let discount = discounts::begin(act, usable, of);
    act.amend(id, |object| object["discounts"] = json!([discount["id"]]));
}

/// Begins the next period, by itself or earlier, and drafts its invoice; gives the invoice's id.
pub(crate) fn begin_period(act: &mut Act, id: &str, start: i64) -> String {
    let object = act.object(id);
    let on_time = start == subscription::period(&object).end && object["status"] != "trialing";
    let anchor = if on_time { number(&object, "/billing_cycle_anchor") } else { start };
    let (length, count) = interval(&object["items"]["data"][0]["price"]);
    let period = Period { start, end: calendar::next_end(anchor, start, length, count) };
    let customer = act.object(text(&object, "/customer"));
    let mut paying = object.clone();
    paying["status"] = json!("active");
    let draft = Draft {
        auto_advance: object["pause_collection"].is_null(),
        ..Draft::of_period(&customer, &paying, "subscription_cycle", period)
    };
    let invoice = drafts::draft(act, &draft, |_| {});
    let now = act.now;
    act.update(id, UPDATED, |object| {
        set_period(object, period);
        object["billing_cycle_anchor"] = json!(anchor);
        object["latest_invoice"] = json!(invoice);
        if object["status"] == "trialing" || object["status"] == "paused" {
            object["trial_end"] = json!(object["trial_end"].as_i64().map(|end| end.min(now)));
            object["status"] = json!("active");
        }
        object["~told_of"] = Value::Null;
    });
    while_paused(act, &object, &invoice);
    invoice
}

/// What becomes of an invoice while the subscription's payments are paused.
fn while_paused(act: &mut Act, object: &Value, invoice: &str) {
    let behavior = text(object, "/pause_collection/behavior");
    if matches!(behavior, "void" | "mark_uncollectible") {
        invoices::finalize(act, invoice);
        // An invoice with nothing due is paid by now, and stays so.
        let _ = if behavior == "void" { invoices::void(act, invoice) } else { invoices::give_up(act, invoice) };
    }
}

/// A trial ends: what comes then depends on whether there is something to pay with.
pub(crate) fn end_trial(act: &mut Act, id: &str) -> Option<String> {
    let object = act.object(id);
    let bill = json!({ "customer": object["customer"], "parent": { "subscription_details": { "subscription": id } } });
    let can_pay = invoices::method_for(act, &bill).is_some() || object["collection_method"] == "send_invoice";
    match text(&object, "/trial_settings/end_behavior/missing_payment_method") {
        "cancel" if !can_pay => end(act, id, None),
        "pause" if !can_pay => {
            act.update(id, UPDATED, |object| object["status"] = json!("paused"));
            act.announce("customer.subscription.paused", id);
        }
        _ => return Some(begin_period(act, id, act.now)),
    }
    None
}

/// An invoice was paid: its subscription is in order again.
pub(crate) fn after_paid(act: &mut Act, invoice: &str) {
    let Some((id, object)) = of_invoice(act, invoice) else { return };
    let first = object["status"] == "incomplete";
    if first || matches!(text(&object, "/status"), "past_due" | "unpaid") {
        act.update(&id, UPDATED, |object| object["status"] = json!("active"));
    }
    if !first {
        set_delinquent(act, text(&object, "/customer"), false);
    }
}

/// A payment is under way: the first period begins in good faith.
pub(crate) fn after_first_attempt(act: &mut Act, invoice: &str) {
    if let Some((id, _)) = of_invoice(act, invoice).filter(|(_, object)| object["status"] == "incomplete") {
        act.update(&id, UPDATED, |object| object["status"] = json!("active"));
    }
}

/// An invoice was not paid: its subscription falls behind, and ends with the last attempt.
pub(crate) fn after_failed(act: &mut Act, invoice: &str, last: bool) {
    let Some((id, object)) = of_invoice(act, invoice) else { return };
    if object["status"] == "active" {
        act.update(&id, UPDATED, |object| object["status"] = json!("past_due"));
        set_delinquent(act, text(&object, "/customer"), true);
    }
    if last && is_alive(&object) {
        // It was open a moment ago, so this is never refused.
        let _ = invoices::give_up(act, invoice);
        end(act, &id, Some("payment_failed"));
    }
}

/// A first invoice was made void: nothing comes of its subscription any more.
pub(crate) fn after_void(act: &mut Act, invoice: &str) {
    if let Some((id, _)) = of_invoice(act, invoice).filter(|(_, object)| object["status"] == "incomplete") {
        act.update(&id, UPDATED, |object| object["status"] = json!("incomplete_expired"));
    }
}

/// The subscription that an invoice bills, unless a later invoice has taken its place.
fn of_invoice(act: &Act, invoice: &str) -> Option<(String, Value)> {
    let bill = act.object(invoice);
    let object = act.object(text(&bill, "/parent/subscription_details/subscription"));
    (object["latest_invoice"] == invoice).then(|| (text(&object, "/id").to_owned(), object))
}

/// The first payment never came.
pub(crate) fn expire(act: &mut Act, id: &str) {
    let invoice = text(&act.object(id), "/latest_invoice").to_owned();
    // The first invoice of an incomplete subscription is open.
    let _ = invoices::void(act, &invoice);
}

/// Sets or takes back that a subscription ends with its period.
pub(crate) fn cancel_at_period_end(object: &mut Value, at_end: bool, now: i64) {
    let end = items(object).iter().map(|item| number(item, "/current_period_end")).max().unwrap_or_default();
    object["cancel_at_period_end"] = json!(at_end);
    note_cancellation(object, at_end.then_some(end), now);
}

/// Sets or takes back when a subscription ends.
pub(crate) fn note_cancellation(object: &mut Value, at: Option<i64>, now: i64) {
    object["cancel_at"] = json!(at);
    object["canceled_at"] = json!(at.map(|_| now));
    object["cancellation_details"]["reason"] = json!(at.map(|_| "cancellation_requested"));
}

/// Ends a subscription now and tells of it.
pub(crate) fn end(act: &mut Act, id: &str, reason: Option<&str>) {
    let now = act.now;
    act.become_and_tell(id, "customer.subscription.deleted", |object| {
        object["cancel_at_period_end"] = json!(false);
        if object["canceled_at"].is_null() {
            object["canceled_at"] = json!(now);
        }
        if reason.is_some() {
            object["cancellation_details"]["reason"] = json!(reason);
        }
        object["ended_at"] = json!(now);
        object["status"] = json!("canceled");
    });
}

/// Marks a customer as owing money, or not any more.
fn set_delinquent(act: &mut Act, customer: &str, delinquent: bool) {
    act.update(customer, "customer.updated", |customer| customer["delinquent"] = json!(delinquent));
}
