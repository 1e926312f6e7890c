//! The event log: the list, the page of one event, and replay.

pub(super) mod again;
pub(super) mod changes;
pub(super) mod dry_run;
pub(super) mod filter;
pub(super) mod history;
pub(super) mod list;
pub(super) mod page;
pub(super) mod replay;
pub(super) mod state;

use tollgate_models::events::{Event, Status};
use tollgate_models::runs::Run;

use super::fields::segment;
use super::show::{Badge, Mode, Stamp, ago, duration};

/// The page of an event.
pub(super) fn address(id: &str) -> String {
    format!("/admin/events/{}", segment(id))
}

/// An id with a link.
pub(super) struct Linked {
    pub(super) id: String,
    pub(super) href: String,
}

/// A row of a list of events.
pub(super) struct EventRow {
    pub(super) id: String,
    pub(super) type_: String,
    pub(super) href: String,
    pub(super) status: Badge,
    pub(super) note: String,
    pub(super) object: Option<Linked>,
    pub(super) endpoint: String,
    pub(super) mode: Mode,
    pub(super) received: Stamp,
}

impl EventRow {
    pub(super) fn new(event: Event, endpoint: String, now: i64) -> Self {
        let note = match event.status {
            Status::Failed if event.next_attempt_at > now => format!("next try {}", ago(event.next_attempt_at, now)),
            Status::Failed => "next try is due".to_owned(),
            Status::Dead => format!("{} tries", event.attempts),
            _ if event.superseded => "older than the mirror".to_owned(),
            _ => String::new(),
        };
        Self {
            href: address(&event.id),
            object: object_link(&event),
            status: event.status.into(),
            note,
            endpoint,
            mode: Mode { live: event.livemode },
            received: Stamp::short(event.received_at, now),
            id: event.id,
            type_: event.type_,
        }
    }
}

/// The object that an event is about.
pub(super) fn object_link(event: &Event) -> Option<Linked> {
    let (type_, id) = (event.object_type.as_deref()?, event.object_id.as_deref()?);
    Some(Linked { id: id.to_owned(), href: super::objects::address(type_, id) })
}

/// One run as a page shows it.
pub(super) struct RunRow {
    pub(super) outcome: Badge,
    pub(super) handler: String,
    pub(super) attempt: i32,
    pub(super) cause: &'static str,
    pub(super) duration: String,
    pub(super) at: Stamp,
    pub(super) error: Option<String>,
}

impl RunRow {
    /// A run; its error may quote what it is about, which viewers do not see.
    pub(super) fn new(run: Run, operator: bool, now: i64) -> Self {
        Self {
            outcome: run.outcome.into(),
            handler: run.handler,
            attempt: run.attempt,
            cause: run.cause.as_str(),
            duration: duration(run.duration_us),
            at: Stamp::short(run.started_at, now),
            error: run.error.map(|error| if operator { error } else { HIDDEN.to_owned() }),
        }
    }
}

/// In place of an error.
pub(super) const HIDDEN: &str = "The error is shown to operators and admins: it may quote personal data.";
