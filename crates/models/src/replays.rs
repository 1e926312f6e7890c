//! Replays of many events: what was asked by whom and why, and how far it is.

use diesel::prelude::*;

use crate::db::{AnyConnection, text_enum};
use crate::page::{Cursor, Page};
use crate::schema::replays;

text_enum! {
    /// How far a replay is.
    Status {
        /// It is worked off, or waits for a process that does.
        Running = "running",
        /// Every event that it found was put back or left out.
        Done = "done",
        /// Somebody stopped it; what was put back before stays.
        Stopped = "stopped",
        /// It cannot go on; the error says why.
        Failed = "failed",
    }
}

/// A replay of many events.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = replays)]
pub struct Replay {
    /// Row number.
    pub id: i64,
    /// Who asked for it.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// Which events, as a JSON object.
    pub filter: String,
    /// The one handler that is to run; none runs all.
    pub handler: Option<String>,
    /// How far it is.
    pub status: Status,
    /// The events up to this number are done.
    pub position: i64,
    /// The events up to this number are meant.
    pub last: i64,
    /// Events that were put back.
    pub replayed: i64,
    /// Events that a worker had just then, or whose payload is no longer kept.
    pub skipped: i64,
    /// Why it failed.
    pub last_error: Option<String>,
    /// In unix milliseconds.
    pub created_at: i64,
    /// In unix milliseconds.
    pub finished_at: Option<i64>,
}

/// A replay to begin.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = replays)]
pub struct NewReplay<'a> {
    /// Who asks for it.
    pub actor: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Which events, as a JSON object.
    pub filter: &'a str,
    /// The one handler that is to run.
    pub handler: Option<&'a str>,
    /// The events up to this number are meant.
    pub last: i64,
    /// In unix milliseconds.
    pub created_at: i64,
}

/// What a step of a replay did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The events up to this number were done before.
    pub from: i64,
    /// The events up to this number are done now.
    pub position: i64,
    /// Events that were put back in this step.
    pub replayed: i64,
    /// Events that were left out.
    pub skipped: i64,
}

/// Adds a replay, to be worked off in the background; its number.
///
/// # Errors
/// When the query fails.
pub fn insert(conn: &mut AnyConnection, new: &NewReplay<'_>) -> QueryResult<i64> {
    diesel::insert_into(replays::table)
        .values((
            new,
            replays::status.eq(Status::Running),
            replays::position.eq(0),
            replays::replayed.eq(0),
            replays::skipped.eq(0),
        ))
        .returning(replays::id)
        .get_result(conn)
}

/// The replay with this number.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut AnyConnection, id: i64) -> QueryResult<Option<Replay>> {
    replays::table.find(id).select(Replay::as_select()).first(conn).optional()
}

/// The oldest replay that is not finished.
///
/// # Errors
/// When the query fails.
pub fn next_running(conn: &mut AnyConnection) -> QueryResult<Option<Replay>> {
    replays::table
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("status = 'running'"))
        .order(replays::id)
        .select(Replay::as_select())
        .first(conn)
        .optional()
}

/// Lists replays, newest first.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut AnyConnection, cursor: Cursor, limit: usize) -> QueryResult<Page<Replay>> {
    let mut query = replays::table.select(Replay::as_select()).into_boxed::<crate::db::MultiBackend>();
    query = match cursor {
        Cursor::Newest => query.order(replays::id.desc()),
        Cursor::Before(id) => query.filter(replays::id.lt(id)).order(replays::id.desc()),
        Cursor::After(id) => query.filter(replays::id.gt(id)).order(replays::id.asc()),
    };
    let found = query.limit(limit as i64 + 1).load(conn)?;
    Ok(Page::cut(found, cursor, limit, |replay| replay.id))
}

/// Records a step, in the transaction that puts its events back; whether the replay still runs and nobody else took that
/// step. If not, that transaction must be rolled back.
///
/// # Errors
/// When the query fails.
pub fn advance(conn: &mut AnyConnection, id: i64, step: Step) -> QueryResult<bool> {
    let running = replays::table.find(id).filter(replays::status.eq(Status::Running));
    let changed = diesel::update(running.filter(replays::position.eq(step.from)))
        .set((
            replays::position.eq(step.position),
            replays::replayed.eq(replays::replayed + step.replayed),
            replays::skipped.eq(replays::skipped + step.skipped),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Ends a replay that runs; whether it did run.
///
/// # Errors
/// When the query fails.
pub fn end(conn: &mut AnyConnection, id: i64, status: Status, error: Option<&str>, now: i64) -> QueryResult<bool> {
    let running = replays::table.find(id).filter(replays::status.eq(Status::Running));
    let changed = diesel::update(running)
        .set((replays::status.eq(status), replays::last_error.eq(error), replays::finished_at.eq(now)))
        .execute(conn)?;
    Ok(changed == 1)
}
