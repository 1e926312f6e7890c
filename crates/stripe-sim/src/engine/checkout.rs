//! Checkout: a session is opened, and the customer goes through it or does not.

use serde_json::{Value, json};

use super::payments::{self, Attempt};
use super::subscriptions::{self, Terms};
use super::{Act, customers, setups};
use crate::cards::{self, Outcome};
use crate::failure::Failure;
use crate::fields;
use crate::objects::checkout_session::{self, Order};
use crate::objects::payment_intent::Due;
use crate::objects::{number, text};

const DAY: i64 = 24 * 3600;

/// Opens a session; `change` adds what it sells and where it leads. Gives its id.
pub(crate) fn open(act: &mut Act, order: &Order, change: impl FnOnce(&mut Value)) -> String {
    let mode = if act.scope.livemode { "live" } else { "test" };
    let id = format!("cs_{mode}_a1{}", act.state.ids.text(56));
    let url = format!("{}/c/pay/{id}", order.url);
    let mut object = checkout_session::checkout_session(act.made_by_day(&id), &Order { url: &url, ..*order });
    change(&mut object);
    act.put(object);
    id
}

/// Whoever goes through a session, as they fill in the form.
pub(crate) struct Visitor<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) email: Option<&'a str>,
    pub(crate) method: &'a str,
}

/// The customer fills in the form and pays. A payment that is declined leaves the session open.
pub(crate) fn complete(act: &mut Act, id: &str, visitor: &Visitor) -> Result<(), Failure> {
    let session = act.object(id);
    if session["status"] != "open" {
        let message = format!("This Checkout Session is {} and cannot be completed.", text(&session, "/status"));
        return Err(Failure::invalid(400, message).code("checkout_session_not_open"));
    }
    let method = act.object(visitor.method);
    if let Outcome::Declined(reason) | Outcome::DeclinedLater(reason) = cards::outcome(&method)
        && session["mode"] != "payment"
    {
        return Err(payments::declined(reason, ""));
    }
    let customer = customer(act, &session, visitor);
    let status = match text(&session, "/mode") {
        "subscription" => subscribe(act, &session, &customer, visitor.method)?,
        "setup" => set_up(act, &session, &customer, visitor.method)?,
        _ => pay(act, &session, &customer, visitor.method)?,
    };
    act.become_and_tell(id, "checkout.session.completed", |session| {
        checkout_session::complete(session, &customer, status);
    });
    Ok(())
}

/// The session's customer, a new one, or in a single payment a guest without an id.
fn customer(act: &mut Act, session: &Value, visitor: &Visitor) -> Value {
    if let Some(known) = session["customer"].as_str() {
        return act.object(known);
    }
    let email = visitor.email.or(session["customer_email"].as_str());
    let details = json!({ "id": null, "email": email, "name": visitor.name, "phone": null });
    if session["mode"] == "payment" && session["customer_creation"] != "always" {
        return details;
    }
    let id = customers::create(act, |customer| {
        customer["email"] = details["email"].clone();
        customer["name"] = details["name"].clone();
    });
    act.object(&id)
}

fn pay(act: &mut Act, session: &Value, customer: &Value, method: &str) -> Result<&'static str, Failure> {
    let amount = number(session, "/amount_total");
    if amount == 0 {
        return Ok("no_payment_required");
    }
    let session_id = text(session, "/id");
    let intent = match session["payment_intent"].as_str() {
        Some(earlier) => earlier.to_owned(),
        None => open_intent(act, session, customer, amount),
    };
    act.amend(session_id, |session| session["payment_intent"] = json!(intent));
    act.amend(&intent, |intent| intent["payment_method"] = json!(method));
    match payments::confirm(act, &intent, false) {
        Attempt::Declined(failure) => Err(failure),
        // Whoever is in Checkout authenticates there.
        Attempt::Action => payments::authenticate(act, &intent, true).map(|()| "paid"),
        Attempt::Waits => Ok("unpaid"),
        _ => Ok("paid"),
    }
}

fn open_intent(act: &mut Act, session: &Value, customer: &Value, amount: i64) -> String {
    let due = Due { customer: customer["id"].as_str(), amount, currency: text(session, "/currency"), ..Due::default() };
    let data = session["~payment_intent_data"].clone();
    payments::open(act, &due, |intent| {
        fields::merge(intent, &data);
        intent["description"] = data["description"].clone();
    })
}

fn subscribe(act: &mut Act, session: &Value, customer: &Value, method: &str) -> Result<&'static str, Failure> {
    let customer_id = text(customer, "/id");
    act.by_clock_of(customer);
    setups::attach(act, method, customer_id)?;
    act.amend(method, |method| method["~set_up"] = json!(true));
    let rows = session["~lines"].as_array().into_iter().flatten();
    let data = session["~subscription_data"].clone();
    let days = data["trial_period_days"].as_i64().map(|days| act.now + days * DAY);
    let terms = Terms {
        customer,
        prices: rows.map(|row| (row["price"].clone(), number(row, "/quantity"))).collect(),
        payment_method: Some(method),
        trial_end: data["trial_end"].as_i64().or(days),
        discount: super::discounts::usable(act, session["~coupon"].as_str(), None)?,
        behavior: "allow_incomplete",
        off_session: false,
    };
    let id = subscriptions::create(act, &terms, |subscription| {
        fields::merge(subscription, &data);
    })?;
    authenticate_first(act, &id)?;
    let subscription = act.object(&id);
    let invoice = act.object(text(&subscription, "/latest_invoice"));
    act.amend(text(session, "/id"), |session| {
        session["invoice"] = invoice["id"].clone();
        session["subscription"] = json!(id);
    });
    Ok(match text(&invoice, "/status") {
        "paid" if number(&invoice, "/amount_paid") == 0 => "no_payment_required",
        "paid" => "paid",
        _ => "unpaid",
    })
}

/// Whoever is in Checkout authenticates there.
fn authenticate_first(act: &mut Act, subscription: &str) -> Result<(), Failure> {
    let invoice = text(&act.object(subscription), "/latest_invoice").to_owned();
    let intent = text(&act.object(&invoice), "/payments/data/0/payment/payment_intent").to_owned();
    if act.object(&intent)["status"] == "requires_action" { payments::authenticate(act, &intent, true) } else { Ok(()) }
}

fn set_up(act: &mut Act, session: &Value, customer: &Value, method: &str) -> Result<&'static str, Failure> {
    let intent = setups::open(act, customer["id"].as_str(), Some(method), |_| {});
    setups::confirm(act, &intent)?;
    if act.object(&intent)["status"] == "requires_action" {
        setups::succeed(act, &intent);
    }
    act.amend(text(session, "/id"), |session| session["setup_intent"] = json!(intent));
    Ok("no_payment_required")
}

/// Nobody came in time.
pub(crate) fn expire(act: &mut Act, id: &str) {
    let now = act.state.now();
    act.become_and_tell(id, "checkout.session.expired", |session| checkout_session::expire(session, now));
}

/// The bank has answered what a session left open.
pub(crate) fn after_settlement(act: &mut Act, intent: &str, paid: bool) {
    let of_intent = |session: &Value| session["payment_intent"] == intent && session["status"] == "complete";
    for id in act.ids_of("checkout.session", of_intent) {
        if paid {
            act.become_and_tell(&id, "checkout.session.async_payment_succeeded", |session| {
                session["payment_status"] = json!("paid");
            });
        } else {
            act.announce("checkout.session.async_payment_failed", &id);
        }
    }
}
