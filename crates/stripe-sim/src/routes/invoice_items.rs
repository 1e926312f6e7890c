//! `/v1/invoiceitems`: what a customer's next invoice bills on top.

use serde_json::{Value, json};

use super::{Call, KIND, Kind, RETRIEVE, create as creates, delete as deletes, list, objects, update as updates};
use crate::engine::{Act, drafts};
use crate::failure::{Answer, Failure};
use crate::fields::{Field, METADATA, flag, hash, integer, text};
use crate::objects::line_item::{self, Extra};
use crate::objects::subscription::Period;
use crate::objects::text as text_at;
use crate::state::State;

const FIELDS: &[Field] = &[
    text("customer").required(),
    integer("amount"),
    text("currency"),
    text("description").kept(),
    flag("discountable").kept(),
    text("invoice"),
    hash("period", &[integer("start").kept(), integer("end").kept()]).kept(),
    text("price"),
    hash("pricing", &[text("price")]),
    integer("quantity"),
    text("subscription"),
    integer("unit_amount"),
    METADATA,
];

pub(super) static INVOICE_ITEM: Kind = Kind {
    object: "invoiceitem",
    path: "/v1/invoiceitems",
    noun: "invoiceitem",
    permission: "invoice",
    events: "invoiceitem",
    routes: &[
        list(&[("customer", "/customer"), ("invoice", "/invoice")]),
        RETRIEVE,
        creates(FIELDS, create),
        updates(&[integer("amount"), text("description").kept(), flag("discountable").kept(), METADATA], update),
        deletes(delete),
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    let given = &call.given;
    let customer = objects::customer(state, call)?;
    let price = match given.text("/pricing/price").or(given.text("/price")) {
        Some(id) => objects::find_as(state, call, "price", "price", id).map_err(|refusal| refusal.at("price"))?.clone(),
        None => Value::Null,
    };
    objects::named(state, call, "subscription", "subscription", "subscription")?;
    let invoice = objects::named(state, call, "invoice", "invoice", "invoice")?.cloned();
    if let Some(invoice) = &invoice {
        super::invoices::must_be_draft(invoice)?;
    }
    let quantity = given.integer("/quantity").unwrap_or(1);
    let unit = given.integer("/unit_amount").or(price["unit_amount"].as_i64());
    let amount = given.integer("/amount").or(unit.map(|unit| unit.saturating_mul(quantity)));
    let mut act = call.act(state);
    act.by_clock_of(&customer);
    let (id, now) = (act.id("ii"), act.now);
    let extra = Extra {
        customer: text_at(&customer, "/id"),
        amount: amount.ok_or_else(|| Failure::missing_param("amount"))?,
        currency: price["currency"].as_str().or(given.text("/currency")).unwrap_or("usd"),
        description: None,
        period: Period { start: now, end: now },
        quantity,
        price: &price,
        subscription: given.text("/subscription"),
        prorated: None,
    };
    let mut object = line_item::invoice_item(act.made(&id), &extra);
    object["test_clock"] = customer["test_clock"].clone();
    objects::keep(&mut object, call, FIELDS)?;
    act.create("invoiceitem.created", object);
    if let Some(invoice) = &invoice {
        add_to(&mut act, &id, text_at(invoice, "/id"));
    }
    objects::show(state, call, &id)
}

/// Puts an item on a draft.
fn add_to(act: &mut Act, item: &str, invoice: &str) {
    let line = drafts::item_line(act, item, invoice);
    act.amend(item, |item| item["invoice"] = json!(invoice));
    change_lines(act, invoice, |lines| lines.push(line));
}

fn change_lines(act: &mut Act, invoice: &str, change: impl FnOnce(&mut Vec<Value>)) {
    let mut bill = act.object(invoice);
    if let Some(lines) = bill["lines"]["data"].as_array_mut() {
        change(lines);
    }
    drafts::reckon(act, &mut bill);
    act.update(invoice, "invoice.updated", |invoice| *invoice = bill);
}

fn update(state: &mut State, call: &Call) -> Answer {
    let mut changed = objects::find(state, call)?.clone();
    must_be_free(state, &changed)?;
    objects::keep(&mut changed, call, call.fields)?;
    if let Some(amount) = call.given.integer("/amount") {
        changed["amount"] = json!(amount);
        changed["net_amount"] = json!(amount);
        changed["pricing"] = line_item::pricing(&Value::Null, amount, 1);
    }
    // Stripe has no event for it.
    let mut act = call.act(state);
    act.put(changed.clone());
    if let Some(invoice) = changed["invoice"].as_str() {
        let line = drafts::item_line(&mut act, call.id(), invoice);
        change_lines(&mut act, invoice, |lines| {
            lines.retain(|line| !is_of(line, call.id()));
            lines.push(line);
        });
    }
    objects::show(state, call, call.id())
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let item = objects::find(state, call)?.clone();
    must_be_free(state, &item)?;
    let mut act = call.act(state);
    act.remove("invoiceitem.deleted", call.id());
    if let Some(invoice) = item["invoice"].as_str() {
        change_lines(&mut act, invoice, |lines| lines.retain(|line| !is_of(line, call.id())));
    }
    Ok(objects::deleted(call))
}

fn is_of(line: &Value, item: &str) -> bool {
    text_at(line, "/parent/invoice_item_details/invoice_item") == item
}

fn must_be_free(state: &State, item: &Value) -> Result<(), Failure> {
    let invoice = item["invoice"].as_str().and_then(|id| state.store.get(id));
    invoice.map_or(Ok(()), super::invoices::must_be_draft)
}
