//! `/v1/stripecli/sessions`: where Stripe's own CLI asks for the address of its websocket and for its signing secret.

use serde_json::json;
use tollgate_stripe_client::catalogue;

use super::{Call, KIND, Kind, post};
use crate::failure::Answer;
use crate::fields::{text, texts};
use crate::state::State;
use crate::state::listeners::Listener;

/// After how long the CLI connects anew, in seconds.
const RECONNECT: u32 = 3600;

pub(super) static CLI_SESSION: Kind = Kind {
    object: "stripecli_session",
    path: "/v1/stripecli",
    noun: "session",
    permission: "stripecli_session",
    internal: true,
    routes: &[post(
        "/sessions",
        &[
            text("device_name"),
            texts("websocket_features"),
            text("filters"),
            text("forward_to_url"),
            text("forward_connect_to_url"),
            text("forward_thin_to_url"),
            text("forward_thin_connect_to_url"),
        ],
        create,
    )],
    ..KIND
};

fn create(state: &mut State, call: &Call) -> Answer {
    let features = call.given.texts("/websocket_features").unwrap_or_default();
    let device = call.given.text("/device_name").unwrap_or_default();
    let thin = features.contains(&"v2_events");
    let session = Listener::open(state, &call.scope, device, thin);
    Ok(json!({
        "default_version": state.settings.api_version,
        "device_token": session.id,
        "display_connect_filter_warning": false,
        "latest_version": catalogue::NEWEST,
        "reconnect_delay": RECONNECT,
        "secret": session.secret,
        "websocket_authorized_feature": features.first().unwrap_or(&"webhooks"),
        "websocket_id": session.id,
        "websocket_url": format!("{}/stripecli/subscribe", call.base.replacen("http", "ws", 1)),
    }))
}
