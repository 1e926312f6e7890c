//! The pages to which the API's answers lead a customer: Checkout, and 3D Secure.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State as AppState};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::App;
use crate::engine::checkout::{self, Visitor};
use crate::engine::{self, Act, setups};
use crate::failure::Failure;
use crate::objects::text;
use crate::state::{Cause, State};

/// The cards on the page, and what becomes of them.
const CARDS: [(&str, &str); 4] = [
    ("pm_card_visa", "Visa 4242, which pays"),
    ("pm_card_threeDSecureRequired", "Visa 3220, which asks for authentication"),
    ("pm_card_chargeDeclined", "Visa 0002, which is declined"),
    ("pm_card_chargeDeclinedInsufficientFunds", "Visa 9995, which has too little money"),
];

/// What the customer filled in.
#[derive(Debug, Deserialize)]
pub(super) struct Payment {
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    card: String,
}

/// What the customer's bank found.
#[derive(Debug, Deserialize)]
pub(super) struct Authentication {
    passed: bool,
}

/// Shows a Checkout session that is open.
pub(super) async fn checkout_page(AppState(app): AppState<Arc<App>>, Path(id): Path<String>) -> Response {
    let state = app.shared.lock();
    match session(&state, &id) {
        Some(session) => checkout_form(session, None),
        None => nothing(),
    }
}

/// Pays for a Checkout session.
pub(super) async fn pay(
    AppState(app): AppState<Arc<App>>,
    Path(id): Path<String>,
    Form(payment): Form<Payment>,
) -> Response {
    let mut state = app.shared.lock();
    if session(&state, &id).is_none() {
        return nothing();
    }
    match complete(&mut state, &id, &payment) {
        Ok(()) => {
            let session = state.store.get(&id).cloned().unwrap_or_default();
            leave(text(&session, "/success_url").replace("{CHECKOUT_SESSION_ID}", &id))
        }
        Err(refusal) => match session(&state, &id) {
            Some(session) => checkout_form(session, Some(&refusal.message())),
            None => nothing(),
        },
    }
}

fn complete(state: &mut State, id: &str, payment: &Payment) -> Result<(), Failure> {
    let Some(scope) = state.store.find(id).map(|stored| stored.scope.clone()) else {
        return Err(Failure::no_such("checkout.session", id));
    };
    let mut act = Act::new(state, scope, Cause::default());
    let method = setups::named(&mut act, &payment.card);
    let method = method.ok_or_else(|| Failure::no_such("PaymentMethod", &payment.card))?;
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (name, email) = (given(&payment.name), given(&payment.email));
    checkout::complete(&mut act, id, &Visitor { name: name.as_deref(), email: email.as_deref(), method: &method })
}

/// Asks whether the customer passes 3D Secure.
pub(super) async fn authentication_page(AppState(app): AppState<Arc<App>>, Path(id): Path<String>) -> Response {
    let state = app.shared.lock();
    let waits = state.store.get(&id).is_some_and(|intent| intent["status"] == "requires_action");
    if !waits {
        return nothing();
    }
    let button = |passed: bool, label: &str| format!("<button name=\"passed\" value=\"{passed}\">{label}</button>");
    let buttons = [button(true, "Complete authentication"), button(false, "Fail authentication")].join(" ");
    page("3D Secure", &format!("<p>Your bank asks whether this is you.</p><form method=\"post\">{buttons}</form>"))
}

/// Passes 3D Secure, or does not, and leads back to the shop.
pub(super) async fn authenticate(
    AppState(app): AppState<Arc<App>>,
    Path(id): Path<String>,
    Form(found): Form<Authentication>,
) -> Response {
    let mut state = app.shared.lock();
    if !engine::authenticate(&mut state, &id, found.passed) {
        return nothing();
    }
    let intent = state.store.get(&id).cloned().unwrap_or_default();
    let (name, back) = (text(&intent, "/object"), text(&intent, "/~0return_url"));
    let status = if found.passed { "succeeded" } else { "failed" };
    let joint = if back.contains('?') { '&' } else { '?' };
    leave(format!("{back}{joint}{name}={id}&redirect_status={status}"))
}

fn session<'a>(state: &'a State, id: &str) -> Option<&'a Value> {
    state.store.get(id).filter(|object| object["object"] == "checkout.session" && object["status"] == "open")
}

fn checkout_form(session: &Value, refusal: Option<&str>) -> Response {
    let refusal = refusal.map(|text| format!("<p role=\"alert\">{}</p>", escaped(text))).unwrap_or_default();
    let due = match session["amount_total"].as_i64() {
        Some(amount) => {
            let currency = escaped(&text(session, "/currency").to_uppercase());
            format!("To pay: <b>{amount} {currency}</b>, counted in the currency's smallest unit.")
        }
        None => "Nothing is paid now: the card is kept for later.".to_owned(),
    };
    let cards: String =
        CARDS.iter().map(|(name, says)| format!("<option value=\"{name}\">{}</option>", escaped(says))).collect();
    let cancel = session["cancel_url"].as_str().filter(|url| is_web(url));
    let cancel = cancel.map(|url| format!("<p><a href=\"{}\">Cancel</a></p>", escaped(url))).unwrap_or_default();
    let body = format!(
        "{refusal}<p>{due}</p><form method=\"post\">\
         <p><label>Email <input name=\"email\" type=\"email\" value=\"{}\"></label></p>\
         <p><label>Name <input name=\"name\"></label></p>\
         <p><label>Card <select name=\"card\">{cards}</select></label></p><button>Pay</button></form>{cancel}",
        escaped(text(session, "/customer_email")),
    );
    let mut response = page("Checkout", &body);
    if !refusal.is_empty() {
        *response.status_mut() = StatusCode::PAYMENT_REQUIRED;
    }
    response
}

/// Leads to the shop's page, if it has one that a browser may be led to.
fn leave(url: String) -> Response {
    if is_web(&url) { Redirect::to(&url).into_response() } else { page("Done", "<p>You can close this page.</p>") }
}

fn is_web(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn nothing() -> Response {
    let mut response = page("Nothing here", "<p>This page has been used, has expired, or never was.</p>");
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn page(title: &str, body: &str) -> Response {
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} (simulated)</title><style>:root{{color-scheme:light dark}}body{{font:16px/1.5 system-ui;max-width:28rem;margin:3rem auto;padding:0 1rem}}\
         [role=alert]{{color:light-dark(#b00,#f88)}}input,select,button{{font:inherit}}</style>\
         <h1>{title}</h1><p>This is a simulated Stripe: no money moves.</p>{body}</html>"
    ))
    .into_response()
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
        escaped
    })
}
