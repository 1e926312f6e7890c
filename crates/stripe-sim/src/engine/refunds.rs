//! Refunds: charges given back, whole or in part.

use serde_json::{Value, json};

use super::{Act, charges};
use crate::cards::{self, Outcome};
use crate::failure::Failure;
use crate::objects::balance_transaction::Movement;
use crate::objects::{number, refund, text};

/// How long a refund takes that fails or waits, in seconds: days at Stripe.
const LATER: i64 = 5;

/// A refund that has been checked.
pub(crate) struct Order<'a> {
    pub(crate) charge: &'a Value,
    /// In minor units.
    pub(crate) amount: i64,
    pub(crate) reason: Option<&'a str>,
    pub(crate) metadata: Value,
}

/// How much of a charge can be given back, or why nothing can.
pub(crate) fn amount(charge: &Value, wanted: Option<i64>) -> Result<i64, Failure> {
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

/// Makes the refund, changes the charge, and tells of both; gives the refund's id.
pub(crate) fn carry_out(act: &mut Act, order: Order) -> String {
    let id = act.id("re");
    let transaction = move_money(act, &id, order.charge, -order.amount);
    let mut object =
        refund::refund(act.made_by_day(&id), order.charge, order.amount, order.reason, text(&transaction, "/id"));
    object["metadata"] = order.metadata;
    let method = act.object(text(order.charge, "/payment_method"));
    let outcome = cards::outcome(&method);
    if matches!(outcome, Outcome::RefundFails | Outcome::RefundWaits) {
        object["~settles_at"] = json!(act.state.now() + LATER);
        object["~fails"] = json!(outcome == Outcome::RefundFails);
    }
    if outcome == Outcome::RefundWaits {
        object["status"] = json!("pending");
    }
    act.create("refund.created", object);
    let (charge, amount) = (text(order.charge, "/id"), order.amount);
    act.become_and_tell(charge, "charge.refunded", |charge| change_refunded(charge, amount));
    id
}

fn change_refunded(charge: &mut Value, by: i64) {
    let refunded = number(charge, "/amount_refunded") + by;
    charge["amount_refunded"] = json!(refunded);
    charge["refunded"] = json!(refunded == number(charge, "/amount"));
}

fn move_money(act: &mut Act, refund: &str, charge: &Value, amount: i64) -> Value {
    let movement = Movement {
        kind: if amount < 0 { "refund" } else { "refund_failure" },
        source: refund,
        amount,
        fee: 0,
        currency: text(charge, "/currency"),
        description: Some(if amount < 0 { "REFUND FOR CHARGE" } else { "REFUND FAILURE FOR CHARGE" }),
    };
    charges::adjust(act, &movement)
}

/// The bank answers what it left open about a refund.
pub(crate) fn settle(act: &mut Act, id: &str) {
    let object = act.object(id);
    act.amend(id, |refund| refund["~settles_at"] = Value::Null);
    if object["~fails"] == true {
        return undo(act, &object, "failed");
    }
    let change = |refund: &mut Value| refund["status"] = json!("succeeded");
    act.update(id, "refund.updated", change);
    act.announce("charge.refund.updated", id);
}

/// Takes a refund back: it failed, or was canceled while it was pending.
pub(crate) fn undo(act: &mut Act, object: &Value, status: &str) {
    let (id, amount) = (text(object, "/id"), number(object, "/amount"));
    let charge = act.object(text(object, "/charge"));
    let transaction = move_money(act, id, &charge, amount);
    let balance = transaction["id"].clone();
    let change = |refund: &mut Value| {
        refund["failure_balance_transaction"] = balance;
        if status == "failed" {
            refund["failure_reason"] = json!("unknown");
        }
        refund["status"] = json!(status);
        refund["~settles_at"] = Value::Null;
    };
    act.update(id, "refund.updated", change);
    if status == "failed" {
        act.announce("refund.failed", id);
    }
    act.announce("charge.refund.updated", id);
    let change = |charge: &mut Value| change_refunded(charge, -amount);
    act.update(text(&charge, "/id"), "charge.updated", change);
}
