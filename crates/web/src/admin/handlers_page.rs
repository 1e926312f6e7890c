//! `GET /admin/handlers`: the registered code, how it fares, and where types and handlers miss each other.

use std::collections::HashSet;

use actix_web::HttpResponse;
use askama::Template;
use tollgate_models::endpoints::{self, Endpoint, Status};
use tollgate_models::runs::{self, Tally};
use tollgate_models::{QueryResult, users::Role};
use tollgate_stripe_client::catalogue;

use super::layout::{Layout, Section, page};
use super::page_error::PageError;
use super::roles::Viewer;
use super::show::{Badge, Stamp, Tone, duration};
use crate::Handlers;

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
}

pub(super) struct Unsubscribed {
    pattern: String,
    handler: String,
}

#[derive(Template)]
#[template(path = "admin/handlers.html")]
pub(super) struct HandlersPage {
    layout: Layout,
    rows: Vec<HandlerRow>,
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
    let mut page_view = view(viewer.layout(Section::Handlers, "Handlers"), &handlers, tallies, &endpoints, viewer.now);
    if !viewer.may(Role::Operator) {
        // An error may quote what it was about.
        page_view.rows.iter_mut().for_each(|row| row.last_error = None);
    }
    page(&page_view)
}

/// The page out of the registry, its figures and the endpoints.
pub(super) fn view(
    layout: Layout,
    handlers: &Handlers,
    tallies: Vec<Tally>,
    endpoints: &[Endpoint],
    now: i64,
) -> HandlersPage {
    let subscribed: HashSet<String> = endpoints
        .iter()
        .filter(|endpoint| endpoint.status == Status::Enabled)
        .flat_map(Endpoint::event_types)
        .collect();
    let takes_all = subscribed.contains("*");
    let taken = |name: &str| takes_all || subscribed.contains(name);
    let rows: Vec<HandlerRow> =
        handlers.entries().zip(tallies).map(|(entry, tally)| handler_row(entry, tally, now)).collect();
    let unhandled = catalogue::types().filter(|name| taken(name) && handlers.matching(name).is_empty());
    let unsubscribed = handlers.entries().flat_map(|entry| entry.patterns.iter().map(move |pattern| (entry, pattern)));
    let unsubscribed = unsubscribed
        .filter(|(_, pattern)| !takes_all && !subscribed.iter().any(|name| catalogue::matches(pattern, name)));
    HandlersPage {
        layout,
        takes_all,
        unhandled: unhandled.map(str::to_owned).collect(),
        unsubscribed: unsubscribed
            .map(|(entry, pattern)| Unsubscribed { pattern: pattern.clone(), handler: entry.name.clone() })
            .collect(),
        rows,
    }
}

fn handler_row(entry: &crate::HandlerEntry, tally: Tally, now: i64) -> HandlerRow {
    let percent = (tally.succeeded * 100).checked_div(tally.total).unwrap_or_default();
    let tone = match percent {
        100 => Tone::Good,
        90..100 => Tone::Warn,
        _ => Tone::Bad,
    };
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
    }
}
