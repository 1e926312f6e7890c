//! `/v1/billing_portal/…`: how the portal is set up, and visits to it.

use super::{Call, KIND, Kind, RETRIEVE, create as creates, list, objects, update as updates};
use crate::failure::{Answer, Failure};
use crate::fields::{Field, METADATA, flag, hash, one_of, text, texts};
use crate::objects::{Made, billing_portal};
use crate::state::State;

const CANCEL: &[Field] = &[
    hash("cancellation_reason", &[flag("enabled").kept(), texts("options").kept()]).kept(),
    flag("enabled").kept(),
    one_of("mode", &["at_period_end", "immediately"]).kept(),
    one_of("proration_behavior", &["none", "create_prorations", "always_invoice"]).kept(),
];
const SUBSCRIPTION_UPDATE: &[Field] = &[
    texts("default_allowed_updates").kept(),
    flag("enabled").kept(),
    one_of("proration_behavior", &["none", "create_prorations", "always_invoice"]).kept(),
];
const FEATURES: &[Field] = &[
    hash("customer_update", &[texts("allowed_updates").kept(), flag("enabled").kept()]).kept(),
    hash("invoice_history", &[flag("enabled").kept()]).kept(),
    hash("payment_method_update", &[flag("enabled").kept()]).kept(),
    hash("subscription_cancel", CANCEL).kept(),
    hash("subscription_update", SUBSCRIPTION_UPDATE).kept(),
];
const PROFILE: &[Field] =
    &[text("headline").kept(), text("privacy_policy_url").kept(), text("terms_of_service_url").kept()];
const FIELDS: &[Field] = &[
    hash("features", FEATURES).kept(),
    hash("business_profile", PROFILE).kept(),
    text("default_return_url").kept(),
    text("name").kept(),
    flag("active").kept(),
    METADATA,
];

pub(super) static CONFIGURATION: Kind = Kind {
    object: "billing_portal.configuration",
    path: "/v1/billing_portal/configurations",
    noun: "configuration",
    permission: "billing_portal",
    events: "billing_portal.configuration",
    routes: &[
        list(&[("active", "/active"), ("is_default", "/is_default")]),
        RETRIEVE,
        creates(FIELDS, configure),
        updates(FIELDS, reconfigure),
    ],
    ..KIND
};

pub(super) static SESSION: Kind = Kind {
    object: "billing_portal.session",
    path: "/v1/billing_portal/sessions",
    noun: "session",
    permission: "billing_portal",
    events: "billing_portal.session",
    routes: &[creates(
        &[text("customer").required(), text("configuration"), text("return_url").kept(), text("locale").kept()],
        visit,
    )],
    ..KIND
};

fn configure(state: &mut State, call: &Call) -> Answer {
    let is_default = state.store.newest(&call.scope, call.kind.object).next().is_none();
    let id = state.ids.id("bpc");
    let mut object = billing_portal::configuration(made(state, call, &id), is_default);
    objects::keep(&mut object, call, FIELDS)?;
    call.act(state).create("billing_portal.configuration.created", object);
    objects::show(state, call, &id)
}

fn reconfigure(state: &mut State, call: &Call) -> Answer {
    let mut changed = objects::find(state, call)?.clone();
    objects::keep(&mut changed, call, FIELDS)?;
    if changed != *objects::find(state, call)? {
        changed["updated"] = state.now().into();
    }
    objects::replace(state, call, changed)
}

fn visit(state: &mut State, call: &Call) -> Answer {
    let customer = objects::customer(state, call)?;
    let configuration = match objects::named(state, call, "configuration", CONFIGURATION.object, "configuration")? {
        Some(configuration) => configuration.clone(),
        None => state.store.newest(&call.scope, CONFIGURATION.object).last().cloned().ok_or_else(none_yet)?,
    };
    let (id, secret) = (state.ids.id("bps"), state.ids.text(40));
    let url = format!("{}/p/session/{secret}", call.base);
    let customer = customer["id"].as_str().unwrap_or_default();
    let mut object = billing_portal::session(made(state, call, &id), &configuration, customer, &url);
    objects::keep(&mut object, call, call.fields)?;
    if let Some(fields) = object.as_object_mut() {
        fields.shift_remove("metadata");
    }
    call.act(state).create("billing_portal.session.created", object);
    objects::show(state, call, &id)
}

fn none_yet() -> Failure {
    let message = "You can't create a portal session in test mode until you save your customer portal settings in test \
                   mode at https://dashboard.stripe.com/test/settings/billing/portal.";
    Failure::invalid(400, message)
}

fn made<'a>(state: &State, call: &Call, id: &'a str) -> Made<'a> {
    Made { id, created: state.now(), livemode: call.scope.livemode }
}
