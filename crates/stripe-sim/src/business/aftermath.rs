//! What happens to charges later: refunds and disputes.

use serde_json::{Value, json};

use super::scene::Scene;
use crate::objects::balance_transaction::{Movement, balance_transaction};
use crate::objects::{dispute, number, text};
use crate::routes::refunds::{self, Order};
use crate::state::Cause;

/// What Stripe takes for a dispute, in cents.
const DISPUTE_FEE: i64 = 1_500;

/// Whole or half of a charge is given back.
pub(super) fn refund(scene: &mut Scene) -> bool {
    let Some(charge) = scene.pick_object("charge", whole) else { return false };
    let amount = number(&charge, "/amount");
    let amount = if scene.chance(70) { amount } else { amount / 2 };
    let (scope, cause) = (scene.scope.clone(), scene.request());
    let order = Order { charge: &charge, amount, reason: Some("requested_by_customer"), metadata: json!({}) };
    refunds::carry_out(scene.state, &scope, &cause, order);
    true
}

/// A cardholder asks the bank for the money back, and the bank takes it.
pub(super) fn dispute(scene: &mut Scene) -> bool {
    let Some(charge) = scene.pick_object("charge", whole) else { return false };
    let reason = scene.pick(&["fraudulent", "product_not_received", "subscription_canceled"]).unwrap_or("general");
    let id = scene.id("dp");
    let taken = adjust(scene, &id, &charge, -1);
    let object = dispute::dispute(scene.made(&id), &charge, reason, &taken);
    scene.update(&Cause::default(), text(&charge, "/id"), "charge.updated", |charge| charge["disputed"] = json!(true));
    scene.create(&Cause::default(), "charge.dispute.created", object);
    scene.announce(&Cause::default(), "charge.dispute.funds_withdrawn", &id);
    true
}

/// Evidence is sent, or a dispute under review is won or lost.
pub(super) fn move_dispute_on(scene: &mut Scene) -> bool {
    let open = |dispute: &Value| matches!(text(dispute, "/status"), "needs_response" | "under_review");
    let Some(dispute) = scene.pick_object("dispute", open) else { return false };
    let id = text(&dispute, "/id");
    if text(&dispute, "/status") == "needs_response" {
        let cause = scene.request();
        scene.update(&cause, id, "charge.dispute.updated", |dispute| {
            dispute["evidence"]["uncategorized_text"] = json!("The parcel was signed for at the address given.");
            dispute["evidence_details"]["has_evidence"] = json!(true);
            dispute["evidence_details"]["submission_count"] = json!(1);
            dispute["status"] = json!("under_review");
        });
        return true;
    }
    let won = scene.chance(50);
    close(scene, &dispute, won);
    true
}

fn close(scene: &mut Scene, dispute: &Value, won: bool) {
    let id = text(dispute, "/id");
    scene.state.amend(id, |dispute| dispute["status"] = json!(if won { "won" } else { "lost" }));
    scene.announce(&Cause::default(), "charge.dispute.closed", id);
    if won {
        let charge = scene.object(text(dispute, "/charge"));
        let returned = adjust(scene, id, &charge, 1);
        scene.state.amend(id, |dispute| {
            if let Some(transactions) = dispute["balance_transactions"].as_array_mut() {
                transactions.push(returned);
            }
        });
        scene.announce(&Cause::default(), "charge.dispute.funds_reinstated", id);
    }
}

/// Moves the disputed money: out of the balance with -1, back into it with 1.
fn adjust(scene: &mut Scene, dispute: &str, charge: &Value, sign: i64) -> Value {
    let id = scene.id("txn");
    let movement = Movement {
        kind: "adjustment",
        source: dispute,
        amount: sign * number(charge, "/amount"),
        fee: -sign * DISPUTE_FEE,
        currency: text(charge, "/currency"),
        description: if sign < 0 { "Chargeback withdrawal" } else { "Chargeback reversal" },
    };
    let transaction = balance_transaction(scene.made(&id), &movement);
    scene.state.store.put(&scene.scope, transaction.clone());
    transaction
}

/// Paid, nothing given back, not disputed.
fn whole(charge: &Value) -> bool {
    charge["paid"] == true && charge["disputed"] == false && number(charge, "/amount_refunded") == 0
}
