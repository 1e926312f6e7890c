//! `/v1/disputes`: answer them, or give in.

use super::{Call, KIND, Kind, RETRIEVE, list, objects, post, update as updates};
use crate::engine::disputes;
use crate::failure::{Answer, Failure};
use crate::fields::{self, Field, METADATA, flag, hash, text};
use crate::objects::text as text_at;
use crate::state::State;

/// Evidence with this text wins a dispute at once, the other loses it (<https://docs.stripe.com/testing#disputes>).
const WINNING: &str = "winning_evidence";
const LOSING: &str = "losing_evidence";

const EVIDENCE: &[Field] = &[
    text("access_activity_log").kept(),
    text("billing_address").kept(),
    text("cancellation_policy_disclosure").kept(),
    text("cancellation_rebuttal").kept(),
    text("customer_email_address").kept(),
    text("customer_name").kept(),
    text("customer_purchase_ip").kept(),
    text("duplicate_charge_explanation").kept(),
    text("duplicate_charge_id").kept(),
    text("product_description").kept(),
    text("refund_policy_disclosure").kept(),
    text("refund_refusal_explanation").kept(),
    text("service_date").kept(),
    text("shipping_address").kept(),
    text("shipping_carrier").kept(),
    text("shipping_date").kept(),
    text("shipping_tracking_number").kept(),
    text("uncategorized_text").kept(),
];

pub(super) static DISPUTE: Kind = Kind {
    object: "dispute",
    path: "/v1/disputes",
    noun: "dispute",
    permission: "dispute",
    events: "charge.dispute",
    routes: &[
        list(&[("charge", "/charge"), ("payment_intent", "/payment_intent")]),
        RETRIEVE,
        updates(&[hash("evidence", EVIDENCE).kept(), flag("submit"), METADATA], update),
        post("/{}/close", &[], close),
    ],
    ..KIND
};

fn update(state: &mut State, call: &Call) -> Answer {
    let mut changed = objects::find(state, call)?.clone();
    objects::keep(&mut changed, call, call.fields)?;
    let sent = call.given.has("/evidence") && call.given.flag("/submit").unwrap_or(true);
    if !sent {
        return objects::replace(state, call, changed);
    }
    open(&changed)?;
    let mut act = call.act(state);
    disputes::submit(&mut act, call.id(), |dispute| {
        fields::merge(
            dispute,
            &serde_json::json!({ "evidence": changed["evidence"], "metadata": changed["metadata"] }),
        );
    });
    match text_at(&changed, "/evidence/uncategorized_text") {
        WINNING => disputes::close(&mut act, call.id(), true),
        LOSING => disputes::close(&mut act, call.id(), false),
        _ => {}
    }
    objects::show(state, call, call.id())
}

fn close(state: &mut State, call: &Call) -> Answer {
    open(objects::find(state, call)?)?;
    disputes::close(&mut call.act(state), call.id(), false);
    objects::show(state, call, call.id())
}

fn open(dispute: &serde_json::Value) -> Result<(), Failure> {
    if matches!(text_at(dispute, "/status"), "won" | "lost" | "warning_closed") {
        return Err(Failure::invalid(400, "This dispute is already closed."));
    }
    Ok(())
}
