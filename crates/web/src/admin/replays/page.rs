//! `GET /admin/replays/{number}`: how far a replay is, who asked for it and why; and its end by hand.

use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::events::Filter;
use tollgate_models::replays::{Replay, Status};
use tollgate_models::users::Role;

use super::{ReplayRow, address, filter};
use crate::admin::events::filter::fields;
use crate::admin::fields::link;
use crate::admin::flash::Flash;
use crate::admin::guard::sentence;
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::parts::{EndpointNames, Fact, span};
use crate::admin::roles::{Operator, Viewer};
use crate::admin::show::Stamp;
use crate::{Error, replay};

#[derive(Template)]
#[template(path = "admin/replay_job.html")]
pub(in crate::admin) struct JobPage {
    layout: Layout,
    row: ReplayRow,
    state: &'static str,
    error: Option<String>,
    may_stop: bool,
    facts: Vec<Fact>,
    events_url: Option<String>,
    audit_url: String,
}

/// The handler.
pub(in crate::admin) async fn show(viewer: Viewer, number: web::Path<i64>) -> Result<HttpResponse, PageError> {
    let replay = replay::find(&viewer.tollgate, *number).await?;
    let names = viewer.tollgate.db().read(EndpointNames::load).await?;
    let layout = viewer.layout(Section::Replays, format!("Replay #{number}, {}", replay.status));
    page(&view(layout, &replay, &names, viewer.may(Role::Operator), viewer.now))
}

pub(in crate::admin) fn view(
    layout: Layout,
    replay: &Replay,
    names: &EndpointNames,
    may_stop: bool,
    now: i64,
) -> JobPage {
    // What was replayed has another status by now.
    let events = filter(replay).map(|filter| fields(&Filter { status: None, ..filter }));
    JobPage {
        layout,
        row: ReplayRow::new(replay, names, now),
        state: state(replay.status),
        error: replay.last_error.as_deref().map(sentence),
        may_stop,
        facts: facts(replay, now),
        events_url: events.map(|fields| link("/admin/events", &fields)),
        audit_url: link("/admin/audit", &[("subject".to_owned(), format!("replay {}", replay.id))]),
    }
}

fn state(status: Status) -> &'static str {
    match status {
        Status::Running => {
            "It is worked off in the background, also while nobody looks. What it puts back is processed meanwhile."
        }
        Status::Done => "Everything it meant is back in the queue. The event log shows what became of each event.",
        Status::Stopped => "Somebody stopped it. What it had put back before stays in the queue.",
        Status::Failed => "It cannot go on. What it had put back before stays in the queue.",
    }
}

fn facts(replay: &Replay, now: i64) -> Vec<Fact> {
    let mut facts = vec![Fact::text("Asked for by", &replay.actor)];
    let reason = if replay.reason.is_empty() { "none given" } else { &replay.reason };
    facts.push(Fact::text("Reason", reason));
    let handlers = replay.handler.as_ref().map_or_else(|| "all".to_owned(), |name| format!("only {name}"));
    facts.push(Fact::text("Handlers", handlers));
    facts.push(Fact::at("Begun", Stamp::full(replay.created_at, now)));
    if let Some(at) = replay.finished_at {
        facts.push(Fact::at("Ended", Stamp::full(at, now)));
        let took = u64::try_from(at.saturating_sub(replay.created_at)).unwrap_or_default();
        facts.push(Fact::text("Took", span(std::time::Duration::from_millis(took))));
    }
    facts
}

/// `POST /admin/replays/{number}/stop`
pub(in crate::admin) async fn stop(operator: Operator, number: web::Path<i64>) -> Result<HttpResponse, PageError> {
    let flash = match replay::stop(&operator.tollgate, *number, &operator.actor()).await {
        Ok(()) => Flash::good("The replay is stopped."),
        Err(Error::Conflict(text)) => Flash::bad(sentence(&text)),
        Err(error) => return Err(error.into()),
    };
    Ok(operator.redirect_with(&address(*number), &flash))
}
