//! Sign-ups through Checkout, with a trial or without.

use serde_json::{Value, json};

use super::billing::{self, Billing};
use super::people;
use super::scene::Scene;
use crate::objects::checkout_session::{Order, completed};
use crate::objects::subscription::{Parts, Period, subscription};
use crate::objects::{number, text};

const DAY: i64 = 24 * 3600;
const TRIAL: i64 = 14 * DAY;

/// A new customer subscribes and pays at once.
pub(super) fn subscribe(scene: &mut Scene) -> bool {
    sign_up(scene, false)
}

/// A new customer subscribes and pays nothing yet.
pub(super) fn start_trial(scene: &mut Scene) -> bool {
    sign_up(scene, true)
}

/// The period of a price that begins at `start`: a month counts 30 days, a year 365.
pub(super) fn period_of(price: &Value, start: i64) -> Period {
    let days = if text(price, "/recurring/interval") == "year" { 365 } else { 30 };
    Period { start, end: start + days * DAY * number(price, "/recurring/interval_count") }
}

fn sign_up(scene: &mut Scene, trial: bool) -> bool {
    let Some(price) = scene.pick_object("price", |price| price["type"] == "recurring") else { return false };
    let (customer, method) = people::arrive(scene);
    let period = match trial {
        true => Period { start: scene.now, end: scene.now + TRIAL },
        false => period_of(&price, scene.now),
    };
    let (id, item) = (scene.id("sub"), scene.id("si"));
    let parts = Parts {
        customer: text(&customer, "/id"),
        payment_method: text(&method, "/id"),
        item: &item,
        price: &price,
        period,
        trial,
    };
    let object = subscription(scene.made(&id), &parts);
    let amount = if trial { 0 } else { number(&price, "/unit_amount") };
    let billing = Billing { subscription: &object, reason: "subscription_create", period, amount };
    let invoice = billing::draft(scene, &billing);
    let mut object = object;
    object["latest_invoice"] = json!(invoice);
    let cause = scene.request();
    scene.create(&cause, "customer.subscription.created", object);
    billing::finalize(scene, &invoice);
    billing::collect(scene, &invoice, None);
    finish_checkout(scene, &id, &invoice);
    true
}

fn finish_checkout(scene: &mut Scene, subscription: &str, invoice: &str) {
    let session = format!("cs_test_a1{}", scene.state.ids.text(56));
    let paid = scene.object(invoice);
    let customer = scene.object(text(&paid, "/customer"));
    let order = Order {
        customer: &customer,
        mode: "subscription",
        amount: number(&paid, "/total"),
        currency: text(&paid, "/currency"),
        subscription: Some(subscription),
        invoice: Some(invoice),
        payment_intent: None,
    };
    let object = completed(scene.made(&session), &order);
    let cause = scene.request();
    scene.create(&cause, "checkout.session.completed", object);
}
