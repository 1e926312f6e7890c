//! `/v1/subscriptions` and `/v1/subscription_items`: list, change when they end, end.

use serde_json::{Value, json};

use super::metadata::change_metadata;
use super::{Action, Call, objects, page};
use crate::failure::{Answer, Failure};
use crate::objects::{number, text};
use crate::shapes;
use crate::state::{Cause, Scope, State};

pub(super) const LIST: Action = Action { params: &["status"], run: list };
pub(super) const UPDATE: Action = Action { params: &["cancel_at_period_end", "description", "metadata"], run: update };
pub(super) const CANCEL: Action = Action { params: &["invoice_now", "prorate", "cancellation_details"], run: cancel };
pub(super) const LIST_ITEMS: Action = Action { params: &["subscription"], run: list_items };
pub(super) const RETRIEVE_ITEM: Action = Action { params: &[], run: retrieve_item };

/// Canceled ones are left out unless they are asked for (<https://docs.stripe.com/api/subscriptions/list>).
fn list(state: &mut State, call: &Call) -> Answer {
    let status = call.params.text("status")?.unwrap_or("not canceled");
    objects::list_where(state, call, |subscription| match (status, text(subscription, "/status")) {
        ("all", _) => true,
        ("not canceled", has) => has != "canceled",
        ("ended", has) => matches!(has, "canceled" | "incomplete_expired"),
        (wanted, has) => wanted == has,
    })
}

fn update(state: &mut State, call: &Call) -> Answer {
    let mut changed = objects::find(state, call)?.clone();
    if text(&changed, "/status") == "canceled" {
        return Err(Failure::invalid(
            400,
            "A canceled subscription can only update its cancellation_details and metadata.",
        ));
    }
    if let Some(at_end) = call.params.boolean("cancel_at_period_end")? {
        cancel_at_period_end(&mut changed, at_end, state.now());
    }
    if let Some(description) = call.params.text("description")? {
        changed["description"] = json!(description);
    }
    change_metadata(&mut changed, &call.params)?;
    state.update(&call.scope, &call.cause, &call.id, "customer.subscription.updated", |subscription| {
        *subscription = changed;
    });
    objects::show(state, call, &call.id)
}

fn cancel(state: &mut State, call: &Call) -> Answer {
    if text(objects::find(state, call)?, "/status") == "canceled" {
        return Err(Failure::no_such(call.kind.noun, &call.id));
    }
    end(state, &call.scope, &call.cause, &call.id, "cancellation_requested");
    objects::show(state, call, &call.id)
}

/// Sets or takes back that a subscription ends with its period.
pub(crate) fn cancel_at_period_end(subscription: &mut Value, at_end: bool, now: i64) {
    let end = number(subscription, "/items/data/0/current_period_end");
    subscription["cancel_at_period_end"] = json!(at_end);
    subscription["cancel_at"] = if at_end { json!(end) } else { Value::Null };
    subscription["canceled_at"] = if at_end { json!(now) } else { Value::Null };
    subscription["cancellation_details"]["reason"] = if at_end { json!("cancellation_requested") } else { Value::Null };
}

/// Ends a subscription now and tells of it.
pub(crate) fn end(state: &mut State, scope: &Scope, cause: &Cause, id: &str, reason: &str) {
    let now = state.now();
    state.amend(id, |subscription| {
        subscription["cancel_at_period_end"] = json!(false);
        if subscription["canceled_at"].is_null() {
            subscription["canceled_at"] = json!(now);
        }
        subscription["cancellation_details"]["reason"] = json!(reason);
        subscription["ended_at"] = json!(now);
        subscription["status"] = json!("canceled");
    });
    state.announce(scope, cause, "customer.subscription.deleted", id);
}

fn list_items(state: &mut State, call: &Call) -> Answer {
    let id = call.params.required("subscription")?;
    let subscription = objects::find_as(state, call, "subscription", "subscription", id)?;
    let rows: Vec<&Value> = subscription["items"]["data"].as_array().into_iter().flatten().collect();
    page::page(call, &rows, |row| text(row, "/id"), |row| shapes::render(row, &call.version))
}

fn retrieve_item(state: &mut State, call: &Call) -> Answer {
    let all = state.store.newest(&call.scope, "subscription");
    let mut items = all.flat_map(|subscription| subscription["items"]["data"].as_array().into_iter().flatten());
    let found = items.find(|item| text(item, "/id") == call.id);
    let item = found.ok_or_else(|| Failure::no_such(call.kind.noun, &call.id))?;
    Ok(shapes::render(item, &call.version))
}
