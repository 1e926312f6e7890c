//! Draft invoices: what stands on them and what is taken off.

use serde_json::{Value, json};

use super::Act;
use super::discounts;
use crate::objects::invoice::{self, Bill};
use crate::objects::line_item::{self, Line, Parent};
use crate::objects::subscription::{Period, cost, items};
use crate::objects::{number, text};

/// How long Stripe waits before it finalizes an invoice of a new period, in seconds.
const AN_HOUR: i64 = 3600;
const DAY: i64 = 24 * 3600;

/// An invoice to be drafted.
pub(crate) struct Draft<'a> {
    pub(crate) customer: &'a Value,
    /// Null when no subscription is billed.
    pub(crate) subscription: &'a Value,
    pub(crate) reason: &'a str,
    pub(crate) currency: &'a str,
    /// The period of the subscription's items that is billed; none bills only what is pending.
    pub(crate) period: Option<Period>,
    /// Whether that period costs nothing.
    pub(crate) trial: bool,
    /// Whether pending invoice items are taken along.
    pub(crate) pending: bool,
    pub(crate) collection: &'a str,
    pub(crate) days_until_due: Option<i64>,
    pub(crate) auto_advance: bool,
}

impl<'a> Draft<'a> {
    /// The invoice of a subscription's period.
    pub(crate) fn of_period(customer: &'a Value, subscription: &'a Value, reason: &'a str, period: Period) -> Self {
        Self {
            customer,
            subscription,
            reason,
            currency: text(subscription, "/currency"),
            period: Some(period),
            trial: text(subscription, "/status") == "trialing",
            pending: true,
            collection: text(subscription, "/collection_method"),
            days_until_due: subscription["days_until_due"].as_i64(),
            auto_advance: true,
        }
    }
}

/// Drafts an invoice, tells of it, and gives its id.
pub(crate) fn draft(act: &mut Act, order: &Draft, change: impl FnOnce(&mut Value)) -> String {
    discounts::drop_ended(act, order.customer, order.subscription);
    let id = act.id("in");
    let mut object = assemble(act, order, &id);
    change(&mut object);
    for line in object["lines"]["data"].as_array().into_iter().flatten() {
        let item = text(line, "/parent/invoice_item_details/invoice_item");
        act.amend(item, |item| item["invoice"] = json!(id));
    }
    discounts::note_use(act, &object["discounts"]);
    act.create("invoice.created", object);
    id
}

/// The invoice as it would be.
pub(crate) fn assemble(act: &mut Act, order: &Draft, id: &str) -> Value {
    let account = act.state.accounts.get(&act.scope.account).cloned().unwrap_or_default();
    let bill = Bill {
        customer: order.customer,
        subscription: order.subscription,
        reason: order.reason,
        currency: order.currency,
        collection: order.collection,
        due_date: order.days_until_due.map(|days| act.now + days * DAY),
        auto_advance: order.auto_advance,
        finalizes_at: order.auto_advance.then_some(act.now + AN_HOUR),
        account: &account,
    };
    let mut object = invoice::invoice(act.made(id), &bill);
    let mut lines = pending_lines(act, order, id);
    lines.extend(period_lines(act, order, id));
    object["lines"]["data"] = Value::Array(lines);
    if let Some(period) = order.period {
        object["period_end"] = json!(act.now.min(period.start));
        object["period_start"] = json!(previous_start(order.subscription, period));
    }
    object["discounts"] = discounts::active(act, order.customer, order.subscription);
    reckon(act, &mut object);
    object
}

/// The invoice's own period is the one before, except for the first.
fn previous_start(subscription: &Value, period: Period) -> i64 {
    number(subscription, "/items/data/0/current_period_start").min(period.start)
}

/// Applies the discounts and adds everything up again.
pub(crate) fn reckon(act: &Act, invoice: &mut Value) {
    let ids: Vec<&str> = invoice["discounts"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let found: Vec<Value> = ids.into_iter().map(|id| act.object(id)).collect();
    if let Some(lines) = invoice["lines"]["data"].as_array_mut() {
        discounts::apply(lines, &found);
    }
    let balance = number(&act.object(text(invoice, "/customer")), "/balance");
    invoice::total(invoice, balance);
}

fn period_lines(act: &mut Act, order: &Draft, invoice: &str) -> Vec<Value> {
    let Some(period) = order.period else { return Vec::new() };
    items(order.subscription).iter().map(|item| period_line(act, order, item, invoice, period)).collect()
}

fn period_line(act: &mut Act, order: &Draft, item: &Value, invoice: &str, period: Period) -> Value {
    let (id, product) = (act.id("il"), act.object(text(item, "/price/product")));
    let (name, quantity) = (text(&product, "/name"), number(item, "/quantity"));
    let description = match order.trial {
        true => format!("Trial period for {name}"),
        false => line_item::describe(&item["price"], name, quantity),
    };
    let line = Line {
        invoice,
        amount: if order.trial { 0 } else { cost(&item["price"], quantity) },
        currency: order.currency,
        description: &description,
        period,
        quantity,
        discountable: true,
        price: &item["price"],
        parent: Parent::Subscription { item },
    };
    line_item::line(act.made(&id), &line)
}

/// Lines for the customer's invoice items that wait: those of the subscription, or of none.
fn pending_lines(act: &mut Act, order: &Draft, invoice: &str) -> Vec<Value> {
    if !order.pending {
        return Vec::new();
    }
    let subscription = &order.subscription["id"];
    let waits = |item: &Value| {
        let of = &item["parent"]["subscription_details"]["subscription"];
        item["invoice"].is_null()
            && item["customer"] == order.customer["id"]
            && item["currency"] == order.currency
            && (of.is_null() || of == subscription)
    };
    let ids = act.ids_of("invoiceitem", waits);
    ids.into_iter().map(|id| item_line(act, &id, invoice)).collect()
}

/// The line of an invoice item.
pub(crate) fn item_line(act: &mut Act, item: &str, invoice: &str) -> Value {
    let (id, item) = (act.id("il"), act.object(item));
    let line = Line {
        invoice,
        amount: number(&item, "/amount"),
        currency: text(&item, "/currency"),
        description: text(&item, "/description"),
        period: Period { start: number(&item, "/period/start"), end: number(&item, "/period/end") },
        quantity: number(&item, "/quantity"),
        discountable: item["discountable"] == true,
        price: &item["~price"],
        parent: Parent::Item { item: &item },
    };
    line_item::line(act.made(&id), &line)
}
