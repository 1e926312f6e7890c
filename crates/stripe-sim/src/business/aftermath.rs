//! What happens to charges later, and to the money: refunds, disputes, payouts.

use serde_json::{Value, json};

use crate::engine::refunds::Order;
use crate::engine::{Act, disputes, payouts, refunds};
use crate::objects::{number, text};
use crate::state::Cause;

/// Whole or half of a charge is given back.
pub(super) fn refund(act: &mut Act) -> bool {
    let Some(charge) = act.pick_object("charge", whole) else { return false };
    let amount = number(&charge, "/amount");
    let amount = if act.chance(70) { amount } else { amount / 2 };
    act.begin_request();
    let order = Order { charge: &charge, amount, reason: Some("requested_by_customer"), metadata: json!({}) };
    refunds::carry_out(act, order);
    true
}

/// A cardholder asks the bank for the money back, and the bank takes it.
pub(super) fn dispute(act: &mut Act) -> bool {
    let Some(charge) = act.pick_object("charge", whole) else { return false };
    let reason = act.pick(&["fraudulent", "product_not_received", "subscription_canceled"]).unwrap_or("general");
    act.cause = Cause::default();
    disputes::open(act, text(&charge, "/id"), reason);
    true
}

/// Evidence is sent, or a dispute under review is won or lost.
pub(super) fn move_dispute_on(act: &mut Act) -> bool {
    let open = |dispute: &Value| matches!(text(dispute, "/status"), "needs_response" | "under_review");
    let Some(dispute) = act.pick_object("dispute", open) else { return false };
    let id = text(&dispute, "/id");
    if text(&dispute, "/status") == "needs_response" {
        act.begin_request();
        disputes::submit(act, id, |dispute| {
            dispute["evidence"]["uncategorized_text"] = json!("The parcel was signed for at the address given.");
        });
        return true;
    }
    act.cause = Cause::default();
    let won = act.chance(50);
    disputes::close(act, id, won);
    true
}

/// What is at hand goes to the bank.
pub(super) fn pay_out(act: &mut Act) -> bool {
    let (amount, _) = payouts::sums(act.state, &act.scope).get("usd").copied().unwrap_or_default();
    if amount <= 0 {
        return false;
    }
    act.cause = Cause::default();
    payouts::pay_out(act, amount, "usd", |payout| {
        payout["automatic"] = json!(true);
        payout["description"] = json!("STRIPE PAYOUT");
    });
    true
}

/// A payout reaches the bank.
pub(super) fn payout_arrives(act: &mut Act) -> bool {
    let Some(payout) = act.pick_object("payout", |payout| payout["status"] == "pending") else { return false };
    act.cause = Cause::default();
    let id = text(&payout, "/id");
    payouts::depart(act, id);
    payouts::arrive(act, id);
    true
}

/// Paid, nothing given back, not disputed.
fn whole(charge: &Value) -> bool {
    charge["paid"] == true && charge["disputed"] == false && number(charge, "/amount_refunded") == 0
}
