//! `/v1/webhook_endpoints`: register, read, change, delete.

use serde_json::json;
use tollgate_stripe_client::event::Kind;

use super::checks::{check_events, check_url, check_version, description, under_cap};
use super::metadata::apply_metadata;
use super::{
    Call, KIND, Kind as ObjectKind, create as creates, delete as deletes, get, list_at, page, update as updates,
};
use crate::failure::{Answer, Failure};
use crate::fields::{METADATA, flag, text, texts};
use crate::state::State;
use crate::state::endpoints::Endpoint;

pub(super) static WEBHOOK_ENDPOINT: ObjectKind = ObjectKind {
    object: "webhook_endpoint",
    path: "/v1/webhook_endpoints",
    noun: "webhook endpoint",
    permission: "webhook",
    routes: &[
        list_at("", &[], &[], list),
        get("/{}", &[], retrieve),
        creates(
            &[
                text("url").required(),
                texts("enabled_events").required(),
                text("api_version"),
                flag("connect"),
                text("description"),
                METADATA,
            ],
            create,
        ),
        updates(&[text("url"), texts("enabled_events"), text("description"), flag("disabled"), METADATA], update),
        deletes(delete),
    ],
    ..KIND
};

fn list(state: &mut State, call: &Call) -> Answer {
    let created = page::created(&call.given)?;
    let newest = state.endpoints.iter().rev().filter(|row| row.destination.is_none());
    let rows: Vec<&Endpoint> = newest.filter(|row| row.scope == call.scope && created.contains(&row.created)).collect();
    page::page(call, &rows, |row| &row.id, |row| row.to_value())
}

fn retrieve(state: &mut State, call: &Call) -> Answer {
    Ok(find(state, call)?.to_value())
}

fn create(state: &mut State, call: &Call) -> Answer {
    let given = &call.given;
    let url = check_url(state, call, given.text("/url").unwrap_or_default())?;
    let events = check_events(given, Kind::Snapshot)?.unwrap_or_default();
    let mut endpoint = Endpoint::new(&call.scope, url, events, state.now());
    apply_metadata(&mut endpoint.metadata, given.value())?;
    endpoint.api_version = check_version(given, "api_version")?;
    endpoint.connect = given.flag("/connect").unwrap_or(false);
    endpoint.own = !endpoint.connect;
    endpoint.description = description(given);
    under_cap(state, call)?;
    let endpoint = state.register("we", endpoint);
    let mut shown = endpoint.to_value();
    // The only answer that ever carries it.
    shown["secret"] = json!(endpoint.secret);
    Ok(shown)
}

fn update(state: &mut State, call: &Call) -> Answer {
    let mut changed = find(state, call)?.clone();
    let given = &call.given;
    if let Some(url) = given.text("/url") {
        changed.url = check_url(state, call, url)?;
    }
    if let Some(events) = check_events(given, Kind::Snapshot)? {
        changed.enabled_events = events;
    }
    if given.has("/description") {
        changed.description = description(given);
    }
    if let Some(disabled) = given.flag("/disabled") {
        changed.disabled = disabled;
    }
    apply_metadata(&mut changed.metadata, given.value())?;
    let shown = changed.to_value();
    state.replace(changed);
    Ok(shown)
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let id = find(state, call)?.id.clone();
    state.endpoints.retain(|endpoint| endpoint.id != id);
    Ok(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
}

fn find<'a>(state: &'a State, call: &Call) -> Result<&'a Endpoint, Failure> {
    let (id, noun) = (call.id(), call.kind.noun);
    match state.endpoint(id).filter(|endpoint| endpoint.destination.is_none()) {
        Some(endpoint) if endpoint.scope == call.scope => Ok(endpoint),
        Some(endpoint) if endpoint.scope.account == call.scope.account => {
            Err(Failure::other_mode(noun, id, call.scope.livemode))
        }
        _ => Err(Failure::no_such(noun, id)),
    }
}
