//! Objects as an API version shows them: the current shape, or the one from before 2025-03-31.basil.

use serde_json::{Value, json};

use crate::objects::price::plan;
use crate::objects::text;

/// The first version with the current shape (<https://docs.stripe.com/changelog/basil>).
const CURRENT_SINCE: &str = "2025-03-31";

/// The object in a version; the simulator's own notes are taken away.
pub(crate) fn render(object: &Value, version: &str) -> Value {
    let old = version < CURRENT_SINCE;
    let mut shown = if old { older(object) } else { object.clone() };
    take_notes_away(&mut shown);
    shown
}

fn take_notes_away(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.starts_with('~'));
            fields.values_mut().for_each(take_notes_away);
        }
        Value::Array(items) => items.iter_mut().for_each(take_notes_away),
        _ => {}
    }
}

/// An object that is not in the current shape, since a test made it so, stays as it is.
fn older(object: &Value) -> Value {
    let mut object = object.clone();
    let has = |pointer: &str| object.pointer(pointer).is_some();
    match text(&object, "/object") {
        "subscription" if has("/items/data/0/current_period_end") => older_subscription(&mut object),
        "subscription_item" => forget(&mut object, &["current_period_start", "current_period_end"]),
        "invoice" if has("/parent") && has("/lines/data") && has("/payments/data") => older_invoice(&mut object),
        "charge" | "payment_intent" if has("/~invoice") => object["invoice"] = object["~invoice"].clone(),
        _ => {}
    }
    object
}

/// The period stood on the subscription, and there was one discount.
fn older_subscription(subscription: &mut Value) {
    let first = subscription["items"]["data"][0].clone();
    for item in subscription["items"]["data"].as_array_mut().into_iter().flatten() {
        forget(item, &["current_period_start", "current_period_end"]);
    }
    forget(subscription, &["billing_mode", "billing_schedules", "customer_account"]);
    subscription["current_period_end"] = first["current_period_end"].clone();
    subscription["current_period_start"] = first["current_period_start"].clone();
    subscription["discount"] = Value::Null;
    subscription["plan"] = first["plan"].clone();
    subscription["quantity"] = first["quantity"].clone();
}

/// The subscription, the charge and the payment intent stood on the invoice, and it said whether it is paid.
fn older_invoice(invoice: &mut Value) {
    let paid = text(invoice, "/status") == "paid";
    let details = invoice["parent"]["subscription_details"].clone();
    let intent = invoice["payments"]["data"][0]["payment"]["payment_intent"].clone();
    for line in invoice["lines"]["data"].as_array_mut().into_iter().flatten() {
        older_line(line);
    }
    forget(invoice, &["parent", "payments", "total_taxes", "amount_overpaid", "customer_account"]);
    let old = json!({
        "application_fee_amount": null,
        "charge": invoice["~charge"],
        "discount": null,
        "paid": paid,
        "paid_out_of_band": false,
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

fn older_line(line: &mut Value) {
    let parent = line["parent"]["subscription_item_details"].clone();
    let pricing = line["pricing"].clone();
    forget(line, &["parent", "pricing", "taxes", "subtotal"]);
    let old = json!({
        "plan": plan(&line["~price"]),
        "price": line["~price"],
        "proration": parent["proration"],
        "proration_details": parent["proration_details"],
        "subscription": parent["subscription"],
        "subscription_item": parent["subscription_item"],
        "tax_amounts": [],
        "tax_rates": [],
        "type": "subscription",
        "unit_amount_excluding_tax": pricing["unit_amount_decimal"],
    });
    extend(line, old);
}

fn forget(object: &mut Value, names: &[&str]) {
    if let Some(fields) = object.as_object_mut() {
        names.iter().for_each(|name| drop(fields.shift_remove(*name)));
    }
}

fn extend(object: &mut Value, more: Value) {
    if let (Some(fields), Value::Object(more)) = (object.as_object_mut(), more) {
        fields.extend(more);
    }
}
