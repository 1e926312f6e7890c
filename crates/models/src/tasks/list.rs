//! Looking at tasks: one, those of an event, and pages of all.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::{Status, Task};
use crate::db::{AnyConnection, MultiBackend};
use crate::page::{Cursor, Page};
use crate::schema::tasks;

/// Which tasks a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this status.
    pub status: Option<Status>,
    /// Only this handler's.
    pub handler: Option<String>,
}

/// The task with this number.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut AnyConnection, id: i64) -> QueryResult<Option<Task>> {
    tasks::table.find(id).select(Task::as_select()).first(conn).optional()
}

/// The tasks that follow an event, oldest first.
///
/// # Errors
/// When the query fails.
pub fn of_event(conn: &mut AnyConnection, event_id: &str, limit: i64) -> QueryResult<Vec<Task>> {
    tasks::table.filter(tasks::event_id.eq(event_id)).order(tasks::id).limit(limit).select(Task::as_select()).load(conn)
}

/// Lists tasks, newest first.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut AnyConnection, filter: &Filter, cursor: Cursor, limit: usize) -> QueryResult<Page<Task>> {
    let mut query = tasks::table.select(Task::as_select()).into_boxed::<MultiBackend>();
    query = match filter.status {
        None => query,
        Some(Status::Succeeded) => query.filter(tasks::status.eq(Status::Succeeded)),
        // Spelt out, so that the partial index can serve it.
        Some(status) => query.filter(sql::<Bool>("status <> 'succeeded'")).filter(tasks::status.eq(status)),
    };
    if let Some(handler) = &filter.handler {
        query = query.filter(tasks::handler.eq(handler.clone()));
    }
    query = match cursor {
        Cursor::Newest => query.order(tasks::id.desc()),
        Cursor::Before(id) => query.filter(tasks::id.lt(id)).order(tasks::id.desc()),
        Cursor::After(id) => query.filter(tasks::id.gt(id)).order(tasks::id.asc()),
    };
    let found = query.limit(limit as i64 + 1).load(conn)?;
    Ok(Page::cut(found, cursor, limit, |task| task.id))
}

/// How many tasks are waiting or running, failed, and dead.
///
/// # Errors
/// When a query fails.
pub fn in_trouble(conn: &mut AnyConnection) -> QueryResult<(i64, i64, i64)> {
    let mut count = |condition: &str| {
        let unfinished = tasks::table.filter(sql::<Bool>("status <> 'succeeded'"));
        unfinished.filter(sql::<Bool>(condition)).count().get_result::<i64>(conn)
    };
    Ok((count("status IN ('pending', 'running')")?, count("status = 'failed'")?, count("status = 'dead'")?))
}
