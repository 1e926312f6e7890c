//! Replay: one event at once, or all failed ones that a filter finds, after a page that counts them.

use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::QueryResult;
use tollgate_models::events::{self, Filter, Status};

use super::{address, filter};
use crate::Error;
use crate::admin::fields::{Fields, Posted, Query, link};
use crate::admin::flash::Flash;
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::roles::Operator;
use crate::admin::show::{Badge, count};
use crate::replay;

/// Counted no further.
const MOST: i64 = 10_000;

/// Events of one status that could be replayed.
pub(in crate::admin) struct Replayable {
    pub(in crate::admin) status: Badge,
    pub(in crate::admin) count: String,
    pub(in crate::admin) text: String,
    pub(in crate::admin) fields: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "admin/replay.html")]
pub(in crate::admin) struct ReplayPage {
    pub(in crate::admin) layout: Layout,
    pub(in crate::admin) choices: Vec<Replayable>,
    pub(in crate::admin) filter: String,
    pub(in crate::admin) back: String,
}

/// `POST /admin/events/{id}/replay`
pub(in crate::admin) async fn one(
    operator: Operator,
    id: web::Path<String>,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let flash =
        match replay::one(&operator.tollgate, &id, &replay::Request::new(operator.actor(), form.get("reason"))).await {
            Ok(()) => Flash::good("The event is back in the queue; its handlers run again."),
            Err(Error::Conflict(text)) => Flash::bad(text),
            Err(error) => return Err(error.into()),
        };
    Ok(operator.redirect_with(&address(&id), &flash))
}

/// `GET /admin/events/replay`
pub(in crate::admin) async fn ask(operator: Operator, Query(query): Query) -> Result<HttpResponse, PageError> {
    let filter = filter::read(&query, operator.now)?;
    let counted = operator.tollgate.db().read(move |conn| -> QueryResult<_> {
        let mut counted = Vec::new();
        for status in statuses(&filter) {
            let narrowed = Filter { status: Some(status), ..filter.clone() };
            counted.push((status, events::ids(conn, &narrowed, 0, MOST + 1)?.len() as i64));
        }
        Ok(counted)
    });
    let layout = operator.layout(Section::Events, "Replay failed events");
    page(&view(layout, &query, counted.await?, operator.now))
}

pub(in crate::admin) fn view(layout: Layout, query: &Fields, counted: Vec<(Status, i64)>, now: i64) -> ReplayPage {
    let fields = filter::only(query);
    let choice = |(status, found): (Status, i64)| {
        let more = if found > MOST { "more than " } else { "" };
        let count = format!("{more}{}", count(found.min(MOST)));
        let mut kept: Vec<(String, String)> = fields.iter().filter(|(name, _)| name != "status").cloned().collect();
        kept.push(("status".to_owned(), status.as_str().to_owned()));
        // What arrives after this page was made is not in its count, and is not replayed.
        if !kept.iter().any(|(name, _)| name == "until")
            && let Some(until) = upper_bound(now)
        {
            kept.push(("until".to_owned(), until));
        }
        let what = if found == 1 { "event" } else { "events" };
        Replayable { status: status.into(), text: format!("{count} {what}"), count, fields: kept }
    };
    let shown = fields.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ");
    ReplayPage {
        layout,
        choices: counted.into_iter().filter(|(_, found)| *found > 0).map(choice).collect(),
        filter: if shown.is_empty() { "none, the whole log".to_owned() } else { shown },
        back: link("/admin/events", &fields),
    }
}

// In whole seconds, as the filter's field has them; the second that runs belongs to it.
fn upper_bound(now: i64) -> Option<String> {
    let text = crate::admin::show::utc(now + 1000)?;
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    text.format(format).ok()
}

fn statuses(filter: &Filter) -> Vec<Status> {
    match filter.status {
        Some(status @ (Status::Failed | Status::Dead)) => vec![status],
        Some(_) => Vec::new(),
        None => vec![Status::Failed, Status::Dead],
    }
}

/// `POST /admin/events/replay`
pub(in crate::admin) async fn all(operator: Operator, Posted(form): Posted) -> Result<HttpResponse, PageError> {
    let filter = filter::read(&form, operator.now)?;
    if !matches!(filter.status, Some(Status::Failed | Status::Dead)) {
        return Err(Error::BadRequest("only failed or dead events are replayed together".to_owned()).into());
    }
    let request = replay::Request::new(operator.actor(), form.get("reason"));
    let number = replay::matching(&operator.tollgate, &filter, &request).await?;
    let flash = Flash::good("The replay has begun; its page shows how far it is.");
    Ok(operator.redirect_with(&format!("/admin/replays/{number}"), &flash))
}
