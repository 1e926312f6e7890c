//! `/v1/setup_intents`: payment methods kept for later.

use serde_json::{Value, json};

use super::{Call, KIND, Kind, RETRIEVE, create as creates, list, objects, payment_methods, post, update as updates};
use crate::engine::{payments, setups};
use crate::failure::{Answer, Failure};
use crate::fields::{Field, METADATA, flag, hash, one_of, text, texts, tree};
use crate::state::State;

const SHARED: &[Field] = &[
    text("customer").kept(),
    text("description").kept(),
    text("payment_method"),
    payment_methods::DATA,
    texts("payment_method_types").kept(),
    tree("payment_method_options"),
    METADATA,
    // What only a creation takes.
    hash(
        "automatic_payment_methods",
        &[flag("enabled").kept(), one_of("allow_redirects", &["always", "never"]).kept()],
    )
    .kept(),
    flag("confirm"),
    text("on_behalf_of").kept(),
    text("return_url"),
    tree("mandate_data"),
    one_of("usage", &["off_session", "on_session"]).kept(),
    flag("use_stripe_sdk"),
];
/// What follows cannot be changed later.
const CHANGEABLE: usize = 7;
const CONFIRM: &[Field] = &[
    text("payment_method"),
    payment_methods::DATA,
    text("return_url"),
    tree("payment_method_options"),
    tree("mandate_data"),
    flag("use_stripe_sdk"),
];
const REASONS: &[&str] = &["abandoned", "duplicate", "requested_by_customer"];

pub(super) static SETUP_INTENT: Kind = Kind {
    object: "setup_intent",
    path: "/v1/setup_intents",
    noun: "setupintent",
    permission: "setup_intent",
    events: "setup_intent",
    routes: &[
        list(&[("customer", "/customer"), ("payment_method", "/payment_method")]),
        RETRIEVE,
        creates(SHARED, create),
        updates(SHARED.split_at(CHANGEABLE).0, update),
        post("/{}/confirm", CONFIRM, confirm),
        post("/{}/cancel", &[one_of("cancellation_reason", REASONS)], cancel),
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    objects::customer(state, call)?;
    let method = payment_methods::given(state, call)?;
    let mut kept = json!({});
    objects::keep(&mut kept, call, SHARED)?;
    let id = setups::open(&mut call.act(state), call.given.text("/customer"), method.as_deref(), |intent| {
        crate::fields::merge(intent, &kept);
    });
    if call.given.flag("/confirm") == Some(true) {
        return carry_on(state, call, &id);
    }
    objects::show(state, call, &id)
}

fn update(state: &mut State, call: &Call) -> Answer {
    let mut changed = objects::find(state, call)?.clone();
    payments::in_status(&changed, "updated", &["requires_payment_method", "requires_confirmation"])?;
    objects::keep(&mut changed, call, call.fields)?;
    set_method(state, call, &mut changed)?;
    // Stripe has no `setup_intent.updated`.
    call.act(state).put(changed);
    objects::show(state, call, call.id())
}

fn set_method(state: &mut State, call: &Call, intent: &mut Value) -> Result<(), Failure> {
    if let Some(method) = payment_methods::given(state, call)? {
        intent["payment_method"] = json!(method);
        intent["status"] = json!("requires_confirmation");
    }
    Ok(())
}

fn confirm(state: &mut State, call: &Call) -> Answer {
    let mut changed = objects::find(state, call)?.clone();
    set_method(state, call, &mut changed)?;
    call.act(state).put(changed);
    carry_on(state, call, call.id())
}

fn carry_on(state: &mut State, call: &Call, id: &str) -> Answer {
    let outcome = setups::confirm(&mut call.act(state), id);
    let shown = objects::show(state, call, id)?;
    match outcome {
        Ok(()) => Ok(shown),
        Err(failure) => Err(failure.with("setup_intent", shown)),
    }
}

fn cancel(state: &mut State, call: &Call) -> Answer {
    objects::find(state, call)?;
    setups::cancel(&mut call.act(state), call.id(), call.given.text("/cancellation_reason"))?;
    objects::show(state, call, call.id())
}
