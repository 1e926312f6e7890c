//! `/v1/charges`: read, annotate, capture, search.

use super::{Call, KIND, Kind, RETRIEVE, list, objects, plain_update, post, search};
use crate::engine::payments;
use crate::failure::{Answer, Failure};
use crate::fields::{METADATA, SHIPPING, hash, integer, text};
use crate::objects::text as text_at;
use crate::state::State;

pub(super) static CHARGE: Kind = Kind {
    object: "charge",
    path: "/v1/charges",
    noun: "charge",
    permission: "charge",
    events: "charge",
    routes: &[
        list(&[
            ("customer", "/customer"),
            ("payment_intent", "/payment_intent"),
            ("transfer_group", "/transfer_group"),
        ]),
        search::ROUTE,
        RETRIEVE,
        plain_update(&[
            text("description").kept(),
            text("receipt_email").kept(),
            hash("shipping", SHIPPING).kept(),
            text("transfer_group").kept(),
            METADATA,
        ]),
        post("/{}/capture", &[integer("amount")], capture),
    ],
    ..KIND
};

pub(super) static INVOICE_PAYMENT: Kind = Kind {
    object: "invoice_payment",
    path: "/v1/invoice_payments",
    noun: "invoice payment",
    permission: "invoice",
    events: "invoice_payment",
    routes: &[list(&[("invoice", "/invoice"), ("status", "/status")]), RETRIEVE],
    ..KIND
};

fn capture(state: &mut State, call: &Call) -> Answer {
    let charge = objects::find(state, call)?.clone();
    let captured = || {
        let message = format!("Charge {} has already been captured.", call.id());
        Failure::invalid(400, message).code("charge_already_captured")
    };
    if charge["captured"] == true || charge["paid"] != true {
        return Err(captured());
    }
    let intent = text_at(&charge, "/payment_intent");
    payments::capture(&mut call.act(state), intent, call.given.integer("/amount"))?;
    objects::show(state, call, call.id())
}
