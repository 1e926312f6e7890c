//! `/v1/customers`: create, change, delete.

use serde_json::{Value, json};

use super::metadata::change_metadata;
use super::{Action, Call, objects, subscriptions};
use crate::failure::{Answer, Failure};
use crate::objects::{Made, customer, text};
use crate::params::Params;
use crate::state::State;

/// The parameters that are stored under their own name.
const FIELDS: [&str; 4] = ["name", "email", "phone", "description"];

pub(super) const CREATE: Action =
    Action { params: &["name", "email", "phone", "description", "metadata"], run: create };
pub(super) const UPDATE: Action =
    Action { params: &["name", "email", "phone", "description", "metadata"], run: update };
pub(super) const DELETE: Action = Action { params: &[], run: delete };

fn create(state: &mut State, call: &Call) -> Answer {
    let (id, prefix) = (state.ids.id("cus"), state.ids.text(8).to_uppercase());
    let made = Made { id: &id, created: state.now(), livemode: call.scope.livemode };
    let mut object = customer::customer(made, None, None, &prefix);
    change(&mut object, &call.params)?;
    state.create(&call.scope, &call.cause, "customer.created", object);
    objects::show(state, call, &id)
}

fn update(state: &mut State, call: &Call) -> Answer {
    let mut changed = objects::find(state, call)?.clone();
    change(&mut changed, &call.params)?;
    state.update(&call.scope, &call.cause, &call.id, "customer.updated", |customer| *customer = changed);
    objects::show(state, call, &call.id)
}

fn change(customer: &mut Value, params: &Params) -> Result<(), Failure> {
    for name in FIELDS {
        if let Some(text) = params.text(name)? {
            customer[name] = if text.is_empty() { Value::Null } else { json!(text) };
        }
    }
    change_metadata(customer, params)
}

/// A deleted customer's subscriptions end with it.
fn delete(state: &mut State, call: &Call) -> Answer {
    let object = objects::find(state, call)?.clone();
    let of_customer = |subscription: &&Value| {
        subscription["customer"] == call.id.as_str() && text(subscription, "/status") != "canceled"
    };
    let running: Vec<String> = state
        .store
        .newest(&call.scope, "subscription")
        .filter(of_customer)
        .map(|subscription| text(subscription, "/id").to_owned())
        .collect();
    for id in running {
        subscriptions::end(state, &call.scope, &call.cause, &id, "cancellation_requested");
    }
    state.store.delete(&call.id);
    state.tell(&call.scope, &call.cause, "customer.deleted", object, None);
    Ok(objects::deleted(call))
}
