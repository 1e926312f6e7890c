//! `GET /admin/handlers`: the registered code, how it fares, what does not end, and where types and handlers miss each other.

use std::collections::HashSet;
use std::time::Duration;

use actix_web::HttpResponse;
use askama::Template;
use tollgate_models::endpoints::{self, Endpoint, Status};
use tollgate_models::runs::{self, Tally};
use tollgate_models::{QueryResult, users::Role};
use tollgate_stripe_client::catalogue;

use super::events::{self, Linked};
use super::layout::{Layout, Section, page};
use super::page_error::PageError;
use super::parts::span;
use super::roles::Viewer;
use super::show::{Badge, Stamp, Tone, duration};
use crate::config::StuckHandler;
use crate::handlers::OWN_EVENTS;
use crate::{Config, HandlerEntry, Handlers, Place};

/// The newest runs of a handler that are summed up.
const NEWEST: i64 = 1000;

pub(super) struct HandlerRow {
    name: String,
    patterns: Vec<String>,
    types: Vec<&'static str>,
    total: i64,
    succeeded: i64,
    badge: Badge,
    mean: String,
    last: Option<Stamp>,
    last_error: Option<String>,
    limit: String,
    attempts: usize,
    waits: String,
}

/// The handlers of one place.
pub(super) struct Group {
    id: &'static str,
    heading: &'static str,
    text: &'static str,
    rows: Vec<HandlerRow>,
}

pub(super) struct Unsubscribed {
    pattern: String,
    handler: String,
}

/// A handler that should have ended.
pub(super) struct Overdue {
    handler: String,
    event: Linked,
    so_long: String,
}

#[derive(Template)]
#[template(path = "admin/handlers.html")]
pub(super) struct HandlersPage {
    layout: Layout,
    overdue: Vec<Overdue>,
    overdue_advice: &'static str,
    limit: String,
    groups: Vec<Group>,
    takes_all: bool,
    unhandled: Vec<String>,
    unsubscribed: Vec<Unsubscribed>,
}

/// The handler.
pub(super) async fn show(viewer: Viewer) -> Result<HttpResponse, PageError> {
    let handlers = viewer.tollgate.handlers().clone();
    let names: Vec<String> = handlers.entries().map(|entry| entry.name.clone()).collect();
    let (tallies, endpoints) = viewer
        .tollgate
        .db()
        .read(move |conn| -> QueryResult<_> {
            let tallies: QueryResult<Vec<Tally>> = names.iter().map(|name| runs::tally(conn, name, NEWEST)).collect();
            Ok((tallies?, endpoints::list(conn)?))
        })
        .await?;
    let registry = Registry { handlers: &handlers, config: viewer.tollgate.config() };
    let layout = viewer.layout(Section::Handlers, "Handlers");
    let overdue = viewer.tollgate.workers().overdue();
    let mut page_view = view(layout, registry, tallies, &endpoints, overdue, viewer.now);
    if !viewer.may(Role::Operator) {
        // An error may quote what it was about.
        page_view.groups.iter_mut().flat_map(|group| &mut group.rows).for_each(|row| row.last_error = None);
    }
    page(&page_view)
}

/// The handlers, and what the configuration says of all of them.
#[derive(Clone, Copy)]
pub(super) struct Registry<'a> {
    pub(super) handlers: &'a Handlers,
    pub(super) config: &'a Config,
}

/// The page out of the registry, its figures and the endpoints.
pub(super) fn view(
    layout: Layout,
    registry: Registry<'_>,
    tallies: Vec<Tally>,
    endpoints: &[Endpoint],
    overdue: Vec<(String, String, Duration)>,
    now: i64,
) -> HandlersPage {
    let handlers = registry.handlers;
    let subscribed: HashSet<String> = endpoints
        .iter()
        .filter(|endpoint| endpoint.status == Status::Enabled)
        .flat_map(Endpoint::event_types)
        .collect();
    let takes_all = subscribed.contains("*");
    let taken = |name: &str| takes_all || subscribed.contains(name);
    let handled = |name: &str| handlers.entries().any(|entry| entry.matches(name));
    let unhandled = catalogue::types().filter(|name| taken(name) && !handled(name));
    let unsubscribed = handlers.entries().flat_map(|entry| entry.patterns.iter().map(move |pattern| (entry, pattern)));
    let unsubscribed = unsubscribed
        .filter(|(_, pattern)| !OWN_EVENTS.contains(&pattern.as_str()))
        .filter(|(_, pattern)| !takes_all && !subscribed.iter().any(|name| catalogue::matches(pattern, name)));
    HandlersPage {
        layout,
        overdue: overdue.into_iter().map(overdue_row).collect(),
        overdue_advice: overdue_advice(registry.config),
        limit: span(registry.config.handler_deadline),
        takes_all,
        unhandled: unhandled.map(str::to_owned).collect(),
        unsubscribed: unsubscribed
            .map(|(entry, pattern)| Unsubscribed { pattern: pattern.clone(), handler: entry.name.clone() })
            .collect(),
        groups: groups(registry, tallies, now),
    }
}

fn groups(registry: Registry<'_>, tallies: Vec<Tally>, now: i64) -> Vec<Group> {
    let (mut inside, mut after) = (Vec::new(), Vec::new());
    for (entry, tally) in registry.handlers.entries().zip(tallies) {
        let row = handler_row(entry, tally, registry.config, now);
        match entry.place() {
            Place::InTransaction => inside.push(row),
            Place::AfterCommit => after.push(row),
        }
    }
    let inside = Group {
        id: "inside",
        heading: "In the event's transaction",
        text: "They run with the mirror, from the broadest pattern to the narrowest, and are rolled back with it: if one fails, the \
               event is tried again.",
        rows: inside,
    };
    let after = Group {
        id: "after",
        heading: "After the commit",
        text: "They run as tasks, for what a rollback would not take back. Each task has attempts of its own.",
        rows: after,
    };
    [inside, after].into_iter().filter(|group| !group.rows.is_empty()).collect()
}

fn overdue_row((handler, event, so_long): (String, String, Duration)) -> Overdue {
    Overdue { handler, event: Linked { href: events::address(&event), id: event }, so_long: span(so_long) }
}

fn overdue_advice(config: &Config) -> &'static str {
    match (config.database_url.is_sqlite(), config.stuck_handler) {
        (true, StuckHandler::EndProcess) => {
            "It holds SQLite's only connection that can write, so nothing is taken in or processed until it ends. After five times \
             the limit the process ends itself, so that whoever supervises it starts it again. Find out what the handler waits for, \
             and give that a time limit."
        }
        (true, StuckHandler::Report) => {
            "It holds SQLite's only connection that can write, so nothing is taken in or processed until it ends. Restart the \
             process if it does not; then find out what the handler waits for, and give that a time limit."
        }
        (false, _) => {
            "Its transaction is broken off, and the event is tried again later. Find out what the handler waits for, and give that a \
             time limit."
        }
    }
}

fn handler_row(entry: &HandlerEntry, tally: Tally, config: &Config, now: i64) -> HandlerRow {
    let percent = (tally.succeeded * 100).checked_div(tally.total).unwrap_or_default();
    let tone = match percent {
        100 => Tone::Good,
        90..100 => Tone::Warn,
        _ => Tone::Bad,
    };
    let limit = match entry.place() {
        Place::InTransaction => config.handler_deadline,
        Place::AfterCommit => entry.deadline.unwrap_or(config.task_deadline),
    };
    let waits = entry.retries.as_ref().unwrap_or(&config.retry_delays);
    HandlerRow {
        name: entry.name.clone(),
        patterns: entry.patterns.clone(),
        types: catalogue::types().filter(|name| entry.matches(name)).collect(),
        total: tally.total,
        succeeded: tally.succeeded,
        badge: Badge::new(tone, format!("{percent} %")),
        mean: tally.duration_us.checked_div(tally.total).map(duration).unwrap_or_default(),
        last: tally.last_at.map(|at| Stamp::short(at, now)),
        last_error: tally.last_error,
        limit: span(limit),
        attempts: waits.len() + 1,
        waits: waits.iter().map(|wait| span(*wait)).collect::<Vec<_>>().join(", "),
    }
}
