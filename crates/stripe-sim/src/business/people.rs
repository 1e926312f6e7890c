//! The customers: who they are, what they pay with, and what changes about them.

use serde_json::{Value, json};

use super::scene::Scene;
use crate::objects::customer::customer;
use crate::objects::payment_method::{Card, payment_method};
use crate::objects::text;

const FIRST: [&str; 12] =
    ["Amara", "Björn", "Chen", "Dalia", "Emeka", "Freya", "Goran", "Hana", "Inés", "Jonas", "Kavya", "Luca"];
const LAST: [&str; 12] = [
    "Okafor",
    "Lindqvist",
    "Wei",
    "Haddad",
    "Nwosu",
    "Larsen",
    "Petrović",
    "Sato",
    "Moreno",
    "Keller",
    "Rao",
    "Bianchi",
];
const STREETS: [&str; 5] = ["12 Mill Lane", "48 Station Road", "7 Orchard Way", "230 Bay Street", "91 Hill Rise"];
const CARDS: [Card; 4] = [
    Card { brand: "visa", last4: "4242" },
    Card { brand: "mastercard", last4: "4444" },
    Card { brand: "amex", last4: "0005" },
    Card { brand: "visa", last4: "0341" },
];

/// A new customer with a card; gives both.
pub(super) fn arrive(scene: &mut Scene) -> (Value, Value) {
    let first = scene.pick(&FIRST).unwrap_or(FIRST[0]);
    let last = scene.pick(&LAST).unwrap_or(LAST[0]);
    let (id, prefix) = (scene.id("cus"), scene.state.ids.text(8).to_uppercase());
    let email = format!("{}@{}.example", first.to_lowercase(), prefix.to_lowercase());
    let cause = scene.request();
    let object = customer(scene.made(&id), Some(&format!("{first} {last}")), Some(&email), &prefix);
    scene.create(&cause, "customer.created", object);
    let method = attach_card(scene, &id);
    (scene.object(&id), method)
}

fn attach_card(scene: &mut Scene, customer: &str) -> Value {
    let card = scene.pick(&CARDS).unwrap_or(CARDS[0]);
    let (id, fingerprint) = (scene.id("pm"), scene.state.ids.text(16));
    let cause = scene.request();
    let owner = scene.object(customer);
    let method = payment_method(scene.made(&id), &owner, card, &fingerprint);
    scene.create(&cause, "payment_method.attached", method.clone());
    scene.update(&cause, customer, "customer.updated", |customer| {
        customer["invoice_settings"]["default_payment_method"] = json!(id);
    });
    method
}

/// The card that a customer pays with.
pub(super) fn card_of(scene: &Scene, customer: &Value) -> Value {
    scene.object(text(customer, "/invoice_settings/default_payment_method"))
}

/// Someone moves or gets a new telephone.
pub(super) fn change_details(scene: &mut Scene) -> bool {
    let Some(customer) = scene.pick_object("customer", |_| true) else { return false };
    let street = scene.pick(&STREETS).unwrap_or(STREETS[0]);
    let phone = format!("+1555{:07}", scene.below(10_000_000));
    let (moves, cause) = (scene.chance(50), scene.request());
    scene.update(&cause, text(&customer, "/id"), "customer.updated", |customer| {
        if moves {
            customer["address"] = json!({
                "city": "Port Ellis", "country": "US", "line1": street, "line2": null,
                "postal_code": "04101", "state": "ME",
            });
        } else {
            customer["phone"] = json!(phone);
        }
    });
    true
}
