//! `/v1/invoices`: drafted, finalized, paid, sent, made void.

use serde_json::{Value, json};

use super::{
    Call, KIND, Kind, RETRIEVE, create as creates, delete as deletes, list, list_at, objects, post, search,
    update as updates,
};
use crate::engine::drafts::{self, Draft};
use crate::engine::payments::Attempt;
use crate::engine::{invoices, previews, setups};
use crate::failure::{Answer, Failure};
use crate::fields::{Field, METADATA, flag, integer, one_of, rows, text};
use crate::objects::text as text_at;
use crate::shapes;
use crate::state::State;

const SHARED: [Field; 9] = [
    flag("auto_advance").kept(),
    one_of("collection_method", &["charge_automatically", "send_invoice"]),
    integer("days_until_due"),
    text("default_payment_method").kept(),
    text("description").kept(),
    integer("due_date").kept(),
    text("footer").kept(),
    text("statement_descriptor").kept(),
    METADATA,
];
const CREATE: &[Field] = &[
    SHARED[0],
    SHARED[1],
    SHARED[2],
    SHARED[3],
    SHARED[4],
    SHARED[5],
    SHARED[6],
    SHARED[7],
    SHARED[8],
    text("customer").required(),
    text("subscription"),
    text("currency"),
    one_of("pending_invoice_items_behavior", &["exclude", "include", "include_and_require"]),
];
const PAY: &[Field] =
    &[flag("off_session"), flag("paid_out_of_band"), text("payment_method"), text("source"), flag("forgive")];
const PREVIEW: &[Field] =
    &[text("customer"), text("subscription"), rows("invoice_items", &[integer("amount"), text("currency")])];

pub(super) static INVOICE: Kind = Kind {
    object: "invoice",
    path: "/v1/invoices",
    noun: "invoice",
    permission: "invoice",
    events: "invoice",
    routes: &[
        list(&[
            ("customer", "/customer"),
            ("status", "/status"),
            ("subscription", "/parent/subscription_details/subscription"),
            ("collection_method", "/collection_method"),
        ]),
        search::ROUTE,
        post("/create_preview", PREVIEW, preview),
        RETRIEVE,
        creates(CREATE, create),
        updates(&SHARED, update),
        deletes(delete),
        list_at("/{}/lines", &[], &[], lines),
        post("/{}/finalize", &[flag("auto_advance")], finalize),
        post("/{}/pay", PAY, pay),
        post("/{}/send", &[], send),
        post("/{}/void", &[], void),
        post("/{}/mark_uncollectible", &[], mark_uncollectible),
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    let customer = objects::customer(state, call)?;
    let subscription =
        objects::named(state, call, "subscription", "subscription", "subscription")?.cloned().unwrap_or_default();
    let given = &call.given;
    let collection = given.text("/collection_method").unwrap_or("charge_automatically");
    let currency = subscription["currency"].as_str().or(given.text("/currency")).or(customer["currency"].as_str());
    let mut kept = json!({ "metadata": {} });
    objects::keep(&mut kept, call, &[METADATA])?;
    let mut act = call.act(state);
    act.by_clock_of(&customer);
    let order = Draft {
        customer: &customer,
        subscription: &subscription,
        reason: if subscription.is_null() { "manual" } else { "subscription_update" },
        currency: currency.unwrap_or("usd"),
        period: None,
        trial: false,
        // Left out unless asked for, since 2022-08-01.
        pending: !subscription.is_null()
            || given.text("/pending_invoice_items_behavior").is_some_and(|behavior| behavior != "exclude"),
        collection,
        days_until_due: given.integer("/days_until_due").filter(|_| collection == "send_invoice"),
        auto_advance: given.flag("/auto_advance").unwrap_or(false),
    };
    let id = drafts::draft(&mut act, &order, |invoice| {
        crate::fields::apply(invoice, given.value(), CREATE);
        invoice["metadata"] = kept["metadata"].take();
    });
    objects::show(state, call, &id)
}

fn update(state: &mut State, call: &Call) -> Answer {
    let mut changed = objects::find(state, call)?.clone();
    if let Some(method) = call.given.text("/collection_method") {
        changed["collection_method"] = json!(method);
    }
    if let Some(days) = call.given.integer("/days_until_due") {
        changed["due_date"] = json!(changed["created"].as_i64().unwrap_or_default() + days * 24 * 3600);
    }
    objects::keep(&mut changed, call, &SHARED)?;
    objects::replace(state, call, changed)
}

pub(super) fn must_be_draft(invoice: &Value) -> Result<(), Failure> {
    invoices::in_status(invoice, &["draft"], "changed so")
}

/// Only drafts can be deleted; what they billed waits for another invoice.
fn delete(state: &mut State, call: &Call) -> Answer {
    must_be_draft(objects::find(state, call)?)?;
    let mut act = call.act(state);
    for item in act.ids_of("invoiceitem", |item| item["invoice"] == call.id()) {
        act.amend(&item, |item| item["invoice"] = Value::Null);
    }
    act.remove("invoice.deleted", call.id());
    Ok(objects::deleted(call))
}

fn lines(state: &mut State, call: &Call) -> Answer {
    let rows = objects::find(state, call)?["lines"]["data"].as_array().cloned().unwrap_or_default();
    objects::list_rows(state, call, &rows)
}

fn finalize(state: &mut State, call: &Call) -> Answer {
    let invoice = objects::find(state, call)?.clone();
    invoices::in_status(&invoice, &["draft"], "finalized")?;
    let mut act = call.act(state);
    act.by_clock_of(&invoice);
    if let Some(advance) = call.given.flag("/auto_advance") {
        act.amend(call.id(), |invoice| invoice["auto_advance"] = json!(advance));
    }
    invoices::finalize(&mut act, call.id());
    objects::show(state, call, call.id())
}

fn pay(state: &mut State, call: &Call) -> Answer {
    let invoice = objects::find(state, call)?.clone();
    if invoice["status"] == "paid" {
        return Err(Failure::invalid(400, "Invoice is already paid").code("invoice_already_paid"));
    }
    invoices::in_status(&invoice, &["draft", "open", "uncollectible"], "paid")?;
    let mut act = call.act(state);
    act.by_clock_of(&invoice);
    let named = call.given.text("/payment_method").or(call.given.text("/source"));
    let method = match named {
        Some(id) => Some(
            setups::named(&mut act, id).ok_or_else(|| Failure::no_such("PaymentMethod", id).at("payment_method"))?,
        ),
        None => None,
    };
    if invoice["status"] == "draft" {
        invoices::finalize(&mut act, call.id());
    }
    if act.object(call.id())["status"] == "paid" {
        return objects::show(state, call, call.id());
    }
    if call.given.flag("/paid_out_of_band") == Some(true) {
        invoices::settle_out_of_band(&mut act, call.id());
        return objects::show(state, call, call.id());
    }
    let off_session = call.given.flag("/off_session").unwrap_or(true);
    let attempt = invoices::collect(&mut act, call.id(), method.as_deref(), off_session);
    outcome(state, call, &attempt)
}

/// The invoice, or why it could not be paid.
fn outcome(state: &mut State, call: &Call, attempt: &Attempt) -> Answer {
    match attempt {
        Attempt::Declined(failure) => Err(failure.clone()),
        Attempt::NoMethod => {
            let message = "There is no `default_payment_method` set on this Customer or Invoice. Please set a \
                           `default_payment_method`.";
            Err(Failure::invalid(400, message).code("invoice_payment_intent_requires_action"))
        }
        Attempt::Action => {
            let message = "This payment requires additional user action before it can be completed successfully. \
                           Payment can be completed using the PaymentIntent associated with the invoice.";
            Err(Failure::invalid(402, message).kind("card_error").code("invoice_payment_intent_requires_action"))
        }
        _ => objects::show(state, call, call.id()),
    }
}

fn send(state: &mut State, call: &Call) -> Answer {
    let invoice = objects::find(state, call)?.clone();
    invoices::in_status(&invoice, &["draft", "open"], "sent")?;
    let mut act = call.act(state);
    act.by_clock_of(&invoice);
    if invoice["status"] == "draft" {
        invoices::finalize(&mut act, call.id());
    }
    act.announce("invoice.sent", call.id());
    objects::show(state, call, call.id())
}

fn void(state: &mut State, call: &Call) -> Answer {
    let invoice = objects::find(state, call)?.clone();
    let mut act = call.act(state);
    act.by_clock_of(&invoice);
    invoices::void(&mut act, call.id())?;
    objects::show(state, call, call.id())
}

fn mark_uncollectible(state: &mut State, call: &Call) -> Answer {
    let invoice = objects::find(state, call)?.clone();
    let mut act = call.act(state);
    act.by_clock_of(&invoice);
    invoices::give_up(&mut act, call.id())?;
    objects::show(state, call, call.id())
}

fn preview(state: &mut State, call: &Call) -> Answer {
    let subscription = objects::named(state, call, "subscription", "subscription", "subscription")?.cloned();
    let customer = objects::customer(state, call)?;
    let mut act = call.act(state);
    let invoice = match subscription {
        Some(subscription) => {
            act.by_clock_of(&subscription);
            previews::next_period(&mut act, text_at(&subscription, "/id"))
        }
        None if customer.is_null() => return Err(Failure::missing_param("customer")),
        None => {
            act.by_clock_of(&customer);
            previews::pending(&mut act, &customer)
        }
    };
    Ok(shapes::render(&invoice, &call.version))
}
