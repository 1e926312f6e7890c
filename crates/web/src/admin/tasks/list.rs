//! `GET /admin/tasks`: every task, narrowed by the URL, in keyset pages.

use actix_web::HttpResponse;
use askama::Template;
use tollgate_models::page::{Cursor, Page};
use tollgate_models::tasks::{self, Filter, Status, Task};
use tollgate_models::users::Role;

use super::{Look, PATH, TaskRow};
use crate::admin::fields::{Fields, Query};
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::parts::{Choice, Tab, cursor, neighbour, tabs};
use crate::admin::roles::Viewer;
use crate::{Error, Handlers, Place};

const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "admin/tasks.html")]
pub(in crate::admin) struct TasksPage {
    layout: Layout,
    tabs: Vec<Tab>,
    status: String,
    handlers: Vec<Choice>,
    has_handlers: bool,
    filtered: bool,
    filtered_at_all: bool,
    rows: Vec<TaskRow>,
    /// Whether a task waits for a handler that this process does not have.
    strangers: bool,
    newer: Option<String>,
    older: Option<String>,
}

/// The handler.
pub(in crate::admin) async fn show(viewer: Viewer, Query(query): Query) -> Result<HttpResponse, PageError> {
    let (filter, at) = (read(&query)?, cursor(&query));
    let found = viewer.tollgate.db().read(move |conn| tasks::list(conn, &filter, at, ROWS)).await?;
    let look = Look { handlers: viewer.tollgate.handlers(), operator: viewer.may(Role::Operator), now: viewer.now };
    page(&view(viewer.layout(Section::Tasks, "Tasks"), &query, found, look))
}

fn read(query: &Fields) -> Result<Filter, Error> {
    let status = query
        .some("status")
        .map(|text| Status::parse(text).ok_or_else(|| Error::BadRequest(format!("there is no status {text:.40}"))));
    Ok(Filter { status: status.transpose()?, handler: query.owned("handler") })
}

pub(in crate::admin) fn view(layout: Layout, query: &Fields, found: Page<Task>, look: Look<'_>) -> TasksPage {
    let filtered = query.ticked("handler");
    let rows: Vec<TaskRow> = found.rows.into_iter().map(|task| TaskRow::new(task, &[], look)).collect();
    TasksPage {
        layout,
        tabs: tabs(PATH, query, "status", Status::ALL.iter().map(|status| status.as_str())),
        status: query.get("status").to_owned(),
        handlers: handlers(look.handlers, &rows, query.get("handler")),
        has_handlers: look.handlers.entries().any(|entry| entry.place() == Place::AfterCommit),
        filtered,
        filtered_at_all: filtered || query.ticked("status") || cursor(query) != Cursor::Newest,
        strangers: rows.iter().any(|row| !row.is_known && !row.is_over),
        newer: neighbour(PATH, query, found.newer),
        older: neighbour(PATH, query, found.older),
        rows,
    }
}

// Those that this process has, and those of the tasks that are shown.
fn handlers(registered: &Handlers, rows: &[TaskRow], chosen: &str) -> Vec<Choice> {
    let registered = registered.entries().filter(|entry| entry.place() == Place::AfterCommit);
    let mut names: Vec<&str> = registered.map(|entry| entry.name.as_str()).collect();
    names.extend(rows.iter().map(|row| row.handler.as_str()));
    names.extend(Some(chosen).filter(|name| !name.is_empty()));
    names.sort_unstable();
    names.dedup();
    let choice = |name: &str| Choice { value: name.to_owned(), label: name.to_owned(), chosen: name == chosen };
    names.into_iter().map(choice).collect()
}
