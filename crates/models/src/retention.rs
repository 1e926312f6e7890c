//! Retention: finding what is old enough to go, a chunk at a time, and deleting it.

mod versions;

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::db::{self, AnyConnection, Table};
use crate::events::Status;
use crate::schema::{deliveries, event_payloads, events, runs, tasks};
use crate::tasks::Status as TaskStatus;

/// How far the clocks of processes that share a database may differ, in milliseconds.
const CLOCK_DIFFERENCE: i64 = 60 * 60 * 1000;

/// What is swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Events with their payloads, runs and finished tasks.
    Events,
    /// The payloads of events that stay.
    Payloads,
    /// The deliveries log.
    Deliveries,
    /// Earlier contents of objects, which the history keeps. What an object is like now never goes.
    History,
}

/// What may go. Nothing that waits or is being worked on ever may, and no event that has a task of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Now, in unix milliseconds.
    pub now: i64,
    /// What was received before this time, in unix milliseconds.
    pub before: i64,
    /// Whether events that are failed or dead may go, and those with such a task.
    pub failed_too: bool,
    /// What payloads that go say of objects stays in the history, unless it was replaced before this time, in unix
    /// milliseconds; all of it without.
    pub history_before: Option<i64>,
}

/// How far a sweep has come: every row up to this one was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// When the row was received, in unix milliseconds.
    pub at: i64,
    /// Its number.
    pub number: i64,
}

/// The next rows of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The numbers of those that are old enough and may go.
    pub numbers: Vec<i64>,
    /// The last row that was looked at.
    pub end: Position,
    /// Whether there may be more.
    pub more: bool,
}

/// How many rows of each table go, or went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Of the event log.
    pub events: usize,
    /// Bodies of events.
    pub payloads: usize,
    /// Runs of handlers.
    pub runs: usize,
    /// Tasks.
    pub tasks: usize,
    /// Of the deliveries log.
    pub deliveries: usize,
    /// Earlier contents of objects.
    pub versions: usize,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.events += more.events;
        self.payloads += more.payloads;
        self.runs += more.runs;
        self.tasks += more.tasks;
        self.deliveries += more.deliveries;
        self.versions += more.versions;
    }
}

impl Rule {
    fn statuses(&self) -> &'static [Status] {
        let all = &[Status::Processed, Status::Ignored, Status::Failed, Status::Dead];
        if self.failed_too { all } else { &all[..2] }
    }

    fn task_statuses(&self) -> &'static [TaskStatus] {
        let all = &[TaskStatus::Succeeded, TaskStatus::Failed, TaskStatus::Dead];
        if self.failed_too { all } else { &all[..1] }
    }
}

/// Looks at up to `limit` rows after a position.
///
/// # Errors
/// When a query fails.
pub fn next(conn: &mut AnyConnection, kind: Kind, rule: Rule, after: Position, limit: i64) -> QueryResult<Chunk> {
    match kind {
        Kind::Events => next_events(conn, rule, after, limit),
        Kind::Payloads => {
            let chunk = next_events(conn, rule, after, limit)?;
            let kept = event_payloads::table.filter(event_payloads::event_id.eq(events::id));
            let with_payload = events::table.filter(events::seq.eq_any(&chunk.numbers)).filter(exists(kept));
            Ok(Chunk { numbers: with_payload.select(events::seq).load(conn)?, ..chunk })
        }
        Kind::Deliveries => next_deliveries(conn, rule, after, limit),
        Kind::History => versions::next(conn, rule, after, limit),
    }
}

fn next_events(conn: &mut AnyConnection, rule: Rule, after: Position, limit: i64) -> QueryResult<Chunk> {
    let rows: Vec<(i64, i64, Status)> = events::table
        // The first condition is for the index.
        .filter(events::received_at.ge(after.at))
        .filter(events::received_at.gt(after.at).or(events::seq.gt(after.number)))
        .filter(events::received_at.lt(rule.before))
        .order((events::received_at, events::seq))
        .select((events::received_at, events::seq, events::status))
        .limit(limit)
        .load(conn)?;
    Ok(Chunk {
        end: rows.last().map_or(after, |(at, number, _)| Position { at: *at, number: *number }),
        more: rows.len() as i64 == limit,
        numbers: rows
            .into_iter()
            .filter(|(_, _, status)| rule.statuses().contains(status))
            .map(|(_, number, _)| number)
            .collect(),
    })
}

// In the order of their numbers, for which there is an index, up to the first one that is young. One that a clock dated
// ahead is passed over: it would hide all others until its time comes.
fn next_deliveries(conn: &mut AnyConnection, rule: Rule, after: Position, limit: i64) -> QueryResult<Chunk> {
    let rows: Vec<(i64, i64)> = deliveries::table
        .filter(deliveries::id.gt(after.number))
        .order(deliveries::id)
        .select((deliveries::received_at, deliveries::id))
        .limit(limit)
        .load(conn)?;
    let young = rule.before..=rule.now.saturating_add(CLOCK_DIFFERENCE);
    let passed = rows.iter().take_while(|(at, _)| !young.contains(at)).count();
    let numbers = rows[..passed].iter().filter(|(at, _)| *at < rule.before).map(|(_, number)| *number);
    Ok(Chunk {
        numbers: numbers.collect(),
        end: rows[..passed].last().map_or(after, |(at, number)| Position { at: *at, number: *number }),
        more: passed as i64 == limit,
    })
}

/// Counts what [`delete`] would delete.
///
/// # Errors
/// When a query fails.
pub fn count(conn: &mut AnyConnection, kind: Kind, rule: Rule, numbers: &[i64]) -> QueryResult<Counts> {
    let mut counts = Counts::default();
    let size = |count: i64| usize::try_from(count).unwrap_or_default();
    if kind == Kind::Deliveries {
        counts.deliveries = free_deliveries(conn, rule, numbers)?.len();
        return Ok(counts);
    }
    if kind == Kind::History {
        counts.versions = versions::free(conn, rule, numbers)?.len();
        return Ok(counts);
    }
    let ids = free_events(conn, rule, numbers)?;
    counts.payloads =
        size(event_payloads::table.filter(event_payloads::event_id.eq_any(&ids)).count().get_result(conn)?);
    if kind == Kind::Events {
        counts.events = ids.len();
        counts.runs = size(runs::table.filter(runs::event_id.eq_any(&ids)).count().get_result(conn)?);
        counts.tasks = size(tasks::table.filter(tasks::event_id.eq_any(&ids)).count().get_result(conn)?);
    }
    Ok(counts)
}

/// Deletes rows that [`next`] found, if they still may go, in the caller's transaction.
///
/// # Errors
/// When a query fails; then the caller's transaction must be rolled back.
pub fn delete(conn: &mut AnyConnection, kind: Kind, rule: Rule, numbers: &[i64]) -> QueryResult<Counts> {
    if numbers.is_empty() {
        return Ok(Counts::default());
    }
    match kind {
        Kind::Events => delete_events(conn, rule, numbers),
        Kind::Payloads => {
            let numbers = db::take_free(conn, Table::Events, numbers)?;
            let ids = free_events(conn, rule, &numbers)?;
            delete_payloads(conn, rule, &ids)
        }
        Kind::Deliveries => {
            let numbers = db::take_free(conn, Table::Deliveries, numbers)?;
            let free = free_deliveries(conn, rule, &numbers)?;
            let deleted = diesel::delete(deliveries::table.filter(deliveries::id.eq_any(free))).execute(conn)?;
            Ok(Counts { deliveries: deleted, ..Counts::default() })
        }
        Kind::History => Ok(Counts { versions: versions::delete(conn, rule, numbers)?, ..Counts::default() }),
    }
}

fn delete_events(conn: &mut AnyConnection, rule: Rule, numbers: &[i64]) -> QueryResult<Counts> {
    let numbers = db::take_free(conn, Table::Events, numbers)?;
    let ids = free_events(conn, rule, &numbers)?;
    // One that somebody just now asked for again stays, and finds its event gone.
    let over = tasks::table.filter(tasks::event_id.eq_any(&ids)).filter(tasks::status.eq_any(rule.task_statuses()));
    let counts = delete_payloads(conn, rule, &ids)?;
    Ok(Counts {
        tasks: diesel::delete(over).execute(conn)?,
        runs: diesel::delete(runs::table.filter(runs::event_id.eq_any(&ids))).execute(conn)?,
        events: diesel::delete(events::table.filter(events::id.eq_any(&ids))).execute(conn)?,
        ..counts
    })
}

// What the object was like stays in its history, which has a time of its own.
fn delete_payloads(conn: &mut AnyConnection, rule: Rule, ids: &[String]) -> QueryResult<Counts> {
    versions::hand_over(conn, rule, ids)?;
    let payloads = diesel::delete(event_payloads::table.filter(event_payloads::event_id.eq_any(ids))).execute(conn)?;
    Ok(Counts { payloads, ..Counts::default() })
}

// The ids of those that may go. A task that is not over needs its event, and the payload.
fn free_events(conn: &mut AnyConnection, rule: Rule, numbers: &[i64]) -> QueryResult<Vec<String>> {
    let in_need =
        tasks::table.filter(tasks::event_id.eq(events::id)).filter(tasks::status.ne_all(rule.task_statuses()));
    events::table
        .filter(events::seq.eq_any(numbers))
        .filter(events::status.eq_any(rule.statuses()))
        .filter(not(exists(in_need)))
        .select(events::id)
        .load(conn)
}

// Those whose event is gone or may go; what came before trouble is kept as long as the trouble.
fn free_deliveries(conn: &mut AnyConnection, rule: Rule, numbers: &[i64]) -> QueryResult<Vec<i64>> {
    let in_need = events::table
        .filter(events::id.nullable().eq(deliveries::event_id))
        .filter(events::status.ne_all(rule.statuses()));
    deliveries::table
        .filter(deliveries::id.eq_any(numbers))
        .filter(not(exists(in_need)))
        .select(deliveries::id)
        .load(conn)
}
