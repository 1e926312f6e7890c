//! `/v1/subscription_items`: the prices of a subscription, one by one.

use serde_json::{Value, json};

use super::{
    Call, KIND, Kind, create as creates, delete_at, get, list_at, objects, prices, subscriptions, update as updates,
};
use crate::engine::changes::{self, Change};
use crate::failure::{Answer, Failure};
use crate::fields::{Field, METADATA, flag, hash, integer, one_of, text};
use crate::objects::subscription::items;
use crate::objects::text as text_at;
use crate::state::State;

const SHARED: [Field; 6] = [
    text("price"),
    hash("price_data", prices::DATA),
    integer("quantity"),
    one_of("proration_behavior", subscriptions::PRORATIONS),
    one_of(
        "payment_behavior",
        &["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"],
    ),
    METADATA,
];

pub(super) static SUBSCRIPTION_ITEM: Kind = Kind {
    object: "subscription_item",
    path: "/v1/subscription_items",
    noun: "subscription item",
    permission: "subscription",
    routes: &[
        list_at("", &[], &[text("subscription").required()], list),
        get("/{}", &[], retrieve),
        creates(
            &[text("subscription").required(), SHARED[0], SHARED[1], SHARED[2], SHARED[3], SHARED[4], METADATA],
            create,
        ),
        updates(&SHARED, update),
        delete_at("/{}", &[SHARED[3], flag("clear_usage")], delete),
    ],
    ..KIND
};

fn list(state: &mut State, call: &Call) -> Answer {
    let subscription = named(state, call)?;
    objects::list_rows(state, call, items(&subscription))
}

fn named(state: &State, call: &Call) -> Result<Value, Failure> {
    let found = objects::named(state, call, "subscription", "subscription", "subscription")?;
    found.cloned().ok_or_else(|| Failure::missing_param("subscription"))
}

/// An item and the subscription that it is part of.
fn find(state: &State, call: &Call, id: &str) -> Result<(Value, Value), Failure> {
    let mut all = state.store.newest(&call.scope, "subscription");
    let found = all.find_map(|subscription| {
        let item = items(subscription).iter().find(|item| item["id"] == id)?;
        Some((item.clone(), subscription.clone()))
    });
    found.ok_or_else(|| Failure::no_such(call.kind.noun, id))
}

fn retrieve(state: &mut State, call: &Call) -> Answer {
    let (item, _) = find(state, call, call.id())?;
    objects::show_value(state, call, &item)
}

fn create(state: &mut State, call: &Call) -> Answer {
    let subscription = named(state, call)?;
    let change = subscriptions::change(state, call, &subscription, call.given.value(), 0)?;
    carry_out(state, call, &subscription, change);
    let newest = state.store.get(text_at(&subscription, "/id")).and_then(|after| items(after).last().cloned());
    objects::show_value(state, call, &newest.unwrap_or_default())
}

fn update(state: &mut State, call: &Call) -> Answer {
    let (_, subscription) = find(state, call, call.id())?;
    let mut row = call.given.value().clone();
    row["id"] = json!(call.id());
    let change = subscriptions::change(state, call, &subscription, &row, 0)?;
    carry_out(state, call, &subscription, change);
    retrieve(state, call)
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let (_, subscription) = find(state, call, call.id())?;
    if items(&subscription).len() == 1 {
        let message = "A subscription must have at least one active item. To remove the last one, cancel the \
                       subscription.";
        return Err(Failure::invalid(400, message));
    }
    let change = Change {
        item: Some(call.id().to_owned()),
        price: Value::Null,
        quantity: None,
        deleted: true,
        metadata: Value::Null,
    };
    carry_out(state, call, &subscription, change);
    Ok(objects::deleted(call))
}

fn carry_out(state: &mut State, call: &Call, subscription: &Value, change: Change) {
    let proration = call.given.text("/proration_behavior").unwrap_or("create_prorations");
    let mut act = call.act(state);
    act.by_clock_of(subscription);
    changes::apply(&mut act, text_at(subscription, "/id"), &[change], proration, |_| {});
}
