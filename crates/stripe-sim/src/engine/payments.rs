//! Payment intents, from their opening to paid, declined, captured or canceled.

use serde_json::{Value, json};

use super::{Act, charges, disputes, invoices};
use crate::cards::{self, Outcome};
use crate::failure::Failure;
use crate::objects::payment_intent::{self, Due};
use crate::objects::{number, text};

/// How long a bank that answers later takes, in seconds: days at Stripe.
const LATER: i64 = 5;

/// What came of an attempt to be paid.
pub(crate) enum Attempt {
    Paid,
    /// The money is set aside.
    Held,
    /// The bank answers later.
    Waits,
    /// The customer has to authenticate.
    Action,
    /// There is nothing to pay with.
    NoMethod,
    Declined(Failure),
}

/// Opens an intent and gives its id.
pub(crate) fn open(act: &mut Act, due: &Due, change: impl FnOnce(&mut Value)) -> String {
    let (id, client_secret) = (act.id("pi"), act.state.ids.text(25));
    let mut object = payment_intent::payment_intent(act.made_by_day(&id), due, &client_secret);
    change(&mut object);
    let kind = text(&act.object(due.payment_method.unwrap_or_default()), "/type").to_owned();
    if !kind.is_empty() && kind != "card" {
        object["payment_method_types"] = json!([kind]);
        object["payment_method_options"] = json!({ kind: {} });
    }
    act.create("payment_intent.created", object);
    id
}

/// Tries to be paid and does what follows from it for the invoice, if one is paid.
pub(crate) fn confirm(act: &mut Act, id: &str, off_session: bool) -> Attempt {
    let attempt = attempt(act, id, off_session);
    follow(act, id, &attempt);
    attempt
}

fn follow(act: &mut Act, id: &str, attempt: &Attempt) {
    let intent = act.object(id);
    if let Some(invoice) = intent["~invoice"].as_str() {
        invoices::after_attempt(act, invoice, id, attempt);
    }
}

/// Tries to be paid, with no regard to an invoice.
pub(crate) fn attempt(act: &mut Act, id: &str, off_session: bool) -> Attempt {
    let intent = act.object(id);
    let method = act.object(text(&intent, "/payment_method"));
    if method.is_null() {
        return Attempt::NoMethod;
    }
    let absent = off_session || intent["~off_session"] == true;
    match cards::outcome(&method) {
        Outcome::Declined(reason) | Outcome::DeclinedLater(reason) => decline(act, &intent, &method, reason),
        Outcome::AuthenticatedUnlessSetUp if absent && method["~set_up"] == true => pay(act, &intent, &method),
        Outcome::Authenticated | Outcome::AuthenticatedUnlessSetUp if absent => {
            decline(act, &intent, &method, "authentication_required")
        }
        Outcome::Authenticated | Outcome::AuthenticatedUnlessSetUp => {
            let base = act.state.settings.base.clone();
            act.become_and_tell(id, "payment_intent.requires_action", |intent| {
                payment_intent::require_action(intent, &base);
            });
            Attempt::Action
        }
        Outcome::Later(_) => wait(act, &intent, &method),
        _ => pay(act, &intent, &method),
    }
}

/// The bank pays, or sets the money aside if the intent asks for that.
fn pay(act: &mut Act, intent: &Value, method: &Value) -> Attempt {
    let id = text(intent, "/id");
    if intent["capture_method"] == "manual" {
        let charge = charges::hold(act, intent, method);
        act.become_and_tell(id, "payment_intent.amount_capturable_updated", |intent| {
            payment_intent::hold(intent, &charge);
        });
        return Attempt::Held;
    }
    let charge = charges::succeed(act, intent, method);
    let amount = number(intent, "/amount");
    act.become_and_tell(id, "payment_intent.succeeded", |intent| payment_intent::succeed(intent, amount, &charge));
    keep_method(act, intent, method);
    if let Outcome::Disputed(reason) = cards::outcome(method) {
        disputes::open(act, &charge, reason);
    }
    Attempt::Paid
}

/// A payment method that is kept for later belongs to the customer from then on.
fn keep_method(act: &mut Act, intent: &Value, method: &Value) {
    let Some(customer) = intent["customer"].as_str() else { return };
    if intent["setup_future_usage"].is_null() {
        return;
    }
    let id = text(method, "/id");
    act.amend(id, |method| method["~set_up"] = json!(true));
    if method["customer"].is_null() {
        act.become_and_tell(id, "payment_method.attached", |method| method["customer"] = json!(customer));
    }
}

/// The bank refuses.
fn decline(act: &mut Act, intent: &Value, method: &Value, reason: &str) -> Attempt {
    let charge = charges::fail(act, intent, method, reason);
    let declined = declined(reason, &charge);
    let error = declined.last_error(method);
    act.become_and_tell(text(intent, "/id"), "payment_intent.payment_failed", |intent| {
        payment_intent::fail(intent, error, &json!(charge));
    });
    Attempt::Declined(declined)
}

/// What the API answers to a payment that the bank refuses.
pub(crate) fn declined(reason: &str, charge: &str) -> Failure {
    let decline = cards::decline(reason);
    let failure = Failure::invalid(402, decline.message).kind("card_error").code(decline.code);
    let failure = failure.with("advice_code", json!(decline.advice)).with("decline_code", json!(reason));
    if charge.is_empty() { failure } else { failure.with("charge", json!(charge)) }
}

/// The bank says that it will answer.
fn wait(act: &mut Act, intent: &Value, method: &Value) -> Attempt {
    let charge = charges::wait(act, intent, method);
    let at = act.state.now() + LATER;
    act.become_and_tell(text(intent, "/id"), "payment_intent.processing", |intent| {
        payment_intent::process(intent, &charge);
        intent["~settles_at"] = json!(at);
    });
    Attempt::Waits
}

/// The bank answers what it left open.
pub(crate) fn settle(act: &mut Act, id: &str) {
    let intent = act.object(id);
    let (method, charge) = (act.object(text(&intent, "/payment_method")), text(&intent, "/latest_charge").to_owned());
    act.amend(id, |intent| intent["~settles_at"] = Value::Null);
    let attempt = if cards::outcome(&method) == Outcome::Later(false) {
        charges::fail_late(act, &charge);
        let declined = declined("generic_decline", &charge);
        let error = declined.last_error(&method);
        act.become_and_tell(id, "payment_intent.payment_failed", |intent| {
            payment_intent::fail(intent, error, &json!(charge));
        });
        Attempt::Declined(declined)
    } else {
        charges::succeed_late(act, &charge);
        let amount = number(&intent, "/amount");
        act.become_and_tell(id, "payment_intent.succeeded", |intent| payment_intent::succeed(intent, amount, &charge));
        Attempt::Paid
    };
    follow(act, id, &attempt);
    super::checkout::after_settlement(act, id, matches!(attempt, Attempt::Paid));
}

/// The customer authenticates, or fails to.
pub(crate) fn authenticate(act: &mut Act, id: &str, passed: bool) -> Result<(), Failure> {
    let intent = act.object(id);
    in_status(&intent, "authenticated", &["requires_action"])?;
    let method = act.object(text(&intent, "/payment_method"));
    let attempt = if passed {
        pay(act, &intent, &method)
    } else {
        let message = "We are unable to authenticate your payment method. Please choose a different payment method \
                       and try again.";
        let failed = Failure::invalid(402, message).code("payment_intent_authentication_failure");
        let error = failed.last_error(&method);
        act.become_and_tell(id, "payment_intent.payment_failed", |intent| {
            payment_intent::fail(intent, error, &Value::Null);
        });
        Attempt::Declined(failed)
    };
    follow(act, id, &attempt);
    Ok(())
}

/// Takes the money that was set aside, or a part of it.
pub(crate) fn capture(act: &mut Act, id: &str, amount: Option<i64>) -> Result<(), Failure> {
    let intent = act.object(id);
    in_status(&intent, "captured", &["requires_capture"])?;
    let capturable = number(&intent, "/amount_capturable");
    let amount = amount.unwrap_or(capturable);
    if !(1..=capturable).contains(&amount) {
        let message = format!(
            "The provided amount_to_capture ({amount}) must be between 1 and the capturable amount ({capturable})."
        );
        return Err(Failure::param("amount_to_capture", message).code("amount_too_large"));
    }
    let charge = text(&intent, "/latest_charge").to_owned();
    charges::capture(act, &charge, amount);
    act.become_and_tell(id, "payment_intent.succeeded", |intent| payment_intent::succeed(intent, amount, &charge));
    let method = act.object(text(&intent, "/payment_method"));
    keep_method(act, &intent, &method);
    follow(act, id, &Attempt::Paid);
    Ok(())
}

/// Gives an intent up; money that was set aside is let go.
pub(crate) fn cancel(act: &mut Act, id: &str, reason: Option<&str>) -> Result<(), Failure> {
    const STATUSES: [&str; 5] =
        ["requires_payment_method", "requires_capture", "requires_confirmation", "requires_action", "processing"];
    let intent = act.object(id);
    in_status(&intent, "canceled", &STATUSES)?;
    if intent["status"] == "requires_capture" {
        charges::let_go(act, text(&intent, "/latest_charge"));
    }
    let now = act.state.now();
    act.become_and_tell(id, "payment_intent.canceled", |intent| {
        intent["amount_capturable"] = json!(0);
        intent["canceled_at"] = json!(now);
        intent["cancellation_reason"] = json!(reason);
        intent["next_action"] = Value::Null;
        intent["status"] = json!("canceled");
        intent["~settles_at"] = Value::Null;
    });
    Ok(())
}

/// Complains unless the intent is in one of the statuses in which that can be done.
pub(crate) fn in_status(intent: &Value, done: &str, statuses: &[&str]) -> Result<(), Failure> {
    let status = text(intent, "/status");
    if statuses.contains(&status) {
        return Ok(());
    }
    let (noun, code) = match text(intent, "/object") {
        "setup_intent" => ("SetupIntent", "setup_intent_unexpected_state"),
        _ => ("PaymentIntent", "payment_intent_unexpected_state"),
    };
    let message = format!(
        "This {noun} could not be {done} because it has a status of {status}. Only a {noun} with one of the following \
         statuses may be {done}: {}.",
        statuses.join(", ")
    );
    Err(Failure::invalid(400, message).code(code))
}
