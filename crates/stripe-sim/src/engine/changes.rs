//! Changes of a subscription's items in the middle of a period, and what they cost.

use serde_json::{Value, json};

use super::drafts::{self, Draft};
use super::subscriptions::{UPDATED, new_item};
use super::{Act, invoices};
use crate::calendar;
use crate::clock;
use crate::money;
use crate::objects::line_item::{self, Extra};
use crate::objects::subscription::{self, Period, cost, interval, items, set_period};
use crate::objects::{number, text};

/// One change of one item.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// None adds an item.
    pub(crate) item: Option<String>,
    /// Null leaves the price as it is.
    pub(crate) price: Value,
    pub(crate) quantity: Option<i64>,
    pub(crate) deleted: bool,
    pub(crate) metadata: Value,
}

/// Applies changes to the items; `proration` is `create_prorations`, `always_invoice` or `none`. `also` changes what
/// else the same call changes, so that one event tells of all.
pub(crate) fn apply(act: &mut Act, id: &str, changes: &[Change], proration: &str, also: impl FnOnce(&mut Value)) {
    let before = act.object(id);
    let mut after = before.clone();
    for change in changes {
        apply_one(act, &mut after, change);
    }
    also(&mut after);
    let renewed = is_of_another_length(&before, &after);
    let prorated = proration != "none" && before["status"] != "trialing";
    let credited = if prorated { prorate(act, &before, &after, renewed) } else { false };
    if renewed && before["status"] != "trialing" {
        return begin_anew(act, id, after);
    }
    act.update(id, UPDATED, |object| *object = after);
    if credited && proration == "always_invoice" {
        invoice_now(act, id, None);
    }
}

fn apply_one(act: &mut Act, object: &mut Value, change: &Change) {
    let (id, period) = (text(object, "/id").to_owned(), subscription::period(object));
    let Some(rows) = object["items"]["data"].as_array_mut() else { return };
    match &change.item {
        None => rows.push(new_item(act, &id, &change.price, change.quantity.unwrap_or(1), period)),
        Some(item) if change.deleted => rows.retain(|row| row["id"] != item.as_str()),
        Some(item) => {
            for row in rows.iter_mut().filter(|row| row["id"] == item.as_str()) {
                if !change.price.is_null() {
                    subscription::set_price(row, &change.price);
                }
                row["quantity"] = json!(change.quantity.unwrap_or(number(row, "/quantity")));
                if !change.metadata.is_null() {
                    row["metadata"] = change.metadata.clone();
                }
            }
        }
    }
}

fn is_of_another_length(before: &Value, after: &Value) -> bool {
    let length = |object: &Value| interval(&object["items"]["data"][0]["price"]).0.to_owned();
    let count = |object: &Value| interval(&object["items"]["data"][0]["price"]).1;
    !items(after).is_empty() && (length(before), count(before)) != (length(after), count(after))
}

/// Credits what is left of the old items and bills what is left with the new ones; gives whether there was anything.
fn prorate(act: &mut Act, before: &Value, after: &Value, only_credit: bool) -> bool {
    let mut any = false;
    for old in items(before) {
        let new = items(after).iter().find(|item| item["id"] == old["id"]);
        if !only_credit && new.is_some_and(|new| cost_of(new) == cost_of(old)) {
            continue;
        }
        add(act, before, old, -1);
        any = true;
        if let Some(new) = new.filter(|_| !only_credit) {
            add(act, before, new, 1);
        }
    }
    let known = |item: &&Value| !items(before).iter().any(|old| old["id"] == item["id"]);
    for new in items(after).iter().filter(known).filter(|_| !only_credit) {
        add(act, before, new, 1);
        any = true;
    }
    any
}

fn cost_of(item: &Value) -> i64 {
    cost(&item["price"], number(item, "/quantity"))
}

/// An invoice item for the rest of the period: a credit with -1, a debit with 1.
fn add(act: &mut Act, subscription: &Value, item: &Value, sign: i64) {
    let period = subscription::period(subscription);
    let rest = Period { start: act.now, end: period.end.max(act.now) };
    let amount = money::prorated(cost_of(item), rest.end - rest.start, period.end - period.start);
    let (id, product) = (act.id("ii"), act.object(text(item, "/price/product")));
    let (quantity, day) = (number(item, "/quantity"), clock::day(act.now));
    let what = if sign < 0 { "Unused" } else { "Remaining" };
    let description = format!("{what} time on {} after {day}", text(&product, "/name"));
    let extra = Extra {
        customer: text(subscription, "/customer"),
        amount: sign * amount,
        currency: text(subscription, "/currency"),
        description: Some(&description),
        period: rest,
        quantity,
        price: &item["price"],
        subscription: subscription["id"].as_str(),
        prorated: item["id"].as_str(),
    };
    let mut object = line_item::invoice_item(act.made(&id), &extra);
    object["test_clock"] = subscription["test_clock"].clone();
    act.create("invoiceitem.created", object);
}

/// A price of another length begins a new period now, and its invoice.
fn begin_anew(act: &mut Act, id: &str, mut after: Value) {
    let (length, count) = interval(&after["items"]["data"][0]["price"]);
    let period = Period { start: act.now, end: calendar::after(act.now, length, count) };
    set_period(&mut after, period);
    after["billing_cycle_anchor"] = json!(period.start);
    act.update(id, UPDATED, |object| *object = after);
    invoice_now(act, id, Some(period));
}

/// Bills what is pending at once, and a period if one is given.
pub(crate) fn invoice_now(act: &mut Act, id: &str, period: Option<Period>) {
    let object = act.object(id);
    let customer = act.object(text(&object, "/customer"));
    let whole = Draft::of_period(&customer, &object, "subscription_update", subscription::period(&object));
    let invoice = drafts::draft(act, &Draft { period, ..whole }, |_| {});
    act.update(id, UPDATED, |object| object["latest_invoice"] = json!(invoice));
    invoices::finalize(act, &invoice);
    invoices::collect_if_automatic(act, &invoice);
}

/// Credits what is left of the period, for a subscription that ends before it is over.
pub(crate) fn credit_rest(act: &mut Act, id: &str) {
    let object = act.object(id);
    for item in items(&object) {
        add(act, &object, item, -1);
    }
}
