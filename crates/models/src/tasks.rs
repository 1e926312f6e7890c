//! Tasks: durable work for after an event's commit, each with its own attempts, backoff and end.

mod list;

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::db::{self, AnyConnection, text_enum};
use crate::events::Cause;
use crate::schema::tasks;

pub use list::{Filter, find, in_trouble, list, of_event};

text_enum! {
    /// How far a task is.
    Status {
        /// Waits for its time or for a free place.
        Pending = "pending",
        /// A process runs it.
        Running = "running",
        /// It has done its work.
        Succeeded = "succeeded",
        /// The last attempt failed; another follows.
        Failed = "failed",
        /// The last of all attempts failed; nothing follows unless somebody asks for it.
        Dead = "dead",
    }
}

/// One task.
#[derive(Clone, Debug, Queryable, Selectable, serde::Serialize)]
#[diesel(table_name = tasks)]
pub struct Task {
    /// Row number.
    pub id: i64,
    /// The event that it follows.
    pub event_id: String,
    /// The handler that runs it.
    pub handler: String,
    /// A key that is the same at each attempt, for calls to others that must have one effect.
    pub idempotency_key: String,
    /// What was given along, as JSON.
    #[serde(skip)]
    pub payload: Option<String>,
    /// How far it is.
    pub status: Status,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it is or was last tried.
    pub cause: Cause,
    /// When it is tried next, in unix milliseconds; meaningful while pending or failed.
    pub next_attempt_at: i64,
    /// The process that runs it.
    pub claimed_by: Option<String>,
    /// Until when that process has it, in unix milliseconds.
    pub claimed_until_at: Option<i64>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// In unix milliseconds.
    pub created_at: i64,
    /// When it succeeded or died, in unix milliseconds.
    pub finished_at: Option<i64>,
}

/// A task to add.
#[derive(Clone, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = tasks, treat_none_as_default_value = false)]
pub struct NewTask {
    /// The event that it follows.
    pub event_id: String,
    /// The handler that runs it.
    pub handler: String,
    /// Unique among all tasks.
    pub idempotency_key: String,
    /// What is given along, as JSON.
    pub payload: Option<String>,
    /// Why it is to be run.
    pub cause: Cause,
    /// When it may begin, in unix milliseconds.
    pub next_attempt_at: i64,
    /// In unix milliseconds.
    pub created_at: i64,
}

// Spelt out, so that the partial indexes can serve them.
fn unfinished() -> SqlLiteral<Bool> {
    sql("status IN ('pending', 'running', 'failed')")
}

/// Adds tasks in the caller's transaction. One that is there already, by its key, is left as it is; a replay has it run
/// again.
///
/// # Errors
/// When a query fails.
pub fn insert(conn: &mut AnyConnection, new: &[NewTask]) -> QueryResult<()> {
    if new.is_empty() { Ok(()) } else { db::insert_tasks(conn, new) }
}

/// Whether a task of one of these handlers is due, or another process had one and was not heard of until its claim ended.
///
/// # Errors
/// When the query fails.
pub fn any_due(conn: &mut AnyConnection, handlers: &[String], now: i64) -> QueryResult<bool> {
    let due = tasks::table
        .filter(unfinished())
        .filter(tasks::next_attempt_at.le(now))
        .filter(tasks::status.ne(Status::Running).or(tasks::claimed_until_at.le(now)))
        .filter(tasks::handler.eq_any(handlers));
    diesel::select(diesel::dsl::exists(due)).get_result(conn)
}

/// Whether a task that was never tried is due only later: the clock was ahead when it was enqueued, and has been put back.
///
/// # Errors
/// When the query fails.
pub fn any_ahead(conn: &mut AnyConnection, now: i64) -> QueryResult<bool> {
    let ahead = tasks::table.filter(tasks::status.eq(Status::Pending)).filter(tasks::attempts.eq(0));
    diesel::select(diesel::dsl::exists(ahead.filter(tasks::next_attempt_at.gt(now)))).get_result(conn)
}

/// Makes such tasks due now: how many.
///
/// # Errors
/// When the query fails.
pub fn make_due(conn: &mut AnyConnection, now: i64) -> QueryResult<usize> {
    let ahead = tasks::table.filter(tasks::status.eq(Status::Pending)).filter(tasks::attempts.eq(0));
    diesel::update(ahead.filter(tasks::next_attempt_at.gt(now))).set(tasks::next_attempt_at.eq(now)).execute(conn)
}

/// Claims up to `limit` tasks of these handlers that are due, those that have been due the longest first. A claim that has
/// ended is anybody's.
///
/// # Errors
/// When a query fails; then the caller's transaction must be rolled back.
pub fn claim(
    conn: &mut AnyConnection,
    claim: crate::claims::Claim<'_>,
    handlers: &[String],
    limit: i64,
) -> QueryResult<Vec<Task>> {
    let ids = db::claim_tasks(conn, claim, handlers, limit)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tasks::table
        .filter(tasks::id.eq_any(ids))
        .order((tasks::next_attempt_at, tasks::id))
        .select(Task::as_select())
        .load(conn)
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The status to record.
    pub status: Status,
    /// How often the task has been tried now.
    pub attempts: i32,
    /// When to try again, in unix milliseconds.
    pub next_attempt_at: i64,
    /// Why it failed.
    pub error: Option<String>,
    /// Now, in unix milliseconds.
    pub at: i64,
}

/// Records how an attempt ended, if the process still has the task; whether it had.
///
/// # Errors
/// When the query fails.
pub fn finish(conn: &mut AnyConnection, id: i64, worker: &str, ended: &Ended) -> QueryResult<bool> {
    let over = matches!(ended.status, Status::Succeeded | Status::Dead);
    let changed = diesel::update(tasks::table.find(id).filter(tasks::claimed_by.eq(worker)))
        .set((
            tasks::status.eq(ended.status),
            tasks::attempts.eq(ended.attempts),
            tasks::next_attempt_at.eq(ended.next_attempt_at),
            tasks::last_error.eq(&ended.error),
            tasks::finished_at.eq(over.then_some(ended.at)),
            tasks::claimed_by.eq(None::<String>),
            tasks::claimed_until_at.eq(None::<i64>),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Holds every task that a process has until a later time, in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn renew(conn: &mut AnyConnection, worker: &str, until: i64) -> QueryResult<usize> {
    let mine = tasks::table.filter(unfinished()).filter(tasks::claimed_by.eq(worker));
    diesel::update(mine).set(tasks::claimed_until_at.eq(until)).execute(conn)
}

/// Gives back what a process has and did not finish, but for some that it goes on with; it is due at once.
///
/// # Errors
/// When the query fails.
pub fn release(conn: &mut AnyConnection, worker: &str, kept: &[i64]) -> QueryResult<usize> {
    let mine = tasks::table.filter(unfinished()).filter(tasks::claimed_by.eq(worker)).filter(tasks::id.ne_all(kept));
    diesel::update(mine)
        .set((
            tasks::status.eq(Status::Pending),
            tasks::claimed_by.eq(None::<String>),
            tasks::claimed_until_at.eq(None::<i64>),
        ))
        .execute(conn)
}

/// Gives back what whichever process has: for a database that one process has to itself, when that starts.
///
/// # Errors
/// When the query fails.
pub fn release_all(conn: &mut AnyConnection) -> QueryResult<usize> {
    let running = tasks::table.filter(unfinished()).filter(tasks::status.eq(Status::Running));
    diesel::update(running)
        .set((
            tasks::status.eq(Status::Pending),
            tasks::claimed_by.eq(None::<String>),
            tasks::claimed_until_at.eq(None::<i64>),
        ))
        .execute(conn)
}

/// Has a task run again from its first attempt, whatever became of it, unless a process runs it just now; whether it will.
///
/// # Errors
/// When the query fails.
pub fn run_again(conn: &mut AnyConnection, id: i64, now: i64) -> QueryResult<bool> {
    let free = tasks::table.find(id).filter(tasks::status.ne(Status::Running));
    let changed = diesel::update(free)
        .set((
            tasks::status.eq(Status::Pending),
            tasks::attempts.eq(0),
            tasks::cause.eq(Cause::Replay),
            tasks::next_attempt_at.eq(now),
            tasks::finished_at.eq(None::<i64>),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}
