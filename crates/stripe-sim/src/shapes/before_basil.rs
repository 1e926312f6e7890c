//! Before 2025-03-31.basil: the period on the subscription, one charge and one payment intent on the invoice.

use serde_json::{Value, json};

use super::{extend, forget, is};
use crate::objects::price::plan;

/// An object that is not in the current shape, since a test made it so, stays as it is.
pub(super) fn change(object: &mut Value) {
    let has = |object: &Value, pointer: &str| object.pointer(pointer).is_some();
    if is(object, "subscription") && has(object, "/items/data/0/~period") {
        subscription(object);
    } else if is(object, "subscription_item") && has(object, "/current_period_end") {
        let period = json!({ "end": object["current_period_end"], "start": object["current_period_start"] });
        forget(object, &["current_period_start", "current_period_end"]);
        object["~period"] = period;
    } else if is(object, "invoice")
        && has(object, "/parent")
        && has(object, "/lines/data")
        && has(object, "/payments/data")
    {
        invoice(object);
    } else if is(object, "line_item") && has(object, "/parent") {
        line(object);
    } else if is(object, "invoiceitem") && has(object, "/pricing") {
        invoice_item(object);
    } else if (is(object, "charge") || is(object, "payment_intent")) && has(object, "/~invoice") {
        object["invoice"] = object["~invoice"].clone();
    }
}

/// The period stood on the subscription, and there was one discount.
fn subscription(subscription: &mut Value) {
    let first = subscription["items"]["data"][0].clone();
    forget(subscription, &["billing_mode", "billing_schedules", "customer_account"]);
    subscription["current_period_end"] = first["~period"]["end"].clone();
    subscription["current_period_start"] = first["~period"]["start"].clone();
    subscription["discount"] = Value::Null;
    subscription["plan"] = first["plan"].clone();
    subscription["quantity"] = first["quantity"].clone();
}

/// The subscription, the charge and the payment intent stood on the invoice, and it said whether it is paid.
fn invoice(invoice: &mut Value) {
    let paid = invoice["status"] == "paid";
    let details = invoice["parent"]["subscription_details"].clone();
    let intent = invoice["payments"]["data"][0]["payment"]["payment_intent"].clone();
    forget(invoice, &["parent", "payments", "total_taxes", "amount_overpaid", "customer_account"]);
    let old = json!({
        "application_fee_amount": null,
        "charge": invoice["~charge"],
        "discount": null,
        "paid": paid,
        "paid_out_of_band": paid && invoice["~charge"].is_null() && intent.is_string(),
        "payment_intent": intent,
        "quote": null,
        "subscription": details["subscription"],
        "subscription_details": { "metadata": details["metadata"] },
        "tax": null,
        "total_tax_amounts": [],
        "transfer_data": null,
    });
    extend(invoice, old);
}

fn line(line: &mut Value) {
    let details = &line["parent"]["subscription_item_details"];
    let of_item = &line["parent"]["invoice_item_details"];
    let from = if details.is_null() { of_item } else { details };
    let old = json!({
        "invoice_item": of_item["invoice_item"],
        "plan": plan_of(&line["~price"]),
        "price": line["~price"],
        "proration": from["proration"],
        "proration_details": from["proration_details"],
        "subscription": from["subscription"],
        "subscription_item": details["subscription_item"],
        "tax_amounts": [],
        "tax_rates": [],
        "type": if details.is_null() { "invoiceitem" } else { "subscription" },
        "unit_amount_excluding_tax": line["pricing"]["unit_amount_decimal"],
    });
    forget(line, &["parent", "pricing", "taxes", "subtotal", "quantity_decimal"]);
    extend(line, old);
}

fn invoice_item(item: &mut Value) {
    let details = item["parent"]["subscription_details"].clone();
    let old = json!({
        "plan": plan_of(&item["~price"]),
        "price": item["~price"],
        "subscription": details["subscription"],
        "subscription_item": details["subscription_item"],
        "unit_amount": item["~price"]["unit_amount"],
        "unit_amount_decimal": item["pricing"]["unit_amount_decimal"],
    });
    forget(item, &["parent", "pricing", "net_amount", "customer_account", "quantity_decimal"]);
    extend(item, old);
}

/// The plan of a recurring price; other prices and no price have none.
fn plan_of(price: &Value) -> Value {
    if price["recurring"].is_object() { plan(price) } else { Value::Null }
}
