//! The queue of events: claiming what is due, and recording what became of it.

use std::collections::{HashMap, HashSet};

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::db::{self, AnyConnection};
use crate::events::{Cause, Event, Status, has_status};
use crate::schema::{event_payloads, events};

/// An event that a worker has for a while, with its body.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The row as it was before the claim.
    pub event: Event,
    /// The body, byte for byte.
    pub body: String,
}

/// Who claims, and until when the claim holds.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The worker's name, unique among all processes.
    pub worker: &'a str,
    /// Now, in unix milliseconds.
    pub now: i64,
    /// When others may take the events over, in unix milliseconds.
    pub until: i64,
}

// Spelt out, so that the partial indexes can serve them.
fn unfinished() -> SqlLiteral<Bool> {
    sql("status IN ('pending', 'processing', 'failed')")
}

fn held() -> SqlLiteral<Bool> {
    has_status(Status::Processing)
}

/// Claims up to `limit` events that are due, in the order of `created`. None is about an object on which another
/// worker has an event; several about one object may come together, and are to be processed in the order given.
///
/// # Errors
/// When a query fails; then the caller's transaction must be rolled back.
pub fn claim(conn: &mut AnyConnection, claim: Claim<'_>, limit: i64) -> QueryResult<Vec<Claimed>> {
    db::lock_claims(conn)?;
    let busy: HashSet<Option<String>> = events::table
        .filter(held())
        .filter(events::claimed_until_at.gt(claim.now))
        .filter(events::object_id.is_not_null())
        .select(events::object_id)
        .load(conn)?
        .into_iter()
        .collect();
    let is_due = || {
        unfinished()
            .and(events::next_attempt_at.le(claim.now))
            .and(events::status.ne(Status::Processing).or(events::claimed_until_at.le(claim.now)))
    };
    let due = events::table
        .filter(is_due())
        .order((events::created.asc(), events::seq.asc()))
        .limit(limit)
        .select(Event::as_select());
    let mut due: Vec<Event> = if busy.is_empty() {
        due.load(conn)?
    } else {
        due.filter(events::object_id.is_null().or(events::object_id.ne_all(&busy))).load(conn)?
    };
    let seqs: Vec<i64> = due.iter().map(|event| event.seq).collect();
    if seqs.is_empty() {
        return Ok(Vec::new());
    }
    // Asked again: a worker whose lease is over may have finished, in a transaction that was open just now.
    let taken: HashSet<i64> = diesel::update(events::table.filter(events::seq.eq_any(&seqs)).filter(is_due()))
        .set((
            events::status.eq(Status::Processing),
            events::claimed_by.eq(claim.worker),
            events::claimed_until_at.eq(claim.until),
        ))
        .returning(events::seq)
        .load(conn)?
        .into_iter()
        .collect();
    due.retain(|event| taken.contains(&event.seq));
    let ids: Vec<&str> = due.iter().map(|event| event.id.as_str()).collect();
    let mut bodies: HashMap<String, String> = event_payloads::table
        .filter(event_payloads::event_id.eq_any(ids))
        .select((event_payloads::event_id, event_payloads::body))
        .load(conn)?
        .into_iter()
        .collect();
    Ok(due.drain(..).map(|event| Claimed { body: bodies.remove(&event.id).unwrap_or_default(), event }).collect())
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The status to record.
    pub status: Status,
    /// How often the event has been tried now.
    pub attempts: i32,
    /// Why it was tried, or for [`Status::Failed`] why it will be.
    pub cause: Cause,
    /// When to try again, in unix milliseconds, for [`Status::Failed`].
    pub next_attempt_at: i64,
    /// Whether the content was older than the mirror's.
    pub superseded: bool,
    /// Why it failed.
    pub error: Option<String>,
    /// Now, in unix milliseconds.
    pub at: i64,
}

/// Records how an attempt ended, if the worker still has the event; whether it had.
///
/// # Errors
/// When the query fails.
pub fn finish(conn: &mut AnyConnection, seq: i64, worker: &str, ended: &Ended) -> QueryResult<bool> {
    finish_all(conn, worker, &[(seq, ended.clone())])
}

/// Records how several attempts ended, by one statement for all that ended alike; whether the worker still had every one.
/// If not, the caller's transaction must be rolled back.
///
/// # Errors
/// When a query fails.
pub fn finish_all(conn: &mut AnyConnection, worker: &str, all: &[(i64, Ended)]) -> QueryResult<bool> {
    let mut groups: Vec<(&Ended, Vec<i64>)> = Vec::new();
    for (seq, ended) in all {
        match groups.iter_mut().find(|(alike, _)| *alike == ended) {
            Some((_, seqs)) => seqs.push(*seq),
            None => groups.push((ended, vec![*seq])),
        }
    }
    for (ended, seqs) in groups {
        let done = matches!(ended.status, Status::Processed | Status::Ignored);
        let mine = events::table
            .filter(events::seq.eq_any(&seqs))
            .filter(events::status.eq(Status::Processing))
            .filter(events::claimed_by.eq(worker));
        let changed = diesel::update(mine)
            .set((
                events::status.eq(ended.status),
                events::attempts.eq(ended.attempts),
                events::cause.eq(ended.cause),
                events::next_attempt_at.eq(ended.next_attempt_at),
                events::superseded.eq(ended.superseded),
                events::last_error.eq(&ended.error),
                events::processed_at.eq(done.then_some(ended.at)),
                events::claimed_by.eq(None::<String>),
                events::claimed_until_at.eq(None::<i64>),
            ))
            .execute(conn)?;
        if changed != seqs.len() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Holds everything that a worker has until a later time, in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn renew(conn: &mut AnyConnection, worker: &str, until: i64) -> QueryResult<usize> {
    let mine = events::table.filter(held()).filter(events::claimed_by.eq(worker));
    diesel::update(mine).set(events::claimed_until_at.eq(until)).execute(conn)
}

/// Gives back everything that a worker has, as if it had never claimed it.
///
/// # Errors
/// When the query fails.
pub fn release(conn: &mut AnyConnection, worker: &str) -> QueryResult<usize> {
    let mine = events::table.filter(held()).filter(events::claimed_by.eq(worker));
    diesel::update(mine)
        .set((
            events::status.eq(Status::Pending),
            events::claimed_by.eq(None::<String>),
            events::claimed_until_at.eq(None::<i64>),
        ))
        .execute(conn)
}
