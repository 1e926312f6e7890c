//! What the shop sells.

use serde_json::json;

use crate::engine::Act;
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
pub(super) fn open(act: &mut Act) -> bool {
    if act.state.store.newest(&act.scope, "product").next().is_some() {
        return false;
    }
    for (name, description, month, year) in PLANS {
        let product = put_product(act, name, description);
        let monthly = put_price(act, &product, month, Some(("month", 1)));
        put_price(act, &product, year, Some(("year", 1)));
        set_default(act, &product, &monthly);
    }
    for (name, description, amount) in GOODS {
        let product = put_product(act, name, description);
        let once = put_price(act, &product, amount, None);
        set_default(act, &product, &once);
    }
    true
}

fn put_product(act: &mut Act, name: &str, description: &str) -> String {
    act.begin_request();
    let id = act.id("prod");
    let mut object = product(act.made(&id), name);
    object["description"] = json!(description);
    act.create("product.created", object);
    id
}

fn put_price(act: &mut Act, product: &str, unit_amount: i64, interval: Option<(&str, i64)>) -> String {
    act.begin_request();
    let id = act.id("price");
    let terms = Terms { product, currency: "usd", unit_amount, interval };
    let object = price(act.made(&id), &terms);
    act.create("price.created", object);
    id
}

fn set_default(act: &mut Act, product: &str, price: &str) {
    act.begin_request();
    act.update(product, "product.updated", |product| product["default_price"] = json!(price));
}
