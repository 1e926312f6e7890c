//! `/v1/products`.

use serde_json::json;

use super::{
    Call, KIND, Kind, RETRIEVE, create as creates, delete as deletes, list, objects, prices, search, update as updates,
};
use crate::failure::{Answer, Failure};
use crate::fields::{Field, METADATA, flag, hash, rows, text, texts};
use crate::objects::{Made, product};
use crate::state::State;

const FIELDS: &[Field] = &[
    text("name").required().kept(),
    flag("active").kept(),
    text("description").kept(),
    texts("images").kept(),
    rows("marketing_features", &[text("name")]).kept(),
    flag("shippable").kept(),
    text("statement_descriptor").kept(),
    text("tax_code").kept(),
    text("unit_label").kept(),
    text("url").kept(),
    METADATA,
    text("id"),
    hash("default_price_data", prices::DATA),
];
const UPDATE: &[Field] = &[
    text("name").kept(),
    FIELDS[1],
    FIELDS[2],
    FIELDS[3],
    FIELDS[4],
    FIELDS[5],
    FIELDS[6],
    FIELDS[7],
    FIELDS[8],
    FIELDS[9],
    METADATA,
    text("default_price").kept(),
];

pub(super) static PRODUCT: Kind = Kind {
    object: "product",
    path: "/v1/products",
    noun: "product",
    permission: "product",
    events: "product",
    routes: &[
        list(&[("active", "/active"), ("shippable", "/shippable"), ("url", "/url")]),
        search::ROUTE,
        RETRIEVE,
        creates(FIELDS, create),
        updates(UPDATE, update),
        deletes(delete),
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    let id = call.given.text("/id").map_or_else(|| state.ids.id("prod"), str::to_owned);
    if state.store.get(&id).is_some() {
        return Err(Failure::param("id", "Product already exists.").code("resource_already_exists"));
    }
    let made = Made { id: &id, created: state.now(), livemode: call.scope.livemode };
    let mut object = product::product(made, call.given.text("/name").unwrap_or_default());
    objects::keep(&mut object, call, FIELDS)?;
    call.act(state).create("product.created", object);
    let data = &call.given.value()["default_price_data"];
    if data.is_object() {
        let price = prices::make(&mut call.act(state), &id, data)?;
        call.act(state).update(&id, "product.updated", |product| product["default_price"] = json!(price));
    }
    objects::show(state, call, &id)
}

fn update(state: &mut State, call: &Call) -> Answer {
    objects::named(state, call, "default_price", "price", "price")?;
    let before = objects::find(state, call)?;
    let mut changed = before.clone();
    objects::keep(&mut changed, call, UPDATE)?;
    if changed != *before {
        changed["updated"] = json!(state.now());
    }
    objects::replace(state, call, changed)
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let priced = state.store.newest(&call.scope, "price").any(|price| price["product"] == call.id());
    if priced {
        let message = "This product cannot be deleted because it has one or more user-created prices.";
        return Err(Failure::param("id", message));
    }
    objects::delete(state, call)
}
