//! `/v1/transfers`: money for connected accounts, and what is taken back of it.

use serde_json::json;

use super::{Call, KIND, Kind, RETRIEVE, create as creates, get, list, list_at, objects, plain_update, post};
use crate::engine::payouts;
use crate::failure::{Answer, Failure};
use crate::fields::{Field, METADATA, flag, integer, one_of, text};
use crate::objects::number;
use crate::state::State;

const FIELDS: &[Field] = &[
    integer("amount").required(),
    text("currency").required(),
    text("destination").required(),
    text("description").kept(),
    text("source_transaction").kept(),
    one_of("source_type", &["bank_account", "card", "fpx"]).kept(),
    text("transfer_group").kept(),
    METADATA,
];

pub(super) static TRANSFER: Kind = Kind {
    object: "transfer",
    path: "/v1/transfers",
    noun: "transfer",
    permission: "transfer",
    events: "transfer",
    routes: &[
        list(&[("destination", "/destination"), ("transfer_group", "/transfer_group")]),
        RETRIEVE,
        creates(FIELDS, create),
        plain_update(&[text("description").kept(), METADATA]),
        list_at("/{}/reversals", &[], &[], reversals),
        get("/{}/reversals/{}", &[], reversal),
        post(
            "/{}/reversals",
            &[integer("amount"), text("description"), flag("refund_application_fee"), METADATA],
            reverse,
        ),
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    let (amount, destination) =
        (call.given.integer("/amount").unwrap_or_default(), call.given.text("/destination").unwrap_or_default());
    let known = destination != call.scope.account && state.accounts.get(destination).is_some();
    if !known {
        return Err(Failure::no_such("destination", destination).at("destination"));
    }
    if amount < 1 {
        let message = "This value must be greater than or equal to 1.";
        return Err(Failure::param("amount", message).code("parameter_invalid_integer"));
    }
    let currency = call.given.text("/currency").unwrap_or_default().to_lowercase();
    let mut kept = json!({});
    objects::keep(&mut kept, call, FIELDS)?;
    let mut act = call.act(state);
    let id =
        payouts::transfer(&mut act, amount, &currency, destination, |transfer| crate::fields::merge(transfer, &kept));
    objects::show(state, call, &id)
}

fn reversals(state: &mut State, call: &Call) -> Answer {
    objects::find(state, call)?;
    objects::list_kind(state, call, "transfer_reversal", |row| row["transfer"] == call.id())
}

fn reversal(state: &mut State, call: &Call) -> Answer {
    let found = objects::find_as(state, call, "transfer_reversal", "transfer reversal", call.second_id())?.clone();
    objects::show_value(state, call, &found)
}

fn reverse(state: &mut State, call: &Call) -> Answer {
    let transfer = objects::find(state, call)?.clone();
    let left = number(&transfer, "/amount") - number(&transfer, "/amount_reversed");
    let amount = call.given.integer("/amount").unwrap_or(left);
    if amount < 1 || amount > left {
        let message = format!("Transfer reversal amount ({amount}) is greater than the amount left ({left}).");
        return Err(Failure::param("amount", message));
    }
    let mut kept = json!({});
    objects::keep(&mut kept, call, &[METADATA])?;
    let reversal = payouts::reverse(&mut call.act(state), &transfer, amount, |row| crate::fields::merge(row, &kept));
    objects::show_value(state, call, &reversal)
}
