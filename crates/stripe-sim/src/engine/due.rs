//! What comes due as time passes: renewals, trials that end, retries, what banks leave open.

use serde_json::{Value, json};

use super::{Act, checkout, invoices, payments, payouts, refunds, subscriptions};
use crate::objects::subscription::{is_alive, period};
use crate::objects::{number, text};
use crate::state::store::Stored;
use crate::state::{Cause, Scope, State};

const DAY: i64 = 24 * 3600;
/// How long before a trial ends or a period begins Stripe tells of it, in seconds.
const AHEAD: i64 = 3 * DAY;
/// How long the first payment of a subscription may take, in seconds.
const INCOMPLETE: i64 = 23 * 3600;
/// More than this never comes due in one go; whoever asks for it goes in steps.
const MOST: usize = 100_000;

/// What is to be done with an object at a time.
type Due = (i64, Happen);

/// What happens to the object of an id.
type Happen = fn(&mut Act, &str);

/// Finds out when what is next to be done with an object.
type Finder = fn(&Value) -> Option<Due>;

/// What comes due by the clock of whomever it concerns.
const BY_CLOCK: [(&str, Finder); 3] =
    [("subscription", subscription), ("invoice", invoice), ("checkout.session", session)];
/// What comes due by the simulator's own clock, whoever stands on a test clock.
const BY_DAY: [(&str, Finder); 4] =
    [("payment_intent", intent), ("refund", refund), ("payout", payout), ("balance_transaction", balance_transaction)];

/// Does what has come due until a time, one thing after the other; by a test clock if one is named.
pub(crate) fn run(state: &mut State, clock: Option<&str>, until: i64) {
    for _ in 0..MOST {
        let Some((at, scope, id, happen)) = next(state, clock, until) else { return };
        move_to(state, clock, at);
        let mut act = Act::new(state, scope, Cause::default());
        let object = act.object(&id);
        act.by_clock_of(&object);
        happen(&mut act, &id);
    }
}

/// The first thing that is due: when, whose, what, and what to do.
fn next(state: &State, clock: Option<&str>, until: i64) -> Option<(i64, Scope, String, Happen)> {
    let by_clock = BY_CLOCK.iter().map(|(kind, find)| (kind, find, true));
    let by_day = BY_DAY.iter().filter(|_| clock.is_none()).map(|(kind, find)| (kind, find, false));
    let mut first: Option<(Due, &Stored)> = None;
    for (kind, find, on_clock) in by_clock.chain(by_day) {
        for stored in state.store.living(kind) {
            let elsewhere = on_clock && stored.value["test_clock"].as_str() != clock;
            let Some(due) = find(&stored.value).filter(|due| !elsewhere && due.0 <= until) else { continue };
            if first.as_ref().is_none_or(|(known, _)| due.0 < known.0) {
                first = Some((due, stored));
            }
        }
    }
    first.map(|((at, happen), stored)| (at, stored.scope.clone(), text(&stored.value, "/id").to_owned(), happen))
}

/// Lets a clock stand at the time at which something is due, never back.
fn move_to(state: &mut State, clock: Option<&str>, at: i64) {
    match clock.and_then(|id| state.store.get_mut(id)) {
        Some(clock) => clock["frozen_time"] = json!(at.max(number(clock, "/frozen_time"))),
        None if clock.is_none() => state.clock.advance((at - state.now()).max(0)),
        None => {}
    }
}

fn subscription(object: &Value) -> Option<Due> {
    if !is_alive(object) {
        return None;
    }
    let (end, told) = (period(object).end, text(object, "/~told_of"));
    let tell_at = (end - AHEAD).max(period(object).start);
    let told_first = end - period(object).start > AHEAD && told != "renewal";
    let dues: [Option<Due>; 6] = [
        object["cancel_at"].as_i64().map(|at| (at, end_now as Happen)),
        (object["status"] == "incomplete").then_some((number(object, "/created") + INCOMPLETE, subscriptions::expire)),
        (object["status"] == "trialing" && told != "trial").then_some((tell_at, tell_of_trial)),
        (object["status"] == "trialing").then_some((end, end_trial)),
        (is_renewed(object) && told_first).then_some((tell_at, tell_of_renewal)),
        (is_renewed(object) && !told_first).then_some((end, renew)),
    ];
    dues.into_iter().flatten().min_by_key(|(at, _)| *at)
}

fn is_renewed(object: &Value) -> bool {
    matches!(text(object, "/status"), "active" | "past_due" | "unpaid") && object["cancel_at_period_end"] == false
}

fn end_now(act: &mut Act, id: &str) {
    subscriptions::end(act, id, None);
}

fn tell_of_trial(act: &mut Act, id: &str) {
    act.amend(id, |object| object["~told_of"] = json!("trial"));
    act.announce("customer.subscription.trial_will_end", id);
}

fn tell_of_renewal(act: &mut Act, id: &str) {
    act.amend(id, |object| object["~told_of"] = json!("renewal"));
    let preview = super::previews::next_period(act, id);
    act.tell_only("invoice.upcoming", preview);
}

/// Its first invoice after a trial is finalized an hour later like any other.
fn end_trial(act: &mut Act, id: &str) {
    subscriptions::end_trial(act, id);
}

fn renew(act: &mut Act, id: &str) {
    let end = period(&act.object(id)).end;
    subscriptions::begin_period(act, id, end);
}

fn invoice(object: &Value) -> Option<Due> {
    let automatic = object["auto_advance"] == true;
    match text(object, "/status") {
        "draft" if automatic => object["automatically_finalizes_at"].as_i64().map(|at| (at, finalize as _)),
        "open" if automatic && object["collection_method"] == "charge_automatically" => {
            object["next_payment_attempt"].as_i64().map(|at| (at, try_again as _))
        }
        "open" if object["~overdue"] != true => object["due_date"].as_i64().map(|at| (at, fall_due as _)),
        _ => None,
    }
}

fn finalize(act: &mut Act, id: &str) {
    invoices::finalize(act, id);
    invoices::collect_if_automatic(act, id);
}

fn try_again(act: &mut Act, id: &str) {
    let _ = invoices::collect(act, id, None, true);
}

fn fall_due(act: &mut Act, id: &str) {
    act.amend(id, |invoice| invoice["~overdue"] = json!(true));
    act.announce("invoice.overdue", id);
    subscriptions::after_failed(act, id, false);
}

fn session(object: &Value) -> Option<Due> {
    (object["status"] == "open").then(|| (number(object, "/expires_at"), checkout::expire as Happen))
}

fn intent(object: &Value) -> Option<Due> {
    object["~settles_at"].as_i64().map(|at| (at, payments::settle as _))
}

fn refund(object: &Value) -> Option<Due> {
    object["~settles_at"].as_i64().map(|at| (at, refunds::settle as _))
}

fn payout(object: &Value) -> Option<Due> {
    match text(object, "/status") {
        "pending" => Some((number(object, "/created") + 1, payouts::depart)),
        "in_transit" => Some((number(object, "/arrival_date"), payouts::arrive)),
        _ => None,
    }
}

fn balance_transaction(object: &Value) -> Option<Due> {
    (object["status"] == "pending").then(|| (number(object, "/available_on"), payouts::make_available as _))
}
