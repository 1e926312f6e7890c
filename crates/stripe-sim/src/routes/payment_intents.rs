//! `/v1/payment_intents`: created, confirmed, captured, canceled.

use serde_json::{Value, json};

use super::{
    Call, KIND, Kind, RETRIEVE, create as creates, list, objects, payment_methods, post, search, update as updates,
};
use crate::engine::payments::{self, Attempt};
use crate::failure::{Answer, Failure};
use crate::fields::{Field, METADATA, SHIPPING, flag, hash, integer, one_of, text, texts, tree};
use crate::objects::payment_intent::Due;
use crate::objects::text as text_at;
use crate::state::State;

const REASONS: &[&str] = &["abandoned", "duplicate", "fraudulent", "requested_by_customer"];
const CAPTURE_METHODS: &[&str] = &["automatic", "automatic_async", "manual"];
const FUTURE: &[&str] = &["off_session", "on_session"];

const SHARED: &[Field] = &[
    integer("amount").kept(),
    text("currency").kept(),
    text("customer").kept(),
    text("description").kept(),
    text("payment_method"),
    payment_methods::DATA,
    texts("payment_method_types").kept(),
    texts("allowed_payment_method_types"),
    tree("payment_method_options"),
    text("receipt_email").kept(),
    one_of("setup_future_usage", FUTURE).kept(),
    hash("shipping", SHIPPING).kept(),
    text("statement_descriptor").kept(),
    text("statement_descriptor_suffix").kept(),
    one_of("capture_method", CAPTURE_METHODS).kept(),
    integer("application_fee_amount").kept(),
    text("transfer_group").kept(),
    METADATA,
    // What only a creation takes.
    hash(
        "automatic_payment_methods",
        &[flag("enabled").kept(), one_of("allow_redirects", &["always", "never"]).kept()],
    )
    .kept(),
    flag("confirm"),
    one_of("confirmation_method", &["automatic", "manual"]).kept(),
    flag("error_on_requires_action"),
    flag("off_session"),
    text("on_behalf_of").kept(),
    text("return_url"),
    tree("mandate_data"),
    hash("transfer_data", &[integer("amount").kept(), text("destination").kept()]).kept(),
    flag("use_stripe_sdk"),
];
/// What follows cannot be changed later.
const CHANGEABLE: usize = 18;
const CONFIRM: &[Field] = &[
    text("payment_method"),
    payment_methods::DATA,
    text("return_url"),
    flag("off_session"),
    flag("error_on_requires_action"),
    one_of("setup_future_usage", FUTURE).kept(),
    one_of("capture_method", CAPTURE_METHODS).kept(),
    text("receipt_email").kept(),
    hash("shipping", SHIPPING).kept(),
    tree("payment_method_options"),
    tree("mandate_data"),
    flag("use_stripe_sdk"),
];

pub(super) static PAYMENT_INTENT: Kind = Kind {
    object: "payment_intent",
    path: "/v1/payment_intents",
    noun: "payment_intent",
    permission: "payment_intent",
    events: "payment_intent",
    routes: &[
        list(&[("customer", "/customer")]),
        search::ROUTE,
        RETRIEVE,
        creates(SHARED, create),
        updates(SHARED.split_at(CHANGEABLE).0, update),
        post("/{}/confirm", CONFIRM, confirm),
        post("/{}/capture", &[integer("amount_to_capture"), METADATA], capture),
        post("/{}/cancel", &[one_of("cancellation_reason", REASONS)], cancel),
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    let given = &call.given;
    let amount = given.integer("/amount").ok_or_else(|| Failure::missing_param("amount"))?;
    let currency = given.text("/currency").ok_or_else(|| Failure::missing_param("currency"))?.to_lowercase();
    if amount < 1 {
        let message = "This value must be greater than or equal to 1.";
        return Err(Failure::param("amount", message).code("parameter_invalid_integer"));
    }
    objects::customer(state, call)?;
    let method = payment_methods::given(state, call)?;
    let mut kept = json!({});
    objects::keep(&mut kept, call, SHARED)?;
    kept["currency"] = json!(currency);
    let mut act = call.act(state);
    let due = Due {
        customer: given.text("/customer"),
        payment_method: method.as_deref(),
        amount,
        currency: &currency,
        ..Due::default()
    };
    let id = payments::open(&mut act, &due, |intent| {
        crate::fields::merge(intent, &kept);
        note(intent, call);
    });
    if given.flag("/confirm") == Some(true) {
        return carry_on(state, call, &id);
    }
    objects::show(state, call, &id)
}

/// What only the simulator remembers of a call.
fn note(intent: &mut Value, call: &Call) {
    if let Some(url) = call.given.text("/return_url") {
        intent["~return_url"] = json!(url);
    }
    if let Some(off_session) = call.given.flag("/off_session") {
        intent["~off_session"] = json!(off_session);
    }
}

fn update(state: &mut State, call: &Call) -> Answer {
    const STATUSES: [&str; 4] =
        ["requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"];
    let mut changed = objects::find(state, call)?.clone();
    let only_notes = call.given.value().as_object().is_some_and(|given| given.keys().all(|name| name == "metadata"));
    if !only_notes {
        payments::in_status(&changed, "updated", &STATUSES)?;
    }
    objects::keep(&mut changed, call, call.fields)?;
    set_method(state, call, &mut changed)?;
    // Stripe has no `payment_intent.updated`.
    call.act(state).put(changed);
    objects::show(state, call, call.id())
}

fn set_method(state: &mut State, call: &Call, intent: &mut Value) -> Result<(), Failure> {
    if let Some(method) = payment_methods::given(state, call)? {
        intent["payment_method"] = json!(method);
        if intent["status"] == "requires_payment_method" {
            intent["status"] = json!("requires_confirmation");
        }
    }
    Ok(())
}

fn confirm(state: &mut State, call: &Call) -> Answer {
    let mut changed = objects::find(state, call)?.clone();
    payments::in_status(
        &changed,
        "confirmed",
        &["requires_payment_method", "requires_confirmation", "requires_action"],
    )?;
    objects::keep(&mut changed, call, CONFIRM)?;
    set_method(state, call, &mut changed)?;
    note(&mut changed, call);
    call.act(state).put(changed);
    carry_on(state, call, call.id())
}

/// Tries to be paid and answers with what came of it.
fn carry_on(state: &mut State, call: &Call, id: &str) -> Answer {
    let mut act = call.act(state);
    let invoice = act.object(text_at(&act.object(id), "/~invoice"));
    act.by_clock_of(&invoice);
    let attempt = payments::confirm(&mut act, id, call.given.flag("/off_session").unwrap_or(false));
    let shown = objects::show(state, call, id)?;
    match attempt {
        Attempt::Declined(failure) => {
            let method = shown["last_payment_error"]["payment_method"].clone();
            Err(failure.with("payment_intent", shown).with("payment_method", method))
        }
        Attempt::NoMethod => {
            let message = "You cannot confirm this PaymentIntent because it's missing a payment method. You can either \
                           update the PaymentIntent with a payment method and then confirm it again, or confirm it \
                           again directly with a payment method or ConfirmationToken.";
            let failure = Failure::invalid(400, message).code("payment_intent_unexpected_state");
            Err(failure.with("payment_intent", shown))
        }
        _ => Ok(shown),
    }
}

fn capture(state: &mut State, call: &Call) -> Answer {
    let mut changed = objects::find(state, call)?.clone();
    objects::keep(&mut changed, call, &[METADATA])?;
    let mut act = call.act(state);
    act.put(changed);
    payments::capture(&mut act, call.id(), call.given.integer("/amount_to_capture"))?;
    objects::show(state, call, call.id())
}

fn cancel(state: &mut State, call: &Call) -> Answer {
    objects::find(state, call)?;
    payments::cancel(&mut call.act(state), call.id(), call.given.text("/cancellation_reason"))?;
    objects::show(state, call, call.id())
}
