//! `POST /admin/events/{id}/dry-run`: what a replay would change, told after everything is rolled back. It is a POST although
//! it keeps nothing, since the handlers run.

use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::QueryResult;
use tollgate_models::events::{self, Event, Status};

use super::address;
use super::again::Again;
use super::changes::{Change, between};
use super::page::no_such_event;
use crate::admin::fields::Posted;
use crate::admin::flash::Flash;
use crate::admin::guard::sentence;
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::roles::Operator;
use crate::admin::show::{Badge, Id, Mode, Tone, count, duration};
use crate::replay::{self, DryRun, HandlerRun};
use crate::{Error, Handlers};

/// The outcome in one sentence.
pub(in crate::admin) struct Verdict {
    tone: Tone,
    text: &'static str,
}

pub(in crate::admin) struct TriedRun {
    outcome: Badge,
    handler: String,
    duration: String,
    error: Option<String>,
}

pub(in crate::admin) struct TableRow {
    name: String,
    inserted: String,
    updated: String,
    deleted: String,
}

pub(in crate::admin) struct Following {
    handler: String,
    key: String,
}

#[derive(Template)]
#[template(path = "admin/dry_run.html")]
pub(in crate::admin) struct DryRunPage {
    layout: Layout,
    id: Id,
    type_: String,
    mode: Mode,
    event_url: String,
    only: Option<String>,
    verdict: Verdict,
    error: Option<String>,
    mirrored: &'static str,
    changes: Vec<Change>,
    runs: Vec<TriedRun>,
    tables: Vec<TableRow>,
    tasks: Vec<Following>,
    again: Again,
}

/// What the form asked for.
pub(in crate::admin) struct Asked {
    pub(in crate::admin) handler: Option<String>,
    pub(in crate::admin) reason: String,
}

/// The handler.
pub(in crate::admin) async fn show(
    operator: Operator,
    id: web::Path<String>,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let wanted = id.clone();
    let event = operator.tollgate.db().read(move |conn| -> QueryResult<_> { events::find(conn, &wanted) }).await?;
    let event = event.ok_or_else(|| no_such_event(&id))?;
    let asked = Asked { handler: form.owned("handler"), reason: form.get("reason").to_owned() };
    match replay::dry_run(&operator.tollgate, &id, asked.handler.as_deref()).await {
        Ok(told) => {
            let layout = operator.layout(Section::Events, format!("Dry run of {}", event.type_));
            page(&view(layout, event, told, asked, operator.tollgate.handlers()))
        }
        Err(Error::Conflict(text)) => {
            Ok(operator.redirect_with(&address(&id), &Flash::bad(format!("No dry run: {}", sentence(&text)))))
        }
        Err(error) => Err(error.into()),
    }
}

pub(in crate::admin) fn view(
    layout: Layout,
    event: Event,
    told: DryRun,
    asked: Asked,
    handlers: &Handlers,
) -> DryRunPage {
    let chosen = asked.handler.as_deref().unwrap_or_default();
    DryRunPage {
        // Nothing is to be found at this address later.
        layout: Layout { path: address(&event.id), ..layout },
        again: Again {
            verb: "Replay for real",
            ..Again::new(&event.id, &event.type_, handlers, chosen, &asked.reason)
        },
        mode: Mode { live: event.livemode },
        event_url: address(&event.id),
        verdict: verdict(&told.status),
        error: told.error.as_deref().map(sentence),
        mirrored: mirrored(told.mirrored, told.fields.is_empty()),
        changes: told.fields.iter().flat_map(|change| between(&change.field, &change.before, &change.after)).collect(),
        runs: told.handlers.into_iter().map(tried).collect(),
        tables: told
            .tables
            .into_iter()
            .map(|table| TableRow {
                name: table.table,
                inserted: count(table.inserted),
                updated: count(table.updated),
                deleted: count(table.deleted),
            })
            .collect(),
        tasks: told
            .tasks
            .into_iter()
            .map(|task| Following { handler: task.handler, key: task.idempotency_key })
            .collect(),
        only: asked.handler,
        id: Id::plain(event.id),
        type_: event.type_,
    }
}

fn tried(run: HandlerRun) -> TriedRun {
    TriedRun {
        outcome: run.outcome.into(),
        handler: run.handler,
        duration: duration(run.duration_us),
        error: run.error,
    }
}

fn verdict(status: &str) -> Verdict {
    let (tone, text) = match Status::parse(status) {
        Some(Status::Processed) => (Tone::Good, "If it were replayed now, the event would be processed."),
        Some(Status::Ignored) => (Tone::Quiet, "If it were replayed now, there would be nothing to do for the event."),
        Some(Status::Dead) => (Tone::Bad, "If it were replayed now, the event would be dead at once."),
        _ => (Tone::Bad, "If it were replayed now, the event would fail, and all it did would be rolled back."),
    };
    Verdict { tone, text }
}

fn mirrored(what: &str, is_same: bool) -> &'static str {
    match what {
        "stored" if is_same => "It has the event's content already",
        "stored" => "It would take the event's content over",
        "superseded" => "It has newer content, and would keep it",
        _ => "Nothing would be taken over",
    }
}
