//! Backfills: the list with the form for a new one, the page of one with its progress, and how to stop it.

use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::page::Cursor;
use tollgate_models::syncs::{self, Progress, Status, Sync};
use tollgate_models::users::Role;

use super::fields::{Fields, Posted, Query};
use super::flash::Flash;
use super::guard::sentence;
use super::layout::{Layout, Section, page};
use super::page_error::PageError;
use super::parts::{cursor, neighbour};
use super::roles::{Operator, Viewer};
use super::show::{Badge, Stamp, Tone, count};
use crate::Error;
use crate::sync::{self, Report, Request};

const PATH: &str = "/admin/syncs";
const ROWS: usize = 50;
const DAY: i64 = 86_400;

/// A backfill as the list shows it.
struct SyncRow {
    number: i64,
    href: String,
    status: Badge,
    what: String,
    since: Option<Stamp>,
    actor: String,
    begun: Stamp,
}

#[derive(Template)]
#[template(path = "admin/syncs.html")]
struct SyncsPage {
    layout: Layout,
    may_begin: bool,
    types: Vec<&'static str>,
    rows: Vec<SyncRow>,
    newer: Option<String>,
    older: Option<String>,
}

/// `GET /admin/syncs`
pub(super) async fn list(viewer: Viewer, Query(query): Query) -> Result<HttpResponse, PageError> {
    let at: Cursor = cursor(&query);
    let found = viewer.tollgate.db().read(move |conn| syncs::list(conn, at, ROWS)).await?;
    page(&SyncsPage {
        layout: viewer.layout(Section::Objects, "Backfills"),
        may_begin: viewer.may(Role::Operator),
        types: sync::types(),
        newer: neighbour(PATH, &query, found.newer),
        older: neighbour(PATH, &query, found.older),
        rows: found.rows.iter().map(|sync| row(sync, viewer.now)).collect(),
    })
}

fn row(sync: &Sync, now: i64) -> SyncRow {
    SyncRow {
        number: sync.id,
        href: format!("{PATH}/{}", sync.id),
        status: badge(sync.status),
        what: match sync.types() {
            types if types.is_empty() => "All types".to_owned(),
            types => types.join(", "),
        },
        since: sync.since.map(|since| Stamp::short(since.saturating_mul(1000), now).alone()),
        actor: sync.actor.clone(),
        begun: Stamp::short(sync.created_at, now),
    }
}

fn badge(status: Status) -> Badge {
    let tone = match status {
        Status::Pending | Status::Running => Tone::Info,
        Status::Done => Tone::Good,
        Status::Stopped => Tone::Quiet,
        Status::Failed => Tone::Bad,
    };
    Badge::new(tone, status.as_str())
}

/// `POST /admin/syncs`
pub(super) async fn begin(operator: Operator, Posted(form): Posted) -> Result<HttpResponse, PageError> {
    let request = match request(&form, operator.now) {
        Ok(request) => request,
        Err(text) => return Ok(operator.redirect_with(PATH, &Flash::bad(text))),
    };
    Ok(match sync::begin(&operator.tollgate, &request, &operator.actor()).await {
        Ok(id) => operator.redirect_with(&format!("{PATH}/{id}"), &Flash::good("The backfill has begun.")),
        Err(Error::BadRequest(text) | Error::Conflict(text)) => {
            operator.redirect_with(PATH, &Flash::bad(sentence(&text)))
        }
        Err(error) => return Err(error.into()),
    })
}

fn request(form: &Fields, now: i64) -> Result<Request, String> {
    let types = form.all("types").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let since = match form.get("days") {
        "" => None,
        text => {
            let days: i64 = text.parse().ok().filter(|days| (1..=10_000).contains(days)).ok_or_else(|| {
                "Write how many days back as a whole number from 1 to 10000, or leave it empty for all.".to_owned()
            })?;
            Some(now.div_euclid(1000) - days * DAY)
        }
    };
    Ok(Request { types, since })
}

/// A type as the page of a backfill shows it.
struct TypeRow {
    object: String,
    href: String,
    percent: i64,
    ended: i64,
    windows: i64,
    listed: String,
    stored: String,
    /// Why Stripe did not answer the last time; it is asked again.
    problem: Option<String>,
}

/// A type that Stripe refused to list, and its reason.
struct Refusal {
    object: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "admin/sync.html")]
struct SyncPage {
    layout: Layout,
    row: SyncRow,
    runs: bool,
    may_stop: bool,
    listed: String,
    stored: String,
    error: Option<String>,
    types: Vec<TypeRow>,
    refusals: Vec<Refusal>,
    /// Types of which Stripe has nothing, and those that have not begun.
    nothing: String,
    waiting: String,
}

/// `GET /admin/syncs/{number}`
pub(super) async fn show(viewer: Viewer, number: web::Path<i64>) -> Result<HttpResponse, PageError> {
    let report = sync::find(&viewer.tollgate, *number).await?;
    let layout = viewer.layout(Section::Objects, format!("Backfill #{number}, {}", report.sync.status));
    page(&view(layout, &report, viewer.may(Role::Operator), viewer.now))
}

fn view(layout: Layout, report: &Report, may_stop: bool, now: i64) -> SyncPage {
    let (begun, rest): (Vec<_>, Vec<_>) =
        report.types.iter().partition(|of| of.objects > 0 || (of.refused == 0 && !of.error.is_empty()));
    let (refused, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|of| of.refused > 0);
    let (nothing, waiting): (Vec<_>, Vec<_>) = rest.into_iter().partition(|of| of.ended == of.windows);
    let named = |types: Vec<&Progress>| types.iter().map(|of| of.object.as_str()).collect::<Vec<_>>().join(", ");
    SyncPage {
        layout,
        row: row(&report.sync, now),
        runs: report.sync.status == Status::Running,
        may_stop,
        listed: count(report.objects()),
        stored: count(report.stored()),
        error: report.sync.last_error.as_deref().map(sentence),
        types: begun.into_iter().map(type_row).collect(),
        refusals: refused
            .into_iter()
            .map(|of| Refusal { object: of.object.clone(), reason: sentence(&of.error) })
            .collect(),
        nothing: named(nothing),
        waiting: named(waiting),
    }
}

fn type_row(of: &Progress) -> TypeRow {
    TypeRow {
        object: of.object.clone(),
        href: format!("/admin/objects/{}", of.object),
        percent: (of.ended * 100).checked_div(of.windows).unwrap_or_default(),
        ended: of.ended,
        windows: of.windows,
        listed: count(of.objects),
        stored: count(of.stored),
        problem: Some(sentence(&of.error)).filter(|_| !of.error.is_empty()),
    }
}

/// `POST /admin/syncs/{number}/stop`
pub(super) async fn stop(operator: Operator, number: web::Path<i64>) -> Result<HttpResponse, PageError> {
    let flash = match sync::stop(&operator.tollgate, *number, &operator.actor()).await {
        Ok(()) => Flash::good("The backfill is stopped. What it stored stays."),
        Err(Error::Conflict(text)) => Flash::bad(sentence(&text)),
        Err(error) => return Err(error.into()),
    };
    Ok(operator.redirect_with(&format!("{PATH}/{number}"), &flash))
}
