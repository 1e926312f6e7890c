//! Replay: one event at once, or all that a filter finds, after pages that count them and ask.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::QueryResult;
use tollgate_models::events::{self, Filter, Status};

use super::{address, filter};
use crate::admin::endpoints::actions::ConfirmPage;
use crate::admin::fields::{Fields, Posted, Query, link};
use crate::admin::flash::Flash;
use crate::admin::guard::sentence;
use crate::admin::layout::{Layout, Section, page, page_with};
use crate::admin::page_error::PageError;
use crate::admin::parts::{Choice, EndpointNames};
use crate::admin::period;
use crate::admin::roles::Operator;
use crate::admin::show::count;
use crate::replay::{self, LONGEST_REASON, Request, in_words};
use crate::{Error, Handlers, Place};

const PATH: &str = "/admin/events/replay";
const TITLE: &str = "Replay events";
/// Counted no further.
const MOST: i64 = 10_000;

/// Events of one status, or of any, that could be replayed.
pub(in crate::admin) struct Which {
    value: &'static str,
    text: String,
    hint: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "admin/replay.html")]
pub(in crate::admin) struct ReplayPage {
    layout: Layout,
    choices: Vec<Which>,
    /// The filter without the status, to go along.
    fields: Vec<(String, String)>,
    filter: String,
    narrowed: String,
    handlers: Vec<Choice>,
    reason: String,
    longest_reason: usize,
    back: String,
    problem: Option<String>,
}

/// How many events there are of each status that can be chosen; none stands for any status.
pub(in crate::admin) type Counted = Vec<(Option<Status>, i64)>;

/// `POST /admin/events/{id}/replay`
pub(in crate::admin) async fn one(
    operator: Operator,
    id: web::Path<String>,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let flash = match replay::one(&operator.tollgate, &id, &request(&operator, &form)).await {
        Ok(()) => Flash::good("The event is back in the queue; its handlers run again."),
        Err(Error::Conflict(text)) => Flash::bad(sentence(&text)),
        Err(error) => return Err(error.into()),
    };
    Ok(operator.redirect_with(&address(&id), &flash))
}

fn request(operator: &Operator, form: &Fields) -> Request {
    Request::new(operator.actor(), form.get("reason")).only(form.owned("handler"))
}

/// `GET /admin/events/replay`
pub(in crate::admin) async fn ask(operator: Operator, Query(query): Query) -> Result<HttpResponse, PageError> {
    form(&operator, &query, None).await
}

async fn form(operator: &Operator, query: &Fields, problem: Option<String>) -> Result<HttpResponse, PageError> {
    let filter = filter::read(query, operator.now)?;
    let wanted = filter.clone();
    let (counted, names) = operator
        .tollgate
        .db()
        .read(move |conn| -> QueryResult<_> {
            let mut counted = Counted::new();
            for status in statuses(&wanted) {
                let narrowed = Filter { status, ..wanted.clone() };
                counted.push((status, events::ids(conn, &narrowed, 0, MOST + 1)?.len() as i64));
            }
            Ok((counted, EndpointNames::load(conn)?))
        })
        .await?;
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let layout = operator.layout(Section::Events, TITLE);
    let view = view(layout, query, &filter, counted, &names, operator.tollgate.handlers());
    page_with(status, &ReplayPage { problem, ..view })
}

// What a filter leaves to choose from: the one status that it asks for, or those in trouble and all.
fn statuses(filter: &Filter) -> Vec<Option<Status>> {
    match filter.status {
        Some(status) => vec![Some(status)],
        None => vec![Some(Status::Dead), Some(Status::Failed), None],
    }
}

pub(in crate::admin) fn view(
    layout: Layout,
    query: &Fields,
    filter: &Filter,
    counted: Counted,
    names: &EndpointNames,
    handlers: &Handlers,
) -> ReplayPage {
    let fields = filter::only(query);
    let words = |filter: &Filter| in_words(filter, |uuid| format!("“{}”", names.name(Some(uuid))));
    let mut choices: Vec<Which> = counted.into_iter().filter(|(_, found)| *found > 0).map(which).collect();
    if let Some(first) = choices.first_mut() {
        first.chosen = true;
    }
    let any = Filter { status: None, ..filter.clone() };
    ReplayPage {
        layout,
        choices,
        filter: words(filter),
        narrowed: format!("Of {}.", words(&any)),
        handlers: handler_choices(handlers, query.get("handler")),
        reason: query.get("reason").to_owned(),
        longest_reason: LONGEST_REASON,
        back: link("/admin/events", &fields),
        fields: fields.into_iter().filter(|(name, _)| name != "status").collect(),
        problem: None,
    }
}

fn which((status, found): (Option<Status>, i64)) -> Which {
    let name = status.map_or("of any status", Status::as_str);
    let are = if found == 1 { "is" } else { "are" };
    let (text, hint) = match status {
        None => (
            format!("{} {name}", events_text(found)),
            "Those that were processed are processed once more: what their handlers do outside the database is done again",
        ),
        Some(Status::Processed) => (
            format!("{} that {are} {name}", events_text(found)),
            "They are processed once more: what their handlers do outside the database is done again",
        ),
        Some(_) => (format!("{} that {are} {name}", events_text(found)), ""),
    };
    Which { value: status.map_or("", Status::as_str), text, hint, chosen: false }
}

fn events_text(found: i64) -> String {
    let more = if found > MOST { "more than " } else { "" };
    format!("{more}{} {}", count(found.min(MOST)), if found == 1 { "event" } else { "events" })
}

fn handler_choices(handlers: &Handlers, chosen: &str) -> Vec<Choice> {
    let of_events = handlers.entries().filter(|entry| !entry.patterns.is_empty());
    let choice = |entry: &crate::HandlerEntry| {
        let after = if entry.place() == Place::AfterCommit { " (after the commit)" } else { "" };
        Choice { value: entry.name.clone(), label: format!("Only {}{after}", entry.name), chosen: entry.name == chosen }
    };
    of_events.map(choice).collect()
}

/// `POST /admin/events/replay/confirm`: asks again, with the count, before anything begins.
pub(in crate::admin) async fn confirm(operator: Operator, Posted(posted): Posted) -> Result<HttpResponse, PageError> {
    let (filter, request) = (filter::read(&posted, operator.now)?, request(&operator, &posted));
    if request.reason.chars().count() > LONGEST_REASON {
        let problem = format!("The reason may have {LONGEST_REASON} characters. Nothing was done.");
        return form(&operator, &posted, Some(problem)).await;
    }
    request.check(&operator.tollgate)?;
    let wanted = filter.clone();
    let (found, names) = operator
        .tollgate
        .db()
        .read(move |conn| -> QueryResult<_> {
            Ok((events::ids(conn, &wanted, 0, MOST + 1)?.len() as i64, EndpointNames::load(conn)?))
        })
        .await?;
    if found == 0 {
        return form(&operator, &posted, Some("No event fits any more. Nothing was done.".to_owned())).await;
    }
    page(&question(operator.layout(Section::Events, TITLE), &posted, &filter, found, &request, &names, operator.now))
}

fn question(
    layout: Layout,
    posted: &Fields,
    filter: &Filter,
    found: i64,
    request: &Request,
    names: &EndpointNames,
    now: i64,
) -> ConfirmPage {
    let mut facts = vec![
        ("Events", in_words(filter, |uuid| format!("“{}”", names.name(Some(uuid))))),
        ("Handlers", request.handler.as_ref().map_or_else(|| "all".to_owned(), |name| format!("only {name}"))),
    ];
    if !request.reason.is_empty() {
        facts.push(("Reason", request.reason.clone()));
    }
    let mut consequences = vec![
        "They go back into the queue, and their handlers run again. The mirror does not go back: newer content stays.",
        "What handlers do outside the database (mail, calls to others) they do again, unless they heed the idempotency key.",
    ];
    if request.handler.is_none() && matches!(filter.status, None | Some(Status::Pending | Status::Failed)) {
        consequences.push("Those that wait for a later attempt begin with their first attempt again, at once.");
    }
    let kept = |name: &'static str| Some((name, posted.owned(name)?));
    let hidden = filter::FIELDS
        .into_iter()
        .chain(["handler", "reason"])
        .filter(|name| !["period", "from", "until"].contains(name));
    ConfirmPage {
        layout,
        question: format!("Replay {}?", events_text(found)),
        consequences,
        facts,
        action: PATH.to_owned(),
        hidden: hidden.filter_map(kept).chain(pinned(filter, now)).collect(),
        typed: None,
        verb: "Replay them",
        dangerous: false,
        back: link(PATH, &filter::only(posted)),
        problem: None,
    }
}

// The span of time as it is now: what arrives after this page was made is not in its count, and is not replayed. The bound is in
// whole seconds, as the filter's field has them; the second that runs belongs to it.
fn pinned(filter: &Filter, now: i64) -> impl Iterator<Item = (&'static str, String)> {
    let until = filter.until.unwrap_or(now + 1000);
    let bounds = [("from", filter.since.and_then(period::text)), ("until", period::text(until))];
    bounds.into_iter().filter_map(|(name, value)| Some((name, value?)))
}

/// `POST /admin/events/replay`
pub(in crate::admin) async fn all(operator: Operator, Posted(form): Posted) -> Result<HttpResponse, PageError> {
    let filter = filter::read(&form, operator.now)?;
    let number = replay::matching(&operator.tollgate, &filter, &request(&operator, &form)).await?;
    let flash = Flash::good("The replay has begun; this page shows how far it is.");
    Ok(operator.redirect_with(&crate::admin::replays::address(number), &flash))
}
