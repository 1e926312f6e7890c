//! `/v1/products` and `/v1/prices`: create, change, delete.

use serde_json::{Value, json};

use super::metadata::change_metadata;
use super::{Action, Call, objects};
use crate::failure::{Answer, Failure};
use crate::objects::price::Terms;
use crate::objects::{Made, price, product};
use crate::params::Params;
use crate::state::State;

const INTERVALS: [&str; 4] = ["day", "week", "month", "year"];

pub(super) const CREATE_PRODUCT: Action =
    Action { params: &["name", "description", "active", "metadata"], run: create_product };
pub(super) const UPDATE_PRODUCT: Action =
    Action { params: &["name", "description", "active", "default_price", "metadata"], run: update_product };
pub(super) const DELETE_PRODUCT: Action = Action { params: &[], run: delete_product };
pub(super) const CREATE_PRICE: Action = Action {
    params: &["currency", "unit_amount", "product", "recurring", "nickname", "active", "metadata"],
    run: create_price,
};
pub(super) const UPDATE_PRICE: Action = Action { params: &["nickname", "active", "metadata"], run: update_price };

fn create_product(state: &mut State, call: &Call) -> Answer {
    let name = call.params.required("name")?;
    let id = state.ids.id("prod");
    let made = Made { id: &id, created: state.now(), livemode: call.scope.livemode };
    let mut object = product::product(made, name, None);
    change(&mut object, &call.params, &["description"])?;
    state.create(&call.scope, &call.cause, "product.created", object);
    objects::show(state, call, &id)
}

fn update_product(state: &mut State, call: &Call) -> Answer {
    let now = state.now();
    let mut changed = objects::find(state, call)?.clone();
    change(&mut changed, &call.params, &["name", "description", "default_price"])?;
    changed["updated"] = json!(now);
    state.update(&call.scope, &call.cause, &call.id, "product.updated", |product| *product = changed);
    objects::show(state, call, &call.id)
}

fn delete_product(state: &mut State, call: &Call) -> Answer {
    let object = objects::find(state, call)?.clone();
    let priced = state.store.newest(&call.scope, "price").any(|price| price["product"] == call.id.as_str());
    if priced {
        let message = "This product cannot be deleted because it has one or more user-created prices.";
        return Err(Failure::param("id", message));
    }
    state.store.delete(&call.id);
    state.tell(&call.scope, &call.cause, "product.deleted", object, None);
    Ok(objects::deleted(call))
}

fn create_price(state: &mut State, call: &Call) -> Answer {
    let params = &call.params;
    let product = params.required("product")?;
    objects::find_as(state, call, "product", "product", product)?;
    let recurring = recurring(params)?;
    let interval = match &recurring {
        None => None,
        Some(parts) => {
            Some((checked_interval(parts.required("interval")?)?, parts.integer("interval_count")?.unwrap_or(1)))
        }
    };
    let terms = Terms {
        product,
        currency: params.required("currency")?,
        unit_amount: params.integer("unit_amount")?.ok_or_else(|| Failure::missing_param("unit_amount"))?,
        interval,
        nickname: None,
    };
    let id = state.ids.id("price");
    let made = Made { id: &id, created: state.now(), livemode: call.scope.livemode };
    let mut object = price::price(made, &terms);
    change(&mut object, params, &["nickname"])?;
    state.create(&call.scope, &call.cause, "price.created", object);
    objects::show(state, call, &id)
}

fn update_price(state: &mut State, call: &Call) -> Answer {
    let mut changed = objects::find(state, call)?.clone();
    change(&mut changed, &call.params, &["nickname"])?;
    state.update(&call.scope, &call.cause, &call.id, "price.updated", |price| *price = changed);
    objects::show(state, call, &call.id)
}

fn recurring(params: &Params) -> Result<Option<Params>, Failure> {
    let Some(parts) = params.map("recurring")? else { return Ok(None) };
    let parts = Params::from(parts.clone());
    parts.only(&["interval", "interval_count"])?;
    Ok(Some(parts))
}

fn checked_interval(interval: &str) -> Result<&str, Failure> {
    if INTERVALS.contains(&interval) {
        return Ok(interval);
    }
    let message = format!("Invalid recurring[interval]: must be one of {}", INTERVALS.join(", "));
    Err(Failure::param("recurring[interval]", message))
}

fn change(object: &mut Value, params: &Params, texts: &[&str]) -> Result<(), Failure> {
    for name in texts {
        if let Some(text) = params.text(name)? {
            object[*name] = if text.is_empty() { Value::Null } else { json!(text) };
        }
    }
    if let Some(active) = params.boolean("active")? {
        object["active"] = json!(active);
    }
    change_metadata(object, params)
}
