//! `/v1/refunds`: give a charge back, whole or in part.

use serde_json::{Value, json};

use super::metadata::change_metadata;
use super::{Action, Call, objects};
use crate::failure::{Answer, Failure};
use crate::objects::balance_transaction::{Movement, balance_transaction};
use crate::objects::{Made, number, refund, text};
use crate::state::{Cause, Scope, State};

const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

pub(super) const CREATE: Action =
    Action { params: &["charge", "payment_intent", "amount", "reason", "metadata"], run: create };

fn create(state: &mut State, call: &Call) -> Answer {
    let charge = charge(state, call)?.clone();
    let amount = amount(&charge, call.params.integer("amount")?)?;
    let reason = call.params.text("reason")?;
    if reason.is_some_and(|reason| !REASONS.contains(&reason)) {
        let message = format!("Invalid reason: must be one of {}", REASONS.join(", "));
        return Err(Failure::param("reason", message));
    }
    let mut checked = json!({});
    change_metadata(&mut checked, &call.params)?;
    let order = Order { charge: &charge, amount, reason, metadata: checked["metadata"].take() };
    let id = carry_out(state, &call.scope, &call.cause, order);
    objects::show(state, call, &id)
}

fn charge<'a>(state: &'a State, call: &Call) -> Result<&'a Value, Failure> {
    match (call.params.text("charge")?, call.params.text("payment_intent")?) {
        (Some(_), Some(_)) => {
            Err(Failure::invalid(400, "You may only specify one of these parameters: charge, payment_intent."))
        }
        (Some(charge), None) => objects::find_as(state, call, "charge", "charge", charge),
        (None, Some(intent)) => {
            let intent = objects::find_as(state, call, "payment_intent", "payment_intent", intent)?;
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

fn amount(charge: &Value, wanted: Option<i64>) -> Result<i64, Failure> {
    let id = text(charge, "/id");
    if charge["disputed"] == true {
        let message = format!("Charge {id} has been charged back; cannot issue a refund.");
        return Err(Failure::invalid(400, message).code("charge_disputed"));
    }
    if charge["paid"] != true {
        return Err(Failure::invalid(400, format!("Charge {id} has not been paid.")));
    }
    let left = number(charge, "/amount") - number(charge, "/amount_refunded");
    if left == 0 {
        let message = format!("Charge {id} has already been refunded.");
        return Err(Failure::invalid(400, message).code("charge_already_refunded"));
    }
    match wanted.unwrap_or(left) {
        amount if amount < 1 => Err(Failure::param("amount", "This value must be greater than or equal to 1.")
            .code("parameter_invalid_integer")),
        amount if amount > left => {
            let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
            Err(Failure::param("amount", message))
        }
        amount => Ok(amount),
    }
}

/// A refund that has been checked.
pub(crate) struct Order<'a> {
    pub(crate) charge: &'a Value,
    /// In minor units.
    pub(crate) amount: i64,
    pub(crate) reason: Option<&'a str>,
    pub(crate) metadata: Value,
}

/// Makes the refund, changes the charge, and tells of both; gives the refund's id.
pub(crate) fn carry_out(state: &mut State, scope: &Scope, cause: &Cause, order: Order) -> String {
    let (id, balance) = (state.ids.id("re"), state.ids.id("txn"));
    let made = |id| Made { id, created: state.now(), livemode: scope.livemode };
    let movement = Movement {
        kind: "refund",
        source: &id,
        amount: -order.amount,
        fee: 0,
        currency: text(order.charge, "/currency"),
        description: "REFUND FOR CHARGE",
    };
    let transaction = balance_transaction(made(&balance), &movement);
    let mut object = refund::refund(made(&id), order.charge, order.amount, order.reason, &balance);
    object["metadata"] = order.metadata;
    state.store.put(scope, transaction);
    state.create(scope, cause, "refund.created", object);
    let charge_id = text(order.charge, "/id");
    state.amend(charge_id, |charge| {
        let refunded = number(charge, "/amount_refunded") + order.amount;
        charge["amount_refunded"] = json!(refunded);
        charge["refunded"] = json!(refunded == number(charge, "/amount"));
    });
    state.announce(scope, cause, "charge.refunded", charge_id);
    id
}
