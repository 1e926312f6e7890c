//! `/v1/webhook_endpoints`: register, read, change, delete.

use serde_json::json;
use tollgate_stripe_client::event::Kind;

use super::checks::{check_events, check_url, check_version, description, under_cap};
use super::metadata::apply_metadata;
use super::{Action, Call, page};
use crate::failure::{Answer, Failure};
use crate::state::State;
use crate::state::endpoints::Endpoint;

const NOUN: &str = "webhook endpoint";

pub(super) const LIST: Action = Action { params: &[], run: list };
pub(super) const RETRIEVE: Action = Action { params: &[], run: retrieve };
pub(super) const CREATE: Action =
    Action { params: &["url", "enabled_events", "api_version", "connect", "description", "metadata"], run: create };
pub(super) const UPDATE: Action =
    Action { params: &["url", "enabled_events", "description", "disabled", "metadata"], run: update };
pub(super) const DELETE: Action = Action { params: &[], run: delete };

fn list(state: &mut State, call: &Call) -> Answer {
    let created = page::created(&call.params)?;
    let newest = state.endpoints.iter().rev().filter(|row| row.destination.is_none());
    let rows: Vec<&Endpoint> = newest.filter(|row| row.scope == call.scope && created.contains(&row.created)).collect();
    page::page(call, &rows, |row| &row.id, |row| row.to_value())
}

fn retrieve(state: &mut State, call: &Call) -> Answer {
    Ok(find(state, call)?.to_value())
}

fn create(state: &mut State, call: &Call) -> Answer {
    let params = &call.params;
    let url = check_url(state, call, params.required("url")?)?;
    let events = check_events(params, Kind::Snapshot)?.ok_or_else(|| Failure::missing_param("enabled_events"))?;
    let mut endpoint = Endpoint::new(&call.scope, url, events, state.now());
    apply_metadata(&mut endpoint.metadata, params)?;
    endpoint.api_version = check_version(params, "api_version")?;
    endpoint.connect = params.boolean("connect")?.unwrap_or(false);
    endpoint.own = !endpoint.connect;
    endpoint.description = description(params)?;
    under_cap(state, call)?;
    let endpoint = state.register("we", endpoint);
    let mut shown = endpoint.to_value();
    // The only answer that ever carries it.
    shown["secret"] = json!(endpoint.secret);
    Ok(shown)
}

fn update(state: &mut State, call: &Call) -> Answer {
    let mut changed = find(state, call)?.clone();
    let params = &call.params;
    if let Some(url) = params.text("url")? {
        changed.url = check_url(state, call, url)?;
    }
    if let Some(events) = check_events(params, Kind::Snapshot)? {
        changed.enabled_events = events;
    }
    if params.has("description") {
        changed.description = description(params)?;
    }
    if let Some(disabled) = params.boolean("disabled")? {
        changed.disabled = disabled;
    }
    apply_metadata(&mut changed.metadata, params)?;
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
    match state.endpoint(&call.id).filter(|endpoint| endpoint.destination.is_none()) {
        Some(endpoint) if endpoint.scope == call.scope => Ok(endpoint),
        Some(endpoint) if endpoint.scope.account == call.scope.account => {
            Err(Failure::other_mode(NOUN, &call.id, call.scope.livemode))
        }
        _ => Err(Failure::no_such(NOUN, &call.id)),
    }
}
