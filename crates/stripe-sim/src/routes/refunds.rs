//! `/v1/refunds`: give a charge back, whole or in part.

use serde_json::{Value, json};

use super::{Call, KIND, Kind, RETRIEVE, UPDATE_METADATA, create as creates, list, objects, post};
use crate::engine::refunds::{self, Order};
use crate::failure::{Answer, Failure};
use crate::fields::{Field, METADATA, flag, integer, one_of, text};
use crate::state::State;

const FIELDS: &[Field] = &[
    text("charge"),
    text("payment_intent"),
    integer("amount"),
    one_of("reason", &["duplicate", "fraudulent", "requested_by_customer"]),
    flag("refund_application_fee"),
    flag("reverse_transfer"),
    METADATA,
];

pub(super) static REFUND: Kind = Kind {
    object: "refund",
    path: "/v1/refunds",
    noun: "refund",
    permission: "charge",
    events: "refund",
    routes: &[
        list(&[("charge", "/charge"), ("payment_intent", "/payment_intent")]),
        RETRIEVE,
        creates(FIELDS, create),
        UPDATE_METADATA,
        post("/{}/cancel", &[], cancel),
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    let charge = charge(state, call)?.clone();
    let amount = refunds::amount(&charge, call.given.integer("/amount"))?;
    let mut kept = json!({});
    objects::keep(&mut kept, call, &[METADATA])?;
    let order =
        Order { charge: &charge, amount, reason: call.given.text("/reason"), metadata: kept["metadata"].take() };
    let id = refunds::carry_out(&mut call.act(state), order);
    objects::show(state, call, &id)
}

fn charge<'a>(state: &'a State, call: &Call) -> Result<&'a Value, Failure> {
    let named = |param: &str| objects::named(state, call, param, param, param);
    match (named("charge")?, named("payment_intent")?) {
        (Some(_), Some(_)) => {
            Err(Failure::invalid(400, "You may only specify one of these parameters: charge, payment_intent."))
        }
        (Some(charge), None) => Ok(charge),
        (None, Some(intent)) => {
            let without = || Failure::invalid(400, "This PaymentIntent does not have a successful charge to refund.");
            let charge = intent["latest_charge"].as_str().ok_or_else(without)?;
            objects::find_as(state, call, "charge", "charge", charge)
        }
        (None, None) => Err(Failure::invalid(
            400,
            "One of the following params should be provided for this request: payment_intent or charge.",
        )),
    }
}

fn cancel(state: &mut State, call: &Call) -> Answer {
    let refund = objects::find(state, call)?.clone();
    if refund["status"] != "pending" {
        let message = format!("Refund {} cannot be canceled: its status is {}.", call.id(), refund["status"]);
        return Err(Failure::invalid(400, message));
    }
    refunds::undo(&mut call.act(state), &refund, "canceled");
    objects::show(state, call, call.id())
}
