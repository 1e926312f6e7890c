//! What becomes of subscriptions: renewals, failures, trials, changes, ends.

use serde_json::{Value, json};

use super::billing::{self, Billing};
use super::scene::Scene;
use super::signup::period_of;
use crate::objects::subscription::{set_period, set_price};
use crate::objects::{number, text};
use crate::routes::subscriptions;
use crate::state::Cause;

const UPDATED: &str = "customer.subscription.updated";
/// After so many declined attempts a subscription ends.
const MOST_ATTEMPTS: i64 = 4;
const REASONS: [&str; 3] = ["insufficient_funds", "generic_decline", "expired_card"];

/// The next period begins and is paid for.
pub(super) fn renew(scene: &mut Scene) -> bool {
    let stays = |subscription: &Value| has(subscription, "active") && subscription["cancel_at_period_end"] == false;
    let Some(subscription) = scene.pick_object("subscription", stays) else { return false };
    begin_period(scene, &subscription, None);
    true
}

/// The next period begins, but the card is declined.
pub(super) fn renew_with_a_declined_card(scene: &mut Scene) -> bool {
    let Some(subscription) = scene.pick_object("subscription", |subscription| has(subscription, "active")) else {
        return false;
    };
    let reason = scene.pick(&REASONS).unwrap_or(REASONS[0]);
    begin_period(scene, &subscription, Some(reason));
    true
}

/// Stripe tries a declined payment again: it is paid, or fails once more, or the subscription ends.
pub(super) fn try_again(scene: &mut Scene) -> bool {
    let Some(subscription) = scene.pick_object("subscription", |subscription| has(subscription, "past_due")) else {
        return false;
    };
    let (id, invoice) = (text(&subscription, "/id"), text(&subscription, "/latest_invoice"));
    if scene.chance(60) {
        billing::collect(scene, invoice, None);
        scene.update(&Cause::default(), id, UPDATED, |subscription| subscription["status"] = json!("active"));
        scene.set_delinquent(text(&subscription, "/customer"), false);
        return true;
    }
    let reason = scene.pick(&REASONS).unwrap_or(REASONS[0]);
    billing::collect(scene, invoice, Some(reason));
    if number(&scene.object(invoice), "/attempt_count") >= MOST_ATTEMPTS {
        give_up(scene, id, invoice);
    }
    true
}

fn give_up(scene: &mut Scene, subscription: &str, invoice: &str) {
    let now = scene.now;
    scene.state.amend(invoice, |invoice| {
        invoice["auto_advance"] = json!(false);
        invoice["next_payment_attempt"] = Value::Null;
        invoice["status"] = json!("uncollectible");
        invoice["status_transitions"]["marked_uncollectible_at"] = json!(now);
    });
    scene.announce(&Cause::default(), "invoice.marked_uncollectible", invoice);
    let scope = scene.scope.clone();
    subscriptions::end(scene.state, &scope, &Cause::default(), subscription, "payment_failed");
}

/// Stripe tells three days ahead that a trial ends.
pub(super) fn warn_of_trial_end(scene: &mut Scene) -> bool {
    let unwarned = |subscription: &Value| has(subscription, "trialing") && subscription["~warned"].is_null();
    let Some(subscription) = scene.pick_object("subscription", unwarned) else { return false };
    let id = text(&subscription, "/id");
    scene.state.amend(id, |subscription| subscription["~warned"] = json!(true));
    scene.announce(&Cause::default(), "customer.subscription.trial_will_end", id);
    true
}

/// A trial of which the customer was warned ends, and the first period is paid for.
pub(super) fn convert_trial(scene: &mut Scene) -> bool {
    let warned = |subscription: &Value| has(subscription, "trialing") && subscription["~warned"] == true;
    let Some(subscription) = scene.pick_object("subscription", warned) else { return false };
    begin_period(scene, &subscription, None);
    true
}

/// The subscription moves to its next period, which begins now if the old one has not run out by itself.
fn begin_period(scene: &mut Scene, subscription: &Value, declined: Option<&str>) {
    let id = text(subscription, "/id");
    let price = &subscription["items"]["data"][0]["price"];
    let old_end = number(subscription, "/items/data/0/current_period_end");
    let period = period_of(price, old_end.min(scene.now));
    let amount = number(price, "/unit_amount");
    let billing = Billing { subscription, reason: "subscription_cycle", period, amount };
    let invoice = billing::draft(scene, &billing);
    let trial_ends = has(subscription, "trialing").then_some(scene.now);
    scene.update(&Cause::default(), id, UPDATED, |subscription| {
        set_period(subscription, period);
        subscription["billing_cycle_anchor"] = json!(period.start);
        subscription["latest_invoice"] = json!(invoice);
        subscription["status"] = json!("active");
        if let Some(now) = trial_ends {
            subscription["trial_end"] = json!(now);
        }
    });
    billing::finalize(scene, &invoice);
    if !billing::collect(scene, &invoice, declined) {
        scene.update(&Cause::default(), id, UPDATED, |subscription| subscription["status"] = json!("past_due"));
        scene.set_delinquent(text(subscription, "/customer"), true);
    }
}

/// A customer takes a bigger or a smaller box.
pub(super) fn change_plan(scene: &mut Scene) -> bool {
    let Some(subscription) = scene.pick_object("subscription", |subscription| has(subscription, "active")) else {
        return false;
    };
    let old = &subscription["items"]["data"][0]["price"];
    let other = |price: &Value| {
        price["type"] == "recurring"
            && price["id"] != old["id"]
            && price["recurring"]["interval"] == old["recurring"]["interval"]
    };
    let Some(price) = scene.pick_object("price", other) else { return false };
    let cause = scene.request();
    scene.update(&cause, text(&subscription, "/id"), UPDATED, |subscription| set_price(subscription, &price));
    true
}

/// A customer cancels for the end of the period.
pub(super) fn ask_to_leave(scene: &mut Scene) -> bool {
    let stays = |subscription: &Value| has(subscription, "active") && subscription["cancel_at_period_end"] == false;
    let Some(subscription) = scene.pick_object("subscription", stays) else { return false };
    let (now, cause) = (scene.now, scene.request());
    scene.update(&cause, text(&subscription, "/id"), UPDATED, |subscription| {
        subscriptions::cancel_at_period_end(subscription, true, now);
    });
    true
}

/// A subscription whose customer asked to leave ends.
pub(super) fn leave(scene: &mut Scene) -> bool {
    let leaves = |subscription: &Value| has(subscription, "active") && subscription["cancel_at_period_end"] == true;
    let Some(subscription) = scene.pick_object("subscription", leaves) else { return false };
    let scope = scene.scope.clone();
    let id = text(&subscription, "/id");
    subscriptions::end(scene.state, &scope, &Cause::default(), id, "cancellation_requested");
    true
}

fn has(subscription: &Value, status: &str) -> bool {
    text(subscription, "/status") == status
}
