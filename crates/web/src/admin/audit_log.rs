//! `GET /admin/audit`: who did what, newest first, of all or of one subject.

use actix_web::HttpResponse;
use askama::Template;
use tollgate_models::audit::{self, Entry};
use tollgate_models::page::Page;

use super::fields::{Fields, Query, link};
use super::layout::{Layout, Section, page};
use super::page_error::PageError;
use super::parts::{cursor, neighbour};
use super::roles::Viewer;
use super::show::Stamp;

const PATH: &str = "/admin/audit";
const ROWS: usize = 50;

pub(super) struct EntryRow {
    action: String,
    actor: String,
    ip: String,
    subject: String,
    href: String,
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
        href: link(PATH, &[("subject".to_owned(), entry.subject.clone())]),
        action: entry.action,
        actor: entry.actor,
        ip: entry.ip.unwrap_or_default(),
        subject: entry.subject,
        detail: entry.detail,
        at: Stamp::short(entry.at, now),
    }
}
