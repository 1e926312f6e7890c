//! `GET /admin/events/missed`: what the last looks for events that never arrived found, and a button for another.

use actix_web::HttpResponse;
use askama::Template;
use tollgate_models::users::Role;

use super::flash::Flash;
use super::guard::sentence;
use super::layout::{Layout, Section, page};
use super::page_error::PageError;
use super::parts::span;
use super::roles::{Operator, Viewer};
use super::show::{Badge, Mode, Stamp, Tone, count};
use crate::reconcile::Report;
use crate::reconcile::schedule::{self, Standing};

const PATH: &str = "/admin/events/missed";

#[derive(Template)]
#[template(path = "admin/missed.html")]
struct MissedPage {
    layout: Layout,
    may_ask: bool,
    state: String,
    rows: Vec<Row>,
}

/// What was found of one account.
struct Row {
    account: String,
    connected: bool,
    mode: Mode,
    status: Badge,
    error: Option<String>,
    from: Stamp,
    until: Stamp,
    compared: String,
    missing: String,
    late: String,
    events: Vec<(String, String)>,
    others: String,
}

/// The handler.
pub(super) async fn show(viewer: Viewer) -> Result<HttpResponse, PageError> {
    let standing = schedule::standing(&viewer.tollgate).await?;
    let every = viewer.tollgate.config().reconcile_every.map(span);
    page(&MissedPage {
        layout: viewer.layout(Section::Events, "Missed events"),
        may_ask: viewer.may(Role::Operator),
        state: state(&standing, every.as_deref()),
        rows: standing.reports.iter().map(|report| row(report, viewer.now)).collect(),
    })
}

/// `POST /admin/events/missed`
pub(super) async fn ask(operator: Operator) -> Result<HttpResponse, PageError> {
    schedule::ask(&operator.tollgate, &operator.actor()).await?;
    let flash = Flash::good("Stripe's log is compared in the background. Reload this page for what was found.");
    Ok(operator.redirect_with(PATH, &flash))
}

fn state(standing: &Standing, every: Option<&str>) -> String {
    let schedule = match every {
        Some(every) => format!("Tollgate does so by itself {every} after the last time, and whenever somebody asks."),
        None => "It is done only when somebody asks, since TOLLGATE_RECONCILE_EVERY is never.".to_owned(),
    };
    let now = match (standing.is_running, &standing.wanted_by) {
        (true, _) => " Just now it is under way.".to_owned(),
        (false, Some(who)) => {
            format!(" {who} has asked for it; it begins within half a minute where events are processed.")
        }
        (false, None) => String::new(),
    };
    schedule + &now
}

fn row(report: &Report, now: i64) -> Row {
    let missing = i64::try_from(report.missing).unwrap_or(i64::MAX);
    let named = i64::try_from(report.ids.len()).unwrap_or(i64::MAX);
    let (tone, label) = match (&report.error, missing) {
        (Some(_), _) => (Tone::Bad, "not finished"),
        (None, 0) => (Tone::Good, "complete"),
        (None, _) => (Tone::Warn, "some had not arrived"),
    };
    Row {
        account: report.account.clone().unwrap_or_else(|| "The key may not tell".to_owned()),
        connected: report.connected,
        mode: Mode { live: report.livemode },
        status: Badge::new(tone, label),
        error: report.error.as_deref().map(sentence),
        from: Stamp::short(report.from.saturating_mul(1000), now),
        until: Stamp::short(report.until.saturating_mul(1000), now),
        compared: count(i64::try_from(report.compared).unwrap_or(i64::MAX)),
        missing: count(missing),
        late: count(i64::try_from(report.late).unwrap_or(i64::MAX)),
        events: report.ids.iter().map(|id| (format!("/admin/events/{id}"), id.clone())).collect(),
        others: if missing > named { format!("and {} others", count(missing - named)) } else { String::new() },
    }
}
