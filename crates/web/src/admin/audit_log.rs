//! `GET /admin/audit`: who did what, newest first, of all or of one subject.

use actix_web::HttpResponse;
use askama::Template;
use tollgate_models::audit::{self, Entry};
use tollgate_models::page::Page;

use super::fields::{Fields, Query, link};
use super::guard::sentence;
use super::layout::{Layout, Section, page};
use super::page_error::PageError;
use super::parts::{cursor, neighbour};
use super::roles::Viewer;
use super::show::Stamp;
use super::{endpoints, events, replays};

const PATH: &str = "/admin/audit";
const ROWS: usize = 50;

pub(super) struct EntryRow {
    action: String,
    code: String,
    actor: String,
    ip: String,
    subject: String,
    /// The page of what it is about.
    href: Option<String>,
    /// All entries about the same.
    all: String,
    detail: String,
    at: Stamp,
}

#[derive(Template)]
#[template(path = "admin/audit.html")]
pub(super) struct AuditPage {
    layout: Layout,
    subject: Option<String>,
    rows: Vec<EntryRow>,
    newer: Option<String>,
    older: Option<String>,
}

/// The handler.
pub(super) async fn show(viewer: Viewer, Query(query): Query) -> Result<HttpResponse, PageError> {
    let (subject, at) = (query.owned("subject"), cursor(&query));
    let found = viewer.tollgate.db().read(move |conn| audit::list(conn, subject.as_deref(), at, ROWS)).await?;
    page(&view(viewer.layout(Section::Audit, "Audit log"), &query, found, viewer.now))
}

/// The page out of what was found.
pub(super) fn view(layout: Layout, query: &Fields, found: Page<Entry>, now: i64) -> AuditPage {
    AuditPage {
        layout,
        subject: query.owned("subject"),
        newer: neighbour(PATH, query, found.newer),
        older: neighbour(PATH, query, found.older),
        rows: found.rows.into_iter().map(|entry| entry_row(entry, now)).collect(),
    }
}

fn entry_row(entry: Entry, now: i64) -> EntryRow {
    EntryRow {
        href: target(&entry.action, &entry.subject),
        all: link(PATH, &[("subject".to_owned(), entry.subject.clone())]),
        action: in_words(&entry.action),
        code: entry.action,
        actor: entry.actor,
        ip: entry.ip.unwrap_or_default(),
        subject: entry.subject,
        detail: entry.detail,
        at: Stamp::short(entry.at, now),
    }
}

/// What the codes of the log mean.
const ACTIONS: [(&str, &str); 18] = [
    ("user.signed_in", "Signed in"),
    ("user.sign_in_failed", "Failed to sign in"),
    ("user.added", "Added a user"),
    ("endpoint.created", "Created an endpoint"),
    ("endpoint.imported", "Imported an endpoint"),
    ("endpoint.updated", "Changed an endpoint"),
    ("endpoint.enabled", "Enabled an endpoint"),
    ("endpoint.disabled", "Disabled an endpoint"),
    ("endpoint.deleted", "Deleted an endpoint"),
    ("endpoint.discarded", "Cleaned up an endpoint"),
    ("endpoint.changed_at_stripe", "Changed an endpoint at Stripe"),
    ("key.added", "Added a key"),
    ("key.made_default", "Made a key the default"),
    ("key.deleted", "Deleted a key"),
    ("event.replayed", "Replayed an event"),
    ("replay.begun", "Began a replay of many events"),
    ("replay.stopped", "Stopped a replay"),
    ("task.retried", "Retried a task"),
];

/// An action's code in words; one that is not in the list still reads.
pub(super) fn in_words(code: &str) -> String {
    let known = ACTIONS.iter().find(|(known, _)| *known == code).map(|(_, words)| (*words).to_owned());
    known.unwrap_or_else(|| sentence(&code.replace('.', ": ").replace('_', " ")).trim_end_matches('.').to_owned())
}

fn target(code: &str, subject: &str) -> Option<String> {
    match code.split('.').next()? {
        "event" | "task" => Some(events::address(subject)),
        "endpoint" => Some(endpoints::address(subject)),
        "replay" => Some(replays::address(subject.strip_prefix("replay ")?.parse().ok()?)),
        "key" => Some("/admin/keys".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_told_in_words_and_lead_to_what_they_are_about() {
        assert_eq!(in_words("replay.begun"), "Began a replay of many events");
        assert_eq!(in_words("endpoint.secret_rotated"), "Endpoint: secret rotated");
        assert_eq!(target("replay.stopped", "replay 7").as_deref(), Some("/admin/replays/7"));
        assert_eq!(target("replay.stopped", "replay x/../y"), None);
        assert_eq!(target("task.retried", "evt_1/2").as_deref(), Some("/admin/events/evt_1%2F2"));
        assert_eq!(target("user.added", "ada@example.com"), None);
    }
}
