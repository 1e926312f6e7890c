//! What becomes of subscriptions: renewals, failures, trials, changes, ends.

use serde_json::{Value, json};

use super::people;
use crate::engine::changes::{self, Change};
use crate::engine::{Act, invoices, subscriptions};
use crate::objects::subscription::period;
use crate::objects::text;
use crate::state::Cause;

/// The next period begins and is paid for.
pub(super) fn renew(act: &mut Act) -> bool {
    let Some(subscription) = act.pick_object("subscription", stays) else { return false };
    begin_period(act, &subscription, true);
    true
}

/// The next period begins, but the card is declined.
pub(super) fn renew_with_a_declined_card(act: &mut Act) -> bool {
    let Some(subscription) = act.pick_object("subscription", stays) else { return false };
    begin_period(act, &subscription, false);
    true
}

/// Stripe tries a declined payment again: it is paid, or fails once more, or the subscription ends.
pub(super) fn try_again(act: &mut Act) -> bool {
    let Some(subscription) = act.pick_object("subscription", |subscription| has(subscription, "past_due")) else {
        return false;
    };
    let good = act.chance(60);
    people::set_card(act, text(&subscription, "/customer"), good);
    act.cause = Cause::default();
    invoices::collect(act, text(&subscription, "/latest_invoice"), None, true);
    true
}

/// Stripe tells three days ahead that a trial ends.
pub(super) fn warn_of_trial_end(act: &mut Act) -> bool {
    let unwarned = |subscription: &Value| has(subscription, "trialing") && subscription["~told_of"].is_null();
    let Some(subscription) = act.pick_object("subscription", unwarned) else { return false };
    let id = text(&subscription, "/id");
    act.amend(id, |subscription| subscription["~told_of"] = json!("trial"));
    act.announce("customer.subscription.trial_will_end", id);
    true
}

/// A trial of which the customer was warned ends, and the first period is paid for.
pub(super) fn convert_trial(act: &mut Act) -> bool {
    let warned = |subscription: &Value| has(subscription, "trialing") && subscription["~told_of"] == "trial";
    let Some(subscription) = act.pick_object("subscription", warned) else { return false };
    begin_period(act, &subscription, true);
    true
}

/// The subscription moves to its next period, which begins now if the old one has not run out by itself.
fn begin_period(act: &mut Act, subscription: &Value, good: bool) {
    people::set_card(act, text(subscription, "/customer"), good);
    act.cause = Cause::default();
    let start = period(subscription).end.min(act.now);
    let invoice = subscriptions::begin_period(act, text(subscription, "/id"), start);
    invoices::finalize(act, &invoice);
    invoices::collect_if_automatic(act, &invoice);
}

/// A customer takes a bigger or a smaller box.
pub(super) fn change_plan(act: &mut Act) -> bool {
    let Some(subscription) = act.pick_object("subscription", |subscription| has(subscription, "active")) else {
        return false;
    };
    let item = &subscription["items"]["data"][0];
    let old = &item["price"];
    let other = |price: &Value| {
        price["type"] == "recurring"
            && price["id"] != old["id"]
            && price["recurring"]["interval"] == old["recurring"]["interval"]
    };
    let Some(price) = act.pick_object("price", other) else { return false };
    act.begin_request();
    let change = Change {
        item: item["id"].as_str().map(str::to_owned),
        price,
        quantity: None,
        deleted: false,
        metadata: Value::Null,
    };
    changes::apply(act, text(&subscription, "/id"), &[change], "create_prorations", |_| {});
    true
}

/// A customer cancels for the end of the period.
pub(super) fn ask_to_leave(act: &mut Act) -> bool {
    let Some(subscription) = act.pick_object("subscription", stays) else { return false };
    act.begin_request();
    let now = act.now;
    act.update(text(&subscription, "/id"), subscriptions::UPDATED, |subscription| {
        subscriptions::cancel_at_period_end(subscription, true, now);
    });
    true
}

/// A subscription whose customer asked to leave ends.
pub(super) fn leave(act: &mut Act) -> bool {
    let leaves = |subscription: &Value| has(subscription, "active") && subscription["cancel_at_period_end"] == true;
    let Some(subscription) = act.pick_object("subscription", leaves) else { return false };
    act.cause = Cause::default();
    subscriptions::end(act, text(&subscription, "/id"), Some("cancellation_requested"));
    true
}

fn stays(subscription: &Value) -> bool {
    has(subscription, "active") && subscription["cancel_at_period_end"] == false
}

fn has(subscription: &Value, status: &str) -> bool {
    text(subscription, "/status") == status
}
