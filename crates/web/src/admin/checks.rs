//! `GET /admin/checks`: what was fetched to keep the mirror true, why, and what was otherwise; and fetching one object now.

use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::mirror::{Subject, Whose};
use tollgate_models::refetches::{self, Filter, Reason, Refetch, Status};

use super::fields::{Posted, Query};
use super::flash::Flash;
use super::guard::sentence;
use super::layout::{Layout, Section, page};
use super::objects::address_of;
use super::page_error::PageError;
use super::parts::{Choice, cursor, neighbour};
use super::roles::{Operator, Viewer};
use super::show::{Badge, Mode, Stamp, Tone};
use crate::Error;
use crate::refetch;

const PATH: &str = "/admin/checks";
const ROWS: usize = 50;

/// A fetch as the list shows it.
struct Row {
    object: String,
    object_id: String,
    href: String,
    mode: Mode,
    why: &'static str,
    detail: String,
    event: Option<(String, String)>,
    status: Badge,
    found: String,
    at: Stamp,
}

#[derive(Template)]
#[template(path = "admin/checks.html")]
struct ChecksPage {
    layout: Layout,
    reasons: Vec<Choice>,
    statuses: Vec<Choice>,
    object_id: String,
    filtered: bool,
    rows: Vec<Row>,
    newer: Option<String>,
    older: Option<String>,
}

/// The handler.
pub(super) async fn show(viewer: Viewer, Query(query): Query) -> Result<HttpResponse, PageError> {
    let filter = Filter {
        reason: Reason::parse(query.get("reason")),
        status: Status::parse(query.get("status")),
        object_id: query.owned("object"),
    };
    let (at, asked) = (cursor(&query), filter.clone());
    let found = viewer.tollgate.db().read(move |conn| refetches::list(conn, &asked, at, ROWS)).await?;
    let choice = |value: &'static str, label: &str, chosen: bool| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen,
    };
    page(&ChecksPage {
        layout: viewer.layout(Section::Objects, "Checks"),
        reasons: Reason::ALL.iter().map(|r| choice(r.as_str(), why(*r), filter.reason == Some(*r))).collect(),
        statuses: Status::ALL.iter().map(|s| choice(s.as_str(), s.as_str(), filter.status == Some(*s))).collect(),
        filtered: filter.reason.is_some() || filter.status.is_some() || filter.object_id.is_some(),
        object_id: filter.object_id.unwrap_or_default(),
        newer: neighbour(PATH, &query, found.newer),
        older: neighbour(PATH, &query, found.older),
        rows: found.rows.into_iter().map(|refetch| row(refetch, viewer.now)).collect(),
    })
}

fn whose(subject: &Subject<'_>) -> Whose {
    Whose { account: subject.account.map(str::to_owned), livemode: Some(subject.livemode) }
}

fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Gap => "An event never arrived",
        Reason::Tie => "Two contents of one second",
        Reason::List => "A list inside it goes on",
        Reason::Reference => "Others refer to it",
        Reason::Sample => "A sample",
    }
}

fn row(refetch: Refetch, now: i64) -> Row {
    let differing = refetch.differing();
    let (tone, word) = match refetch.status {
        Status::Pending => (Tone::Waiting, "waiting"),
        Status::Done if refetch.reason == Reason::Sample && !differing.is_empty() => (Tone::Warn, "was otherwise"),
        Status::Done => (Tone::Good, "done"),
        Status::Gone => (Tone::Quiet, "gone"),
        Status::Failed => (Tone::Bad, "failed"),
    };
    let found = match (&refetch.last_error, differing.is_empty()) {
        (Some(error), _) => sentence(error),
        (None, false) => format!("Was otherwise here: {}", differing.join(", ")),
        (None, true) => String::new(),
    };
    Row {
        href: address_of(&refetch.object, &refetch.object_id, &whose(&refetch.subject())),
        mode: Mode { live: refetch.livemode },
        why: why(refetch.reason),
        detail: refetch.detail,
        event: refetch.event_id.map(|id| (format!("/admin/events/{id}"), id)),
        status: Badge::new(tone, word),
        found,
        at: Stamp::short(refetch.finished_at.unwrap_or(refetch.requested_at), now),
        object: refetch.object,
        object_id: refetch.object_id,
    }
}

/// `POST /admin/objects/{type}/{id}/fetch`
pub(super) async fn fetch(
    operator: Operator,
    path: web::Path<(String, String)>,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let (object, id) = path.into_inner();
    let (account, livemode) = (form.owned("account"), form.get("livemode") == "true");
    let subject = Subject { object: &object, id: &id, livemode, account: account.as_deref() };
    let flash = match refetch::now(&operator.tollgate, subject, &operator.actor()).await {
        Ok(outcome) => Flash::good(sentence(&refetch::in_words(&outcome))),
        Err(error @ (Error::BadRequest(_) | Error::Stripe(_))) => Flash::bad(sentence(&error.to_string())),
        Err(error) => return Err(error.into()),
    };
    Ok(operator.redirect_with(&address_of(&object, &id, &whose(&subject)), &flash))
}
