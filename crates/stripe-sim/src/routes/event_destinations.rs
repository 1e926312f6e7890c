//! `/v2/core/event_destinations`: register, read, change, switch, ping, delete.

use serde_json::{Value, json};
use tollgate_stripe_client::event::Kind;

use super::checks::{check_events, check_url, check_version, description, under_cap};
use super::metadata::apply_metadata;
use super::{Call, KIND, Kind as ObjectKind, delete_at, get, page, post};
use crate::clock::rfc3339;
use crate::failure::{Answer, Failure};
use crate::fields::{Field, Given, METADATA, hash, one_of, text, texts};
use crate::state::State;
use crate::state::endpoints::{Destination, Endpoint};

/// What is left out of an answer unless the call includes it.
const URL: &str = "webhook_endpoint.url";
const SECRET: &str = "webhook_endpoint.signing_secret";
/// Whose events there are; a simulator has no organisations, so that nothing comes from the last two.
const SOURCES: [&str; 4] = ["@self", "@accounts", "@organization_members", "@organization_members/@accounts"];

pub(super) static EVENT_DESTINATION: ObjectKind = ObjectKind {
    object: "v2.core.event_destination",
    path: "/v2/core/event_destinations",
    noun: "event destination",
    // Which permissions version 2 asks for is not published.
    permission: "webhook",
    routes: &[
        get("", &[texts("include"), page::FIELDS_V2[0], page::FIELDS_V2[1]], list),
        get("/{}", &[texts("include")], retrieve),
        post("", CREATE, create),
        post("/{}", UPDATE, update),
        delete_at("/{}", &[], delete),
        post("/{}/enable", &[], |state, call| switch(state, call, false)),
        post("/{}/disable", &[], |state, call| switch(state, call, true)),
        post("/{}/ping", &[], ping),
    ],
    ..KIND
};

const CREATE: &[Field] = &[
    text("name").required(),
    one_of("type", &["webhook_endpoint"]).required(),
    one_of("event_payload", &["snapshot", "thin"]).required(),
    texts("enabled_events").required(),
    texts("events_from"),
    text("snapshot_api_version"),
    hash("webhook_endpoint", &[text("url").required()]).required(),
    text("description"),
    METADATA,
    texts("include"),
];
const UPDATE: &[Field] = &[
    text("name"),
    texts("enabled_events"),
    hash("webhook_endpoint", &[text("url").required()]),
    text("description"),
    METADATA,
    texts("include"),
];

fn list(state: &mut State, call: &Call) -> Answer {
    let included = included(call, &[URL])?;
    let newest = state.endpoints.iter().rev().filter(|endpoint| endpoint.scope == call.scope);
    let rows: Vec<_> = newest.filter_map(|endpoint| Some((endpoint, endpoint.destination.as_ref()?))).collect();
    page::page_by_url(call, &rows, |(row, _)| &row.id, |(row, destination)| show(row, destination, &included))
}

fn retrieve(state: &mut State, call: &Call) -> Answer {
    let included = included(call, &[URL])?;
    let (endpoint, destination) = find(state, call)?;
    Ok(show(&endpoint, &destination, &included))
}

fn create(state: &mut State, call: &Call) -> Answer {
    let given = &call.given;
    let included = included(call, &[URL, SECRET])?;
    let now = state.now();
    let name = given.text("/name").unwrap_or_default().to_owned();
    let payload = if given.text("/event_payload") == Some("thin") { Kind::Thin } else { Kind::Snapshot };
    let destination = Destination { name, payload, events_from: sources(given)?, updated: now };
    let url = url(state, call)?.unwrap_or_default();
    let events = check_events(given, payload)?.unwrap_or_default();
    let mut endpoint = Endpoint::new(&call.scope, url, events, now);
    apply_metadata(&mut endpoint.metadata, given.value())?;
    endpoint.api_version = version(state, given, payload)?;
    endpoint.own = destination.events_from.iter().any(|source| source == "@self");
    endpoint.connect = destination.events_from.iter().any(|source| source == "@accounts");
    endpoint.description = description(given);
    endpoint.destination = Some(destination.clone());
    under_cap(state, call)?;
    let endpoint = state.register(if call.scope.livemode { "ed" } else { "ed_test" }, endpoint);
    Ok(show(&endpoint, &destination, &included))
}

fn update(state: &mut State, call: &Call) -> Answer {
    let given = &call.given;
    let included = included(call, &[URL])?;
    let (mut endpoint, mut destination) = find(state, call)?;
    if let Some(name) = given.text("/name") {
        destination.name = name.to_owned();
    }
    if let Some(url) = url(state, call)? {
        endpoint.url = url;
    }
    if let Some(events) = check_events(given, destination.payload)? {
        endpoint.enabled_events = events;
    }
    if given.has("/description") {
        endpoint.description = description(given);
    }
    apply_metadata(&mut endpoint.metadata, given.value())?;
    Ok(save(state, endpoint, destination, &included))
}

fn switch(state: &mut State, call: &Call, disabled: bool) -> Answer {
    let (mut endpoint, destination) = find(state, call)?;
    endpoint.disabled = disabled;
    Ok(save(state, endpoint, destination, &[]))
}

fn ping(state: &mut State, call: &Call) -> Answer {
    let (endpoint, _) = find(state, call)?;
    let url = format!("{}/{}", call.kind.path, call.id());
    let related = json!({ "id": call.id(), "type": call.kind.object, "url": url });
    Ok(state.notify(&endpoint, &call.cause, "v2.core.event_destination.ping", related))
}

fn delete(state: &mut State, call: &Call) -> Answer {
    find(state, call)?;
    state.endpoints.retain(|endpoint| endpoint.id != call.id());
    Ok(json!({ "id": call.id(), "object": call.kind.object }))
}

fn find(state: &State, call: &Call) -> Result<(Endpoint, Destination), Failure> {
    let found = state.endpoint(call.id()).filter(|endpoint| endpoint.scope == call.scope);
    let found = found.and_then(|endpoint| Some((endpoint.clone(), endpoint.destination.clone()?)));
    found.ok_or_else(|| Failure::no_such(call.kind.noun, call.id()))
}

fn save(state: &mut State, mut endpoint: Endpoint, mut destination: Destination, included: &[&str]) -> Value {
    destination.updated = state.now();
    let shown = show(&endpoint, &destination, included);
    endpoint.destination = Some(destination);
    state.replace(endpoint);
    shown
}

/// The object as the API shows it.
fn show(endpoint: &Endpoint, destination: &Destination, included: &[&str]) -> Value {
    let shown = |name: &str, text: &str| if included.contains(&name) { json!(text) } else { Value::Null };
    json!({
        "id": endpoint.id,
        "object": "v2.core.event_destination",
        "created": rfc3339(endpoint.created),
        "description": endpoint.description.as_deref().unwrap_or_default(),
        "enabled_events": endpoint.enabled_events,
        "event_payload": destination.payload.to_string(),
        "events_from": destination.events_from,
        "livemode": endpoint.scope.livemode,
        "metadata": endpoint.metadata,
        "name": destination.name,
        "snapshot_api_version": endpoint.api_version,
        "status": endpoint.status(),
        "status_details": endpoint.disabled.then(|| json!({ "disabled": { "reason": "user" } })),
        "type": "webhook_endpoint",
        "updated": rfc3339(destination.updated),
        "webhook_endpoint": {
            "signing_secret": shown(SECRET, &endpoint.secret),
            "url": shown(URL, &endpoint.url),
        },
    })
}

/// What the call includes, each of which must be in `known`.
fn included<'a>(call: &'a Call, known: &[&str]) -> Result<Vec<&'a str>, Failure> {
    let names = call.given.texts("/include").unwrap_or_default();
    match names.iter().find(|name| !known.contains(name)) {
        Some(name) => {
            Err(Failure::param("include", format!("Invalid include: {name} is not one of {}", known.join(", "))))
        }
        None => Ok(names),
    }
}

fn sources(given: &Given) -> Result<Vec<String>, Failure> {
    let sources = given.texts("/events_from").filter(|sources| !sources.is_empty()).unwrap_or(vec![SOURCES[0]]);
    match sources.iter().find(|source| !SOURCES.contains(source)) {
        Some(other) => Err(Failure::param("events_from", format!("Invalid events_from: {other}"))),
        None => Ok(sources.into_iter().map(str::to_owned).collect()),
    }
}

/// Only snapshots have a version: the one asked for, or the account's.
fn version(state: &State, given: &Given, payload: Kind) -> Result<Option<String>, Failure> {
    const NAME: &str = "snapshot_api_version";
    match payload {
        Kind::Snapshot => Ok(check_version(given, NAME)?.or_else(|| Some(state.settings.api_version.clone()))),
        Kind::Thin if given.has("/snapshot_api_version") => {
            Err(Failure::param(NAME, "snapshot_api_version is for the snapshot payload only"))
        }
        Kind::Thin => Ok(None),
    }
}

/// The address that the call gives, if it gives one.
fn url(state: &State, call: &Call) -> Result<Option<String>, Failure> {
    call.given.text("/webhook_endpoint/url").map(|url| check_url(state, call, url)).transpose()
}
