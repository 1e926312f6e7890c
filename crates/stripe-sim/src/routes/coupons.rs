//! `/v1/coupons`.

use super::{Call, KIND, Kind, PLAIN_DELETE, RETRIEVE, create as creates, list, objects, plain_update};
use crate::failure::{Answer, Failure};
use crate::fields::{Field, Given, METADATA, decimal, integer, one_of, text};
use crate::objects::{Made, coupon};
use crate::state::State;

const FIELDS: &[Field] = &[
    text("id"),
    integer("amount_off").kept(),
    text("currency").kept(),
    one_of("duration", &["forever", "once", "repeating"]).kept(),
    integer("duration_in_months").kept(),
    integer("max_redemptions").kept(),
    text("name").kept(),
    decimal("percent_off").kept(),
    integer("redeem_by").kept(),
    METADATA,
];

pub(super) static COUPON: Kind = Kind {
    object: "coupon",
    path: "/v1/coupons",
    noun: "coupon",
    permission: "coupon",
    events: "coupon",
    routes: &[
        list(&[]),
        RETRIEVE,
        creates(FIELDS, create),
        plain_update(&[text("name").kept(), METADATA]),
        PLAIN_DELETE,
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    let given = &call.given;
    check_value(given)?;
    if given.text("/duration") == Some("repeating") && given.integer("/duration_in_months").is_none() {
        let message = "Must pass duration_in_months when duration is repeating.";
        return Err(Failure::param("duration_in_months", message));
    }
    let id = given.text("/id").map_or_else(|| state.ids.text(8), str::to_owned);
    if state.store.get(&id).is_some() {
        return Err(Failure::invalid(400, "Coupon already exists.").code("resource_already_exists"));
    }
    let made = Made { id: &id, created: state.now(), livemode: call.scope.livemode };
    let mut object = coupon::coupon(made);
    objects::keep(&mut object, call, FIELDS)?;
    call.act(state).create("coupon.created", object);
    objects::show(state, call, &id)
}

/// It takes off an amount or a share, not both, and no more than there is.
fn check_value(given: &Given) -> Result<(), Failure> {
    let share = given.value()["percent_off"].as_f64();
    match (given.integer("/amount_off"), share) {
        (None, None) => Err(Failure::invalid(400, "Must provide percent_off or amount_off.")),
        (Some(_), Some(_)) => {
            Err(Failure::invalid(400, "You may only specify one of these parameters: percent_off, amount_off."))
        }
        (Some(amount), None) if amount <= 0 => {
            Err(Failure::param("amount_off", "Invalid positive integer").code("parameter_invalid_integer"))
        }
        (Some(_), None) if given.text("/currency").is_none() => Err(Failure::missing_param("currency")),
        (None, Some(share)) if share <= 0.0 || share > 100.0 => {
            Err(Failure::param("percent_off", "Invalid percent_off: must be greater than 0 and at most 100"))
        }
        _ => Ok(()),
    }
}
