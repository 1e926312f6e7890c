//! `/v1/payouts`: money on its way to the bank.

use serde_json::json;

use super::{Call, KIND, Kind, RETRIEVE, UPDATE_METADATA, create as creates, list, objects, post};
use crate::engine::payouts;
use crate::failure::{Answer, Failure};
use crate::fields::{Field, METADATA, integer, one_of, text};
use crate::objects::text as text_at;
use crate::state::State;

const FIELDS: &[Field] = &[
    integer("amount").required(),
    text("currency").required(),
    text("description").kept(),
    text("destination").kept(),
    one_of("method", &["instant", "standard"]).kept(),
    one_of("source_type", &["bank_account", "card", "fpx"]).kept(),
    text("statement_descriptor").kept(),
    METADATA,
];

pub(super) static PAYOUT: Kind = Kind {
    object: "payout",
    path: "/v1/payouts",
    noun: "payout",
    permission: "payout",
    events: "payout",
    routes: &[
        list(&[("status", "/status"), ("destination", "/destination")]),
        RETRIEVE,
        creates(FIELDS, create),
        UPDATE_METADATA,
        post("/{}/cancel", &[], cancel),
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    let amount = call.given.integer("/amount").unwrap_or_default();
    let currency = call.given.text("/currency").unwrap_or_default().to_lowercase();
    let at_hand = payouts::sums(state, &call.scope).get(&currency).map_or(0, |sum| sum.0);
    if amount < 1 || amount > at_hand {
        let message = "You have insufficient funds in your Stripe account for this transfer. Your card balance is too \
                       low. You can use the the /v1/balance endpoint to view your Stripe balance (for more details, \
                       see stripe.com/docs/api#balance).";
        return Err(Failure::param("amount", message).code("balance_insufficient"));
    }
    let mut kept = json!({});
    objects::keep(&mut kept, call, FIELDS)?;
    let id = payouts::pay_out(&mut call.act(state), amount, &currency, |payout| crate::fields::merge(payout, &kept));
    objects::show(state, call, &id)
}

fn cancel(state: &mut State, call: &Call) -> Answer {
    let status = text_at(objects::find(state, call)?, "/status").to_owned();
    if status != "pending" {
        return Err(Failure::invalid(400, format!("Payouts with status {status} cannot be canceled.")));
    }
    payouts::bring_back(&mut call.act(state), call.id(), None);
    objects::show(state, call, call.id())
}
