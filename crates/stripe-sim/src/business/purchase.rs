//! Single purchases through Checkout.

use super::billing::{self, Payment};
use super::people::{self, card_of};
use super::scene::Scene;
use crate::objects::checkout_session::{Order, completed};
use crate::objects::{number, text};

/// Somebody new or known buys one thing.
pub(super) fn buy_once(scene: &mut Scene) -> bool {
    let Some(price) = scene.pick_object("price", |price| price["type"] == "one_time") else { return false };
    let payer = |customer: &serde_json::Value| !customer["invoice_settings"]["default_payment_method"].is_null();
    let known = if scene.chance(60) { scene.pick_object("customer", payer) } else { None };
    let customer = known.unwrap_or_else(|| people::arrive(scene).0);
    let product = scene.object(text(&price, "/product"));
    let payment = Payment {
        customer: &customer,
        amount: number(&price, "/unit_amount"),
        currency: text(&price, "/currency"),
        description: text(&product, "/name"),
        invoice: None,
    };
    let intent = billing::open_intent(scene, &payment);
    let method = card_of(scene, &customer);
    billing::charge(scene, &intent, &method, None);
    let session = format!("cs_test_a1{}", scene.state.ids.text(56));
    let order = Order {
        customer: &customer,
        mode: "payment",
        amount: payment.amount,
        currency: payment.currency,
        subscription: None,
        invoice: None,
        payment_intent: Some(&intent),
    };
    let object = completed(scene.made(&session), &order);
    let cause = scene.request();
    scene.create(&cause, "checkout.session.completed", object);
    true
}
