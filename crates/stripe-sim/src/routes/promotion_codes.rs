//! `/v1/promotion_codes`.

use super::{Call, KIND, Kind, RETRIEVE, create as creates, list, objects, plain_update};
use crate::failure::{Answer, Failure};
use crate::fields::{Field, METADATA, flag, hash, integer, one_of, text};
use crate::objects::{Made, coupon};
use crate::state::State;

const RESTRICTIONS: &[Field] =
    &[flag("first_time_transaction").kept(), integer("minimum_amount").kept(), text("minimum_amount_currency").kept()];

/// The coupon stood by itself before 2025-09-30.clover; both places are taken.
const FIELDS: &[Field] = &[
    text("coupon"),
    hash("promotion", &[text("coupon").required(), one_of("type", &["coupon"]).required()]),
    text("code"),
    flag("active").kept(),
    text("customer").kept(),
    integer("expires_at").kept(),
    integer("max_redemptions").kept(),
    hash("restrictions", RESTRICTIONS).kept(),
    METADATA,
];

pub(super) static PROMOTION_CODE: Kind = Kind {
    object: "promotion_code",
    path: "/v1/promotion_codes",
    noun: "promotion code",
    permission: "promotion_code",
    events: "promotion_code",
    routes: &[
        list(&[("active", "/active"), ("code", "/code"), ("coupon", "/promotion/coupon"), ("customer", "/customer")]),
        RETRIEVE,
        creates(FIELDS, create),
        plain_update(&[flag("active").kept(), hash("restrictions", RESTRICTIONS).kept(), METADATA]),
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    let given = call.given.text("/promotion/coupon").or(call.given.text("/coupon"));
    let id = given.ok_or_else(|| Failure::missing_param("promotion"))?;
    let coupon = objects::find_as(state, call, "coupon", "coupon", id).map_err(|failure| failure.at("coupon"))?.clone();
    objects::customer(state, call)?;
    let (id, code) = (state.ids.id("promo"), state.ids.text(8).to_uppercase());
    let code = call.given.text("/code").unwrap_or(&code).to_owned();
    let taken = |other: &&serde_json::Value| other["code"] == code && other["active"] == true;
    if state.store.newest(&call.scope, "promotion_code").any(|other| taken(&other)) {
        let message = format!("An active promotion code with `code: {code}` already exists.");
        return Err(Failure::param("code", message));
    }
    let made = Made { id: &id, created: state.now(), livemode: call.scope.livemode };
    let mut object = coupon::promotion_code(made, &code, &coupon);
    objects::keep(&mut object, call, FIELDS)?;
    call.act(state).create("promotion_code.created", object);
    objects::show(state, call, &id)
}
