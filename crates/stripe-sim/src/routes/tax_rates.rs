//! `/v1/tax_rates`.

use super::{Call, KIND, Kind, RETRIEVE, create as creates, list, objects, plain_update};
use crate::failure::Answer;
use crate::fields::{Field, METADATA, decimal, flag, text};
use crate::objects::{Made, tax_rate};
use crate::state::State;

const SHARED: [Field; 8] = [
    text("display_name").kept(),
    flag("active").kept(),
    text("country").kept(),
    text("description").kept(),
    text("jurisdiction").kept(),
    text("state").kept(),
    text("tax_type").kept(),
    METADATA,
];

pub(super) static TAX_RATE: Kind = Kind {
    object: "tax_rate",
    path: "/v1/tax_rates",
    noun: "tax rate",
    permission: "tax_rate",
    events: "tax_rate",
    routes: &[
        list(&[("active", "/active"), ("inclusive", "/inclusive")]),
        RETRIEVE,
        creates(
            &[
                text("display_name").required().kept(),
                decimal("percentage").required().kept(),
                flag("inclusive").required().kept(),
                SHARED[1],
                SHARED[2],
                SHARED[3],
                SHARED[4],
                SHARED[5],
                SHARED[6],
                METADATA,
            ],
            create,
        ),
        plain_update(&SHARED),
    ],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    let id = state.ids.id("txr");
    let made = Made { id: &id, created: state.now(), livemode: call.scope.livemode };
    let mut object = tax_rate::tax_rate(made, &call.given.value()["percentage"]);
    objects::keep(&mut object, call, call.fields)?;
    call.act(state).create("tax_rate.created", object);
    objects::show(state, call, &id)
}
