//! Purchases through Checkout: single goods, and subscriptions with a trial or without.

use serde_json::{Value, json};

use super::people;
use crate::engine::Act;
use crate::engine::checkout::{self, Visitor};
use crate::objects::checkout_session::{Order, line_item};
use crate::objects::{number, text};

const TRIAL_DAYS: i64 = 14;

/// A new customer subscribes and pays at once.
pub(super) fn subscribe(act: &mut Act) -> bool {
    sign_up(act, None)
}

/// A new customer subscribes and pays nothing yet.
pub(super) fn start_trial(act: &mut Act) -> bool {
    sign_up(act, Some(TRIAL_DAYS))
}

fn sign_up(act: &mut Act, trial_days: Option<i64>) -> bool {
    let Some(price) = act.pick_object("price", |price| price["type"] == "recurring") else { return false };
    let (customer, method) = people::arrive(act);
    buy(act, &customer, &method, &price, trial_days);
    true
}

/// Somebody new or known buys one thing.
pub(super) fn buy_once(act: &mut Act) -> bool {
    let Some(price) = act.pick_object("price", |price| price["type"] == "one_time") else { return false };
    let known = if act.chance(60) { act.pick_object("customer", people::can_pay) } else { None };
    let (customer, method) = match known {
        Some(known) => {
            let method = text(&known, "/invoice_settings/default_payment_method").to_owned();
            (text(&known, "/id").to_owned(), method)
        }
        None => people::arrive(act),
    };
    buy(act, &customer, &method, &price, None);
    true
}

/// Goes through Checkout from the cart to the thanks.
fn buy(act: &mut Act, customer: &str, method: &str, price: &Value, trial_days: Option<i64>) {
    act.begin_request();
    let (customer, product) = (act.object(customer), act.object(text(price, "/product")));
    let (base, id) = (act.state.settings.base.clone(), act.id("li"));
    let line = line_item(&id, price, text(&product, "/name"), 1);
    let order = Order {
        mode: if price["type"] == "recurring" { "subscription" } else { "payment" },
        customer: &customer,
        amount: Some(if trial_days.is_some() { 0 } else { number(price, "/unit_amount") }),
        currency: price["currency"].as_str(),
        url: &base,
    };
    let session = checkout::open(act, &order, |session| {
        session["cancel_url"] = json!("https://shop.example/cart");
        session["success_url"] = json!("https://shop.example/thanks?session={CHECKOUT_SESSION_ID}");
        session["~lines"] = json!([line]);
        session["~payment_intent_data"] = json!({ "description": product["name"] });
        session["~subscription_data"] = json!({ "trial_period_days": trial_days });
    });
    act.begin_request();
    let visitor = Visitor { name: customer["name"].as_str(), email: customer["email"].as_str(), method };
    // The cards of the business's customers are good until it says otherwise.
    let _ = checkout::complete(act, &session, &visitor);
}
