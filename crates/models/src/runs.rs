//! Runs: one row for each attempt of one handler on one event, in its transaction or as a task after it.

use diesel::prelude::*;

use crate::db::{self, AnyConnection, text_enum};
use crate::events::Cause;
use crate::schema::runs;

text_enum! {
    /// How a run ended.
    Outcome {
        /// The handler answered `Ok`, and its transaction was committed.
        Succeeded = "succeeded",
        /// The handler answered an error; its transaction was rolled back.
        Failed = "failed",
        /// The handler panicked; its transaction was rolled back.
        Panicked = "panicked",
        /// The handler had succeeded, and was rolled back since a later one of the same event failed.
        RolledBack = "rolled_back",
        /// The handler had not ended when its time was up.
        TimedOut = "timed_out",
    }
}

/// One run.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = runs)]
pub struct Run {
    /// Row number.
    pub id: i64,
    /// The event.
    pub event_id: String,
    /// The handler's name.
    pub handler: String,
    /// The attempt on the event, from 1.
    pub attempt: i32,
    /// How it ended.
    pub outcome: Outcome,
    /// The error with its causes.
    pub error: Option<String>,
    /// Why the event was tried.
    pub cause: Cause,
    /// In unix milliseconds.
    pub started_at: i64,
    /// In microseconds.
    pub duration_us: i64,
    /// The task whose attempt it was; none if it was part of the event's transaction.
    pub task_id: Option<i64>,
}

/// A run to record.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = runs, treat_none_as_default_value = false)]
pub struct NewRun {
    /// The event.
    pub event_id: String,
    /// The handler's name.
    pub handler: String,
    /// The attempt on the event, from 1.
    pub attempt: i32,
    /// How it ended.
    pub outcome: Outcome,
    /// The error with its causes.
    pub error: Option<String>,
    /// Why the event was tried.
    pub cause: Cause,
    /// In unix milliseconds.
    pub started_at: i64,
    /// In microseconds.
    pub duration_us: i64,
    /// The task whose attempt it was; none if it was part of the event's transaction.
    pub task_id: Option<i64>,
}

/// Records runs.
///
/// # Errors
/// When a query fails.
pub fn insert(conn: &mut AnyConnection, new: &[NewRun]) -> QueryResult<()> {
    if new.is_empty() { Ok(()) } else { db::insert_runs(conn, new) }
}

/// The newest runs of one event, newest first.
///
/// # Errors
/// When the query fails.
pub fn of_event(conn: &mut AnyConnection, event_id: &str, limit: i64) -> QueryResult<Vec<Run>> {
    runs::table
        .filter(runs::event_id.eq(event_id))
        .order(runs::id.desc())
        .limit(limit)
        .select(Run::as_select())
        .load(conn)
}

/// How often a handler's newest runs succeeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs looked at.
    pub total: i64,
    /// Runs of these that succeeded.
    pub succeeded: i64,
    /// Their duration added up, in microseconds.
    pub duration_us: i64,
    /// When the newest started, in unix milliseconds.
    pub last_at: Option<i64>,
    /// The newest error of these.
    pub last_error: Option<String>,
}

/// Sums up the newest `limit` runs of a handler.
///
/// # Errors
/// When the query fails.
pub fn tally(conn: &mut AnyConnection, handler: &str, limit: i64) -> QueryResult<Tally> {
    let newest: Vec<Run> = runs::table
        .filter(runs::handler.eq(handler))
        .order(runs::id.desc())
        .limit(limit)
        .select(Run::as_select())
        .load(conn)?;
    let mut tally = Tally { last_at: newest.first().map(|run| run.started_at), ..Tally::default() };
    for run in newest {
        tally.total += 1;
        tally.duration_us += run.duration_us;
        tally.succeeded += i64::from(run.outcome == Outcome::Succeeded);
        tally.last_error = tally.last_error.or(run.error);
    }
    Ok(tally)
}
