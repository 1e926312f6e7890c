//! The balance, and how money leaves it: payouts to the bank, transfers to connected accounts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Act, charges};
use crate::objects::balance_transaction::Movement;
use crate::objects::{number, payout, text};
use crate::state::{Scope, State};

/// How long a payout takes to the bank, in seconds.
const TO_THE_BANK: i64 = 2 * 24 * 3600;

/// What each currency has at hand and what it waits for.
pub(crate) fn sums(state: &State, scope: &Scope) -> BTreeMap<String, (i64, i64)> {
    let mut sums = BTreeMap::new();
    let now = state.now();
    for row in state.store.newest(scope, "balance_transaction") {
        let sum: &mut (i64, i64) = sums.entry(text(row, "/currency").to_owned()).or_default();
        let at_hand = number(row, "/available_on") <= now;
        if at_hand { sum.0 += number(row, "/net") } else { sum.1 += number(row, "/net") }
    }
    sums
}

/// The balance as the API shows it.
pub(crate) fn balance(state: &State, scope: &Scope) -> Value {
    let mut sums = sums(state, scope);
    if sums.is_empty() {
        sums.insert("usd".to_owned(), (0, 0));
    }
    let rows = |pick: fn(&(i64, i64)) -> i64| -> Vec<Value> {
        let row = |(currency, sum): (&String, &(i64, i64))| json!({ "amount": pick(sum), "currency": currency, "source_types": { "card": pick(sum) } });
        sums.iter().map(row).collect()
    };
    let reserved: Vec<Value> = sums.keys().map(|currency| json!({ "amount": 0, "currency": currency })).collect();
    json!({
        "object": "balance",
        "available": rows(|sum| sum.0),
        "connect_reserved": reserved,
        "livemode": scope.livemode,
        "pending": rows(|sum| sum.1),
    })
}

/// Money that was pending is at hand.
pub(crate) fn make_available(act: &mut Act, id: &str) {
    act.amend(id, |transaction| transaction["status"] = json!("available"));
    let balance = balance(act.state, &act.scope);
    act.tell_only("balance.available", balance);
}

/// Sends money to the bank; gives the payout's id.
pub(crate) fn pay_out(act: &mut Act, amount: i64, currency: &str, change: impl FnOnce(&mut Value)) -> String {
    let (id, bank) = (act.id("po"), act.id("ba"));
    let arrives = act.state.now() + TO_THE_BANK;
    let mut object = payout::payout(act.made_by_day(&id), amount, currency, arrives, &bank);
    change(&mut object);
    let movement =
        Movement { kind: "payout", source: &id, amount: -amount, fee: 0, currency, description: Some("STRIPE PAYOUT") };
    object["balance_transaction"] = charges::adjust(act, &movement)["id"].clone();
    act.create("payout.created", object);
    id
}

/// A payout is handed to the bank.
pub(crate) fn depart(act: &mut Act, id: &str) {
    act.update(id, "payout.updated", |payout| payout["status"] = json!("in_transit"));
}

/// A payout has arrived, so far as Stripe knows.
pub(crate) fn arrive(act: &mut Act, id: &str) {
    act.update(id, "payout.updated", |payout| payout["status"] = json!("paid"));
    act.announce("payout.paid", id);
}

/// A payout that never came to the bank: canceled, or failed for a reason.
pub(crate) fn bring_back(act: &mut Act, id: &str, failed: Option<&str>) {
    let object = act.object(id);
    let movement = Movement {
        kind: if failed.is_some() { "payout_failure" } else { "payout_cancel" },
        source: id,
        amount: number(&object, "/amount"),
        fee: 0,
        currency: text(&object, "/currency"),
        description: Some("PAYOUT RETURNED"),
    };
    let transaction = charges::adjust(act, &movement)["id"].clone();
    let told = if failed.is_some() { "payout.failed" } else { "payout.canceled" };
    act.become_and_tell(id, told, |payout| {
        payout["failure_balance_transaction"] = transaction;
        payout["failure_code"] = json!(failed);
        payout["failure_message"] = json!(failed.map(|_| "The bank could not process this payout."));
        payout["status"] = json!(if failed.is_some() { "failed" } else { "canceled" });
    });
}

/// Gives money to a connected account; gives the transfer's id.
pub(crate) fn transfer(
    act: &mut Act,
    amount: i64,
    currency: &str,
    destination: &str,
    change: impl FnOnce(&mut Value),
) -> String {
    let id = act.id("tr");
    let movement = Movement { kind: "transfer", source: &id, amount: -amount, fee: 0, currency, description: None };
    let transaction = charges::adjust(act, &movement);
    let balance = text(&transaction, "/id");
    let mut object = payout::transfer(act.made_by_day(&id), amount, currency, destination, balance);
    change(&mut object);
    act.create("transfer.created", object);
    id
}

/// Takes a transfer back, whole or in part; gives the reversal.
pub(crate) fn reverse(act: &mut Act, transfer: &Value, amount: i64, change: impl FnOnce(&mut Value)) -> Value {
    let (id, transfer_id) = (act.id("trr"), text(transfer, "/id"));
    let currency = text(transfer, "/currency");
    let movement =
        Movement { kind: "transfer_refund", source: transfer_id, amount, fee: 0, currency, description: None };
    let transaction = charges::adjust(act, &movement);
    let balance = text(&transaction, "/id");
    let mut reversal = payout::transfer_reversal(act.made_by_day(&id), transfer, amount, balance);
    change(&mut reversal);
    act.put(reversal.clone());
    let shown = reversal.clone();
    act.become_and_tell(transfer_id, "transfer.reversed", |transfer| {
        let reversed = number(transfer, "/amount_reversed") + amount;
        transfer["amount_reversed"] = json!(reversed);
        transfer["reversed"] = json!(reversed == number(transfer, "/amount"));
        if let Some(rows) = transfer["reversals"]["data"].as_array_mut() {
            rows.insert(0, shown);
        }
    });
    reversal
}
