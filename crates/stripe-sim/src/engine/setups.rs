//! Setup intents and payment methods: what customers pay with later.

use serde_json::{Value, json};

use super::Act;
use super::payments::{declined, in_status};
use crate::cards::{self, Outcome};
use crate::failure::Failure;
use crate::objects::{payment_method, setup_intent, text};

/// When test cards expire.
const EXPIRES: (i64, i64) = (8, 2031);

/// The payment method that a call names: a known one, or a new one of a test card such as `pm_card_visa`.
pub(crate) fn named(act: &mut Act, id: &str) -> Option<String> {
    if act.state.store.get(id).is_some_and(|object| object["object"] == "payment_method") {
        return Some(id.to_owned());
    }
    let card = cards::by_name(id)?;
    let (id, fingerprint) = (act.id("pm"), act.state.ids.text(16));
    let object = payment_method::card(act.made(&id), card, EXPIRES, &fingerprint);
    act.put(object);
    Some(id)
}

/// Gives a payment method to a customer, unless the bank refuses it.
pub(crate) fn attach(act: &mut Act, id: &str, customer: &str) -> Result<(), Failure> {
    let method = act.object(id);
    if method["customer"] == customer {
        return Ok(());
    }
    if let Outcome::Declined(reason) = cards::outcome(&method) {
        return Err(declined(reason, ""));
    }
    act.become_and_tell(id, "payment_method.attached", |method| method["customer"] = json!(customer));
    Ok(())
}

/// Opens a setup intent and gives its id.
pub(crate) fn open(
    act: &mut Act,
    customer: Option<&str>,
    method: Option<&str>,
    change: impl FnOnce(&mut Value),
) -> String {
    let (id, client_secret) = (act.id("seti"), act.state.ids.text(25));
    let mut object = setup_intent::setup_intent(act.made_by_day(&id), customer, method, &client_secret);
    change(&mut object);
    act.create("setup_intent.created", object);
    id
}

/// Sets the payment method up, unless the bank refuses or the customer has to authenticate.
pub(crate) fn confirm(act: &mut Act, id: &str) -> Result<(), Failure> {
    const STATUSES: [&str; 3] = ["requires_payment_method", "requires_confirmation", "requires_action"];
    let intent = act.object(id);
    in_status(&intent, "confirmed", &STATUSES)?;
    let method = act.object(text(&intent, "/payment_method"));
    match cards::outcome(&method) {
        _ if method.is_null() => {
            let message = "You cannot confirm this SetupIntent because it's missing a payment method. Update the \
                           SetupIntent with a payment method and then confirm it again.";
            Err(Failure::invalid(400, message).code("setup_intent_unexpected_state"))
        }
        Outcome::Declined(reason) => fail(act, id, &method, reason),
        Outcome::Authenticated | Outcome::AuthenticatedUnlessSetUp => {
            act.become_and_tell(id, "setup_intent.requires_action", |intent| {
                intent["next_action"] =
                    json!({ "type": "use_stripe_sdk", "use_stripe_sdk": { "type": "three_d_secure_redirect" } });
                intent["status"] = json!("requires_action");
            });
            Ok(())
        }
        _ => {
            succeed(act, id);
            Ok(())
        }
    }
}

/// The payment method is ready for later, and the customer's if there is one.
pub(crate) fn succeed(act: &mut Act, id: &str) {
    let intent = act.object(id);
    let method = text(&intent, "/payment_method").to_owned();
    act.amend(&method, |method| method["~set_up"] = json!(true));
    if let Some(customer) = intent["customer"].as_str() {
        // Whoever comes here has been let through already.
        let _ = attach(act, &method, customer);
    }
    act.become_and_tell(id, "setup_intent.succeeded", |intent| {
        intent["next_action"] = Value::Null;
        intent["status"] = json!("succeeded");
    });
}

fn fail(act: &mut Act, id: &str, method: &Value, reason: &str) -> Result<(), Failure> {
    let failure = declined(reason, "");
    let error = failure.last_error(method);
    act.become_and_tell(id, "setup_intent.setup_failed", |intent| {
        intent["last_setup_error"] = error;
        intent["next_action"] = Value::Null;
        intent["payment_method"] = Value::Null;
        intent["status"] = json!("requires_payment_method");
    });
    Err(failure)
}

/// The customer authenticates, or fails to.
pub(crate) fn authenticate(act: &mut Act, id: &str, passed: bool) -> Result<(), Failure> {
    let intent = act.object(id);
    in_status(&intent, "authenticated", &["requires_action"])?;
    if passed {
        succeed(act, id);
        return Ok(());
    }
    let method = act.object(text(&intent, "/payment_method"));
    // That the attempt failed is the outcome here, not a refusal.
    let _ = fail(act, id, &method, "authentication_required");
    Ok(())
}

/// Gives a setup intent up.
pub(crate) fn cancel(act: &mut Act, id: &str, reason: Option<&str>) -> Result<(), Failure> {
    const STATUSES: [&str; 3] = ["requires_payment_method", "requires_confirmation", "requires_action"];
    in_status(&act.object(id), "canceled", &STATUSES)?;
    act.become_and_tell(id, "setup_intent.canceled", |intent| {
        intent["cancellation_reason"] = json!(reason);
        intent["next_action"] = Value::Null;
        intent["status"] = json!("canceled");
    });
    Ok(())
}
