//! `GET /admin/events/{id}`: one event with its payload, what changed, its runs, tasks and deliveries, and what people did to it.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::Value;
use tollgate_models::audit::{self, Entry};
use tollgate_models::deliveries::{self, Delivery};
use tollgate_models::events::{self, Event, Status};
use tollgate_models::page::Cursor;
use tollgate_models::runs::{self, Run};
use tollgate_models::tasks::{self, Task};
use tollgate_models::users::Role;
use tollgate_models::{AnyConnection, QueryResult, shadow_events};

use super::again::Again;
use super::changes::{Change, changes};
use super::history::{self, Deed, deeds};
use super::state::{Remark, remarks};
use super::{RunRow, address, object_link};
use crate::admin::fields::link;
use crate::admin::json_view::JsonTree;
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::parts::{EndpointNames, Fact, at_stripe};
use crate::admin::roles::{Operator, Viewer};
use crate::admin::show::{Badge, Id, Mode, Stamp, seconds_text, size};
use crate::admin::tasks::{Look, TaskRow};
use crate::admin::{deliveries::DeliveryRow, endpoints};
use crate::{Error, Handlers, Tollgate};

/// The newest runs, tasks and deliveries that are shown.
const MOST: i64 = 50;

#[derive(Template)]
#[template(path = "admin/event.html")]
pub(in crate::admin) struct EventPage {
    layout: Layout,
    id: Id,
    type_: String,
    status: Badge,
    mode: Mode,
    at_stripe: Option<String>,
    /// None for those who may not.
    again: Option<Again>,
    raw_url: String,
    remarks: Vec<Remark>,
    changes: Vec<Change>,
    attempts: String,
    runs: Vec<RunRow>,
    no_runs: &'static str,
    tasks: Vec<TaskRow>,
    no_tasks: Option<&'static str>,
    payload: Option<JsonTree>,
    payload_size: String,
    raw: String,
    no_payload: &'static str,
    facts: Vec<Fact>,
    deeds: Vec<Deed>,
    one_of_many: bool,
    audit_url: String,
    deliveries: Vec<DeliveryRow>,
}

/// What the database has about an event.
pub(in crate::admin) struct Found {
    pub(in crate::admin) event: Event,
    pub(in crate::admin) body: Option<String>,
    pub(in crate::admin) runs: Vec<Run>,
    pub(in crate::admin) tasks: Vec<Task>,
    pub(in crate::admin) entries: Vec<Entry>,
    pub(in crate::admin) deliveries: Vec<Delivery>,
    pub(in crate::admin) names: EndpointNames,
}

/// The handler.
pub(in crate::admin) async fn show(viewer: Viewer, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let wanted = id.clone();
    let found = viewer.tollgate.db().read(move |conn| load(conn, &wanted)).await?;
    let Some(found) = found else { return Err(not_yet(&viewer.tollgate, &id).await?.into()) };
    let layout = viewer.layout(Section::Events, &found.event.type_);
    let look = Look { handlers: viewer.tollgate.handlers(), operator: viewer.may(Role::Operator), now: viewer.now };
    let path = format!("events/{}", found.event.id);
    let at_stripe = at_stripe(viewer.tollgate.config(), found.event.livemode, &path);
    page(&EventPage { at_stripe, ..view(layout, found, look) })
}

fn load(conn: &mut AnyConnection, id: &str) -> QueryResult<Option<Found>> {
    let Some(event) = events::find(conn, id)? else { return Ok(None) };
    Ok(Some(Found {
        body: events::payload(conn, id)?,
        runs: runs::of_event(conn, id, MOST)?,
        tasks: tasks::of_event(conn, id, MOST)?,
        entries: audit::list(conn, Some(id), Cursor::Newest, history::MOST)?.rows,
        deliveries: deliveries::of_event(conn, id, MOST)?,
        names: EndpointNames::load(conn)?,
        event,
    }))
}

// It may have come by the shadow of an upgrade first, as deliveries tell.
async fn not_yet(tollgate: &Tollgate, id: &str) -> Result<Error, Error> {
    let wanted = id.to_owned();
    let copy = tollgate.db().read(move |conn| shadow_events::of_event(conn, &wanted)).await?;
    Ok(copy.map_or_else(
        || no_such_event(id),
        |copy| {
            let at = seconds_text((copy.received_at + shadow_events::WAIT).div_euclid(1000)).unwrap_or_default();
            Error::NotFound(format!(
                "{id:.100} has come by the shadow of an upgrade only: unless it comes by the live endpoint, it is taken in after {at}"
            ))
        },
    ))
}

pub(super) fn no_such_event(id: &str) -> Error {
    Error::NotFound(format!("there is no event {id:.100} in the log"))
}

/// The page out of what was found; payloads only for operators.
pub(in crate::admin) fn view(layout: Layout, found: Found, look: Look<'_>) -> EventPage {
    let Found { event, body, runs, tasks, entries, deliveries, names } = found;
    let Look { handlers, operator, now } = look;
    let body = body.filter(|_| operator);
    let json: Option<Value> = body.as_deref().and_then(|body| serde_json::from_str(body).ok());
    let one_of_many = history::is_one_of_many(&event, &runs, &entries);
    EventPage {
        layout,
        id: Id::plain(&event.id),
        status: event.status.into(),
        mode: Mode { live: event.livemode },
        at_stripe: None,
        again: operator.then(|| Again::new(&event.id, &event.type_, handlers, "", "")),
        raw_url: format!("{}/raw", address(&event.id)),
        remarks: remarks(&event, operator, now),
        changes: json.as_ref().map(changes).unwrap_or_default(),
        attempts: if event.attempts == 1 { "1 attempt".to_owned() } else { format!("{} attempts", event.attempts) },
        tasks: tasks.into_iter().map(|task| TaskRow::new(task, &runs, look)).collect(),
        no_tasks: (!handlers.following(&event.type_).is_empty()).then(|| no_tasks(&event)),
        runs: runs.into_iter().filter(|run| run.task_id.is_none()).map(|run| RunRow::new(run, operator, now)).collect(),
        no_runs: no_runs(handlers, &event.type_),
        payload: json.as_ref().map(JsonTree::new),
        payload_size: body.as_ref().map(|body| size(body.len() as i64)).unwrap_or_default(),
        raw: body.unwrap_or_default(),
        no_payload: if operator {
            "The payload is no longer kept."
        } else {
            "It may hold personal data, and is shown to operators and admins."
        },
        facts: facts(&event, &names, now),
        deeds: deeds(entries, now),
        one_of_many,
        audit_url: link("/admin/audit", &[("subject".to_owned(), event.id.clone())]),
        deliveries: deliveries.into_iter().map(|delivery| DeliveryRow::new(delivery, &names, now)).collect(),
        type_: event.type_,
    }
}

fn no_runs(handlers: &Handlers, event_type: &str) -> &'static str {
    match (handlers.matching(event_type).is_empty(), handlers.following(event_type).is_empty()) {
        (false, _) => "No handler has run yet.",
        (true, false) => "No handler for this type runs in the transaction; those that run after the commit are below.",
        (true, true) => "No handler is registered for this type.",
    }
}

fn no_tasks(event: &Event) -> &'static str {
    match event.status {
        Status::Processed => "None. The handlers for after the commit may have been registered later.",
        _ => "None yet: they are made when the event's transaction is committed.",
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
    if event.crashes > 0 {
        facts.push(Fact::text("Workers lost", event.crashes.to_string()));
    }
    if let Some(name) = &event.only_handler {
        facts.push(Fact::text("Only for", name));
    }
    facts
}

/// `GET /admin/events/{id}/raw`: the body, byte for byte.
pub(in crate::admin) async fn raw(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let wanted = id.clone();
    let body = operator.tollgate.db().read(move |conn| events::payload(conn, &wanted)).await?;
    let body = body.ok_or_else(|| no_such_event(&id))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(body))
}
