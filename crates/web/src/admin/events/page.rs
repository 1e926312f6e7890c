//! `GET /admin/events/{id}`: one event with its payload, what changed, its runs and its deliveries.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::Value;
use tollgate_models::QueryResult;
use tollgate_models::deliveries::{self, Delivery};
use tollgate_models::events::{self, Event, Status};
use tollgate_models::runs::{self, Run};
use tollgate_models::users::Role;

use super::changes::{Change, changes};
use super::{address, object_link};
use crate::Error;
use crate::admin::json_view::JsonTree;
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::parts::{EndpointNames, Fact, at_stripe};
use crate::admin::roles::{Operator, Viewer};
use crate::admin::show::{Badge, Id, Mode, Stamp, Tone, duration, size};
use crate::admin::{deliveries::DeliveryRow, endpoints};

/// The newest runs and deliveries that are shown.
const MOST: i64 = 50;

/// What an operator should know about the state.
pub(in crate::admin) struct NextStep {
    tone: Tone,
    text: String,
    at: Option<Stamp>,
}

/// One run as the page shows it.
pub(in crate::admin) struct RunRow {
    outcome: Badge,
    handler: String,
    attempt: i32,
    cause: &'static str,
    duration: String,
    at: Stamp,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/event.html")]
pub(in crate::admin) struct EventPage {
    layout: Layout,
    id: Id,
    type_: String,
    status: Badge,
    mode: Mode,
    at_stripe: Option<String>,
    may_replay: bool,
    replay_url: String,
    raw_url: String,
    next_step: Option<NextStep>,
    changes: Vec<Change>,
    attempts: String,
    runs: Vec<RunRow>,
    no_runs: &'static str,
    payload: Option<JsonTree>,
    payload_size: String,
    raw: String,
    no_payload: &'static str,
    facts: Vec<Fact>,
    deliveries: Vec<DeliveryRow>,
}

/// What the database has about an event.
pub(in crate::admin) struct Found {
    pub(in crate::admin) event: Event,
    pub(in crate::admin) body: Option<String>,
    pub(in crate::admin) runs: Vec<Run>,
    pub(in crate::admin) deliveries: Vec<Delivery>,
    pub(in crate::admin) names: EndpointNames,
}

/// The handler.
pub(in crate::admin) async fn show(viewer: Viewer, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let wanted = id.clone();
    let found = viewer.tollgate.db().read(move |conn| -> QueryResult<_> {
        let Some(event) = events::find(conn, &wanted)? else { return Ok(None) };
        Ok(Some(Found {
            body: events::payload(conn, &wanted)?,
            runs: runs::of_event(conn, &wanted, MOST)?,
            deliveries: deliveries::of_event(conn, &wanted, MOST)?,
            names: EndpointNames::load(conn)?,
            event,
        }))
    });
    let found = found.await?.ok_or_else(|| no_such_event(&id))?;
    let has_handlers = !viewer.tollgate.handlers().matching(&found.event.type_).is_empty();
    page(&view(&viewer, found, has_handlers))
}

fn no_such_event(id: &str) -> Error {
    Error::NotFound(format!("there is no event {id:.100} in the log"))
}

fn view(viewer: &Viewer, found: Found, has_handlers: bool) -> EventPage {
    let (layout, operator) = (viewer.layout(Section::Events, &found.event.type_), viewer.may(Role::Operator));
    let path = format!("events/{}", found.event.id);
    let stripe = at_stripe(viewer.tollgate.config(), found.event.livemode, &path);
    EventPage { at_stripe: stripe, ..build(layout, found, operator, has_handlers, viewer.now) }
}

/// The page out of what was found; payloads only for operators.
pub(in crate::admin) fn build(layout: Layout, found: Found, operator: bool, has_handlers: bool, now: i64) -> EventPage {
    let Found { event, body, runs, deliveries, names } = found;
    let body = body.filter(|_| operator);
    let json: Option<Value> = body.as_deref().and_then(|body| serde_json::from_str(body).ok());
    let facts = facts(&event, &names, now);
    EventPage {
        layout,
        id: Id::plain(&event.id),
        status: event.status.into(),
        mode: Mode { live: event.livemode },
        at_stripe: None,
        may_replay: operator,
        replay_url: format!("{}/replay", address(&event.id)),
        raw_url: format!("{}/raw", address(&event.id)),
        next_step: next_step(&event, now),
        changes: json.as_ref().map(changes).unwrap_or_default(),
        attempts: if event.attempts == 1 { "1 attempt".to_owned() } else { format!("{} attempts", event.attempts) },
        runs: runs.into_iter().map(|run| run_row(run, now)).collect(),
        no_runs: if has_handlers { "No handler has run yet." } else { "No handler is registered for this type." },
        payload: json.as_ref().map(JsonTree::new),
        payload_size: body.as_ref().map(|body| size(body.len() as i64)).unwrap_or_default(),
        raw: body.unwrap_or_default(),
        no_payload: if operator {
            "The payload is no longer kept."
        } else {
            "It may hold personal data, and is shown to operators and admins."
        },
        facts,
        deliveries: deliveries.into_iter().map(|delivery| DeliveryRow::new(delivery, &names, now)).collect(),
        type_: event.type_,
    }
}

fn facts(event: &Event, names: &EndpointNames, now: i64) -> Vec<Fact> {
    let mut facts = vec![
        Fact::at("Received", Stamp::full(event.received_at, now)),
        Fact::at("Made at Stripe", Stamp::full(event.created.saturating_mul(1000), now)),
    ];
    if let Some(at) = event.processed_at {
        facts.push(Fact::at("Processed", Stamp::full(at, now)));
    }
    if let Some(object) = object_link(event) {
        facts.push(Fact::id("About", Id::link(object.id, object.href)));
    }
    if let Some(type_) = &event.object_type {
        facts.push(Fact::text("Object type", type_));
    }
    if let Some(uuid) = &event.endpoint_uuid {
        facts.push(Fact::id("Endpoint", Id::link(names.name(Some(uuid)), endpoints::address(uuid))));
    }
    if let Some(account) = &event.account {
        facts.push(Fact::id("Account", Id::plain(account)));
    }
    facts.push(Fact::text("API version", event.api_version.as_deref().unwrap_or("not told")));
    facts.push(Fact::text("Kind", &event.kind));
    if let Some(request) = &event.request_id {
        facts.push(Fact::id("Caused by request", Id::plain(request)));
    }
    facts.push(Fact::text("Tried because of", event.cause.as_str()));
    facts
}

fn next_step(event: &Event, now: i64) -> Option<NextStep> {
    let error = event.last_error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
    let step = |tone, text: String, at| Some(NextStep { tone, text, at });
    match event.status {
        Status::Pending if event.next_attempt_at > now => step(
            Tone::Waiting,
            "Waits for its time: it is tried".to_owned(),
            Some(Stamp::full(event.next_attempt_at, now)),
        ),
        Status::Pending => step(Tone::Waiting, "Waits for a worker.".to_owned(), None),
        Status::Processing => step(Tone::Info, "A worker has it just now.".to_owned(), None),
        Status::Failed => {
            let text = format!("Attempt {} failed{error}. The next one follows", event.attempts);
            step(Tone::Again, text, Some(Stamp::full(event.next_attempt_at, now)))
        }
        Status::Dead => {
            let text = format!("All {} attempts failed, and nothing follows by itself{error}", event.attempts);
            step(Tone::Bad, text, None)
        }
        Status::Ignored => step(Tone::Quiet, format!("There was nothing to do for it{error}"), None),
        Status::Processed if event.superseded => {
            step(Tone::Info, "Its content was older than the mirror's, and did not overwrite it.".to_owned(), None)
        }
        Status::Processed => None,
    }
}

fn run_row(run: Run, now: i64) -> RunRow {
    RunRow {
        outcome: run.outcome.into(),
        handler: run.handler,
        attempt: run.attempt,
        cause: run.cause.as_str(),
        duration: duration(run.duration_us),
        at: Stamp::short(run.started_at, now),
        error: run.error,
    }
}

/// `GET /admin/events/{id}/raw`: the body, byte for byte.
pub(in crate::admin) async fn raw(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let wanted = id.clone();
    let body = operator.tollgate.db().read(move |conn| events::payload(conn, &wanted)).await?;
    let body = body.ok_or_else(|| no_such_event(&id))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(body))
}
