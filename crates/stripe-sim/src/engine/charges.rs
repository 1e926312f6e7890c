//! Charges and what they do to the balance.

use serde_json::{Value, json};

use super::Act;
use crate::cards::{self, Outcome};
use crate::objects::balance_transaction::{Movement, balance_transaction, card_fee};
use crate::objects::{charge, number, text};

/// A charge that succeeds; gives its id.
pub(crate) fn succeed(act: &mut Act, intent: &Value, method: &Value) -> String {
    let (id, mut object) = fresh(act, intent, method);
    let at_once = cards::outcome(method) == Outcome::PaidAtOnce;
    object["balance_transaction"] = json!(earn(act, &object, number(&object, "/amount"), at_once));
    act.create("charge.succeeded", object);
    id
}

/// A charge whose money is set aside; gives its id.
pub(crate) fn hold(act: &mut Act, intent: &Value, method: &Value) -> String {
    let (id, mut object) = fresh(act, intent, method);
    charge::hold(&mut object);
    act.create("charge.succeeded", object);
    id
}

/// A charge that the bank declines; gives its id.
pub(crate) fn fail(act: &mut Act, intent: &Value, method: &Value, reason: &str) -> String {
    let (id, mut object) = fresh(act, intent, method);
    charge::decline(&mut object, reason);
    act.create("charge.failed", object);
    id
}

/// A charge that the bank answers later; gives its id.
pub(crate) fn wait(act: &mut Act, intent: &Value, method: &Value) -> String {
    let (id, mut object) = fresh(act, intent, method);
    charge::wait(&mut object);
    act.create("charge.pending", object);
    id
}

/// The bank says yes at last.
pub(crate) fn succeed_late(act: &mut Act, id: &str) {
    let object = act.object(id);
    let transaction = earn(act, &object, number(&object, "/amount"), false);
    act.become_and_tell(id, "charge.succeeded", |charge| {
        charge["balance_transaction"] = json!(transaction);
        charge["paid"] = json!(true);
        charge["status"] = json!("succeeded");
    });
}

/// The bank says no at last.
pub(crate) fn fail_late(act: &mut Act, id: &str) {
    act.become_and_tell(id, "charge.failed", |charge| charge::decline(charge, "generic_decline"));
}

/// Takes money that was set aside.
pub(crate) fn capture(act: &mut Act, id: &str, amount: i64) {
    let object = act.object(id);
    let transaction = earn(act, &object, amount, false);
    act.become_and_tell(id, "charge.captured", |charge| {
        charge["amount_captured"] = json!(amount);
        // What is not captured goes back, which Stripe shows as refunded.
        charge["amount_refunded"] = json!(number(charge, "/amount") - amount);
        charge["balance_transaction"] = json!(transaction);
        charge["captured"] = json!(true);
    });
}

/// Lets money go that was set aside.
pub(crate) fn let_go(act: &mut Act, id: &str) {
    act.become_and_tell(id, "charge.refunded", |charge| {
        charge["amount_refunded"] = charge["amount"].clone();
        charge["refunded"] = json!(true);
    });
}

fn fresh(act: &mut Act, intent: &Value, method: &Value) -> (String, Value) {
    let (id, receipt) = (act.id("ch"), act.state.ids.text(40));
    let object = charge::charge(act.made_by_day(&id), intent, method, &receipt);
    (id, object)
}

/// Adds a charge to the balance; gives the transaction's id.
fn earn(act: &mut Act, charge: &Value, amount: i64, at_once: bool) -> String {
    let id = act.id("txn");
    let movement = Movement {
        kind: "charge",
        source: text(charge, "/id"),
        amount,
        fee: card_fee(amount),
        currency: text(charge, "/currency"),
        description: charge["description"].as_str(),
    };
    let mut transaction = balance_transaction(act.made_by_day(&id), &movement);
    if at_once {
        transaction["available_on"] = json!(act.state.now());
        transaction["status"] = json!("available");
    }
    act.put(transaction);
    id
}

/// Moves money out of the balance or into it; gives the transaction.
pub(crate) fn adjust(act: &mut Act, movement: &Movement) -> Value {
    let id = act.id("txn");
    let transaction = balance_transaction(act.made_by_day(&id), movement);
    act.put(transaction.clone());
    transaction
}
