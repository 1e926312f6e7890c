//! `/v1/test_helpers/test_clocks`: time that a test moves, for the customers that stand on it.

use serde_json::json;

use super::{Call, KIND, Kind, RETRIEVE, create as creates, delete as deletes, list, objects, post};
use crate::calendar;
use crate::engine::{customers, due};
use crate::failure::{Answer, Failure};
use crate::fields::{integer, text};
use crate::objects::subscription::{interval, is_alive};
use crate::objects::{Made, number, test_clock};
use crate::state::State;

const EVENTS: &str = "test_helpers.test_clock";

pub(super) static TEST_CLOCK: Kind = Kind {
    object: "test_helpers.test_clock",
    path: "/v1/test_helpers/test_clocks",
    noun: "test clock",
    permission: "billing_clock",
    events: EVENTS,
    routes: &[
        list(&[]),
        RETRIEVE,
        creates(&[integer("frozen_time").required(), text("name")], create),
        deletes(delete),
        post("/{}/advance", &[integer("frozen_time").required()], advance),
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    if call.scope.livemode {
        return Err(Failure::invalid(403, "Test clocks can only be used in test mode."));
    }
    let id = state.ids.id("clock");
    let made = Made { id: &id, created: state.now(), livemode: false };
    let frozen = call.given.integer("/frozen_time").unwrap_or_default();
    let object = test_clock::test_clock(made, frozen, call.given.text("/name"));
    call.act(state).create("test_helpers.test_clock.created", object);
    objects::show(state, call, &id)
}

/// Everything that stands on a clock goes with it.
fn delete(state: &mut State, call: &Call) -> Answer {
    objects::find(state, call)?;
    let mut act = call.act(state);
    for customer in act.ids_of("customer", |customer| customer["test_clock"] == call.id()) {
        customers::delete(&mut act, &customer);
    }
    act.remove("test_helpers.test_clock.deleted", call.id());
    Ok(objects::deleted(call))
}

/// Answers that the clock advances; by then it has, as the next look at it shows.
fn advance(state: &mut State, call: &Call) -> Answer {
    let clock = objects::find(state, call)?.clone();
    let target = call.given.integer("/frozen_time").unwrap_or_default();
    check_target(state, call, number(&clock, "/frozen_time"), target)?;
    let mut act = call.act(state);
    act.become_and_tell(call.id(), "test_helpers.test_clock.advancing", |clock| {
        clock["status"] = json!("advancing");
        clock["status_details"] = json!({ "advancing": { "target_frozen_time": target } });
    });
    let shown = objects::show(state, call, call.id());
    due::run(state, Some(call.id()), target);
    call.act(state).become_and_tell(call.id(), "test_helpers.test_clock.ready", |clock| {
        clock["frozen_time"] = json!(target);
        clock["status"] = json!("ready");
        clock["status_details"] = json!({});
    });
    shown
}

/// Stripe lets a clock go two periods of the shortest subscription at once, or two years.
fn check_target(state: &State, call: &Call, now: i64, target: i64) -> Result<(), Failure> {
    if target <= now {
        let message = "The frozen time must be after the test clock's current frozen time.";
        return Err(Failure::param("frozen_time", message));
    }
    let on_clock = state
        .store
        .newest(&call.scope, "subscription")
        .filter(|subscription| subscription["test_clock"] == call.id() && is_alive(subscription));
    let furthest = on_clock.map(|subscription| {
        let (length, count) = interval(&subscription["items"]["data"][0]["price"]);
        calendar::after(now, length, 2 * count)
    });
    if target > furthest.min().unwrap_or_else(|| calendar::after(now, "year", 2)) {
        let message = "The frozen time cannot be more than two intervals in the future from the shortest subscription \
                       in this test clock, or two years without subscriptions.";
        return Err(Failure::param("frozen_time", message));
    }
    Ok(())
}
