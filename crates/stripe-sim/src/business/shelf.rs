//! What the shop sells.

use serde_json::json;

use super::scene::Scene;
use crate::objects::price::{Terms, price};
use crate::objects::product::product;

/// What is sold by subscription: name, description, and the amounts by month and by year in cents.
const PLANS: [(&str, &str, i64, i64); 3] = [
    ("Tasting box", "Two bags of seasonal beans each month", 1_900, 19_000),
    ("House box", "Four bags of seasonal beans each month", 3_400, 34_000),
    ("Office box", "Twelve bags of beans each month, with a grinder on loan", 9_600, 96_000),
];

/// What is sold once.
const GOODS: [(&str, &str, i64); 2] =
    [("Hand grinder", "Steel burrs, 30 g hopper", 8_900), ("Sampler", "Five bags of 100 g", 2_400)];

/// Puts everything on the shelf, if it is empty.
pub(super) fn open(scene: &mut Scene) -> bool {
    if scene.state.store.newest(&scene.scope, "product").next().is_some() {
        return false;
    }
    for (name, description, month, year) in PLANS {
        let product = put_product(scene, name, description);
        let monthly = put_price(scene, &product, month, Some(("month", 1)));
        put_price(scene, &product, year, Some(("year", 1)));
        set_default(scene, &product, &monthly);
    }
    for (name, description, amount) in GOODS {
        let product = put_product(scene, name, description);
        let once = put_price(scene, &product, amount, None);
        set_default(scene, &product, &once);
    }
    true
}

fn put_product(scene: &mut Scene, name: &str, description: &str) -> String {
    let (id, cause) = (scene.id("prod"), scene.request());
    let object = product(scene.made(&id), name, Some(description));
    scene.create(&cause, "product.created", object);
    id
}

fn put_price(scene: &mut Scene, product: &str, unit_amount: i64, interval: Option<(&str, i64)>) -> String {
    let (id, cause) = (scene.id("price"), scene.request());
    let terms = Terms { product, currency: "usd", unit_amount, interval, nickname: None };
    let object = price(scene.made(&id), &terms);
    scene.create(&cause, "price.created", object);
    id
}

fn set_default(scene: &mut Scene, product: &str, price: &str) {
    let cause = scene.request();
    scene.update(&cause, product, "product.updated", |product| product["default_price"] = json!(price));
}
