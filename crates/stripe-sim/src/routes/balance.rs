//! `/v1/balance` and `/v1/balance_transactions`: what the account has, and what moved it.

use super::{Call, KIND, Kind, RETRIEVE, get, list};
use crate::engine::payouts;
use crate::failure::Answer;
use crate::state::State;

pub(super) static BALANCE: Kind = Kind {
    object: "balance",
    path: "/v1/balance",
    noun: "balance",
    permission: "balance",
    routes: &[get("", &[], balance)],
    ..KIND
};

pub(super) static BALANCE_TRANSACTION: Kind = Kind {
    object: "balance_transaction",
    path: "/v1/balance_transactions",
    noun: "balance transaction",
    permission: "balance_transaction",
    routes: &[
        list(&[("source", "/source"), ("type", "/type"), ("currency", "/currency"), ("payout", "/~payout")]),
        RETRIEVE,
    ],
    ..KIND
};

fn balance(state: &mut State, call: &Call) -> Answer {
    Ok(payouts::balance(state, &call.scope))
}
