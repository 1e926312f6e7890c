//! The queue of events: claiming what is due, and recording what became of it.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::db::{self, AnyConnection};
use crate::events::{Cause, Event, Status, Tie, has_status};
use crate::schema::{event_payloads, events};

/// An event that a worker has for a while, with its body.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The row.
    pub event: Event,
    /// The body, byte for byte; none if it is no longer kept.
    pub body: Option<String>,
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

fn held() -> diesel::expression::SqlLiteral<diesel::sql_types::Bool> {
    has_status(Status::Processing)
}

/// Claims up to `limit` events that are due, in the order of `created`. None is about an object on which another
/// worker has an event; several about one object may come together, and are to be processed in the order given.
///
/// An event that a worker died of comes when there is nothing else, and alone, so that it takes no other down with it.
///
/// # Errors
/// When a query fails; then the caller's transaction must be rolled back.
pub fn claim(conn: &mut AnyConnection, claim: Claim<'_>, limit: i64) -> QueryResult<Vec<Claimed>> {
    db::lock_claims(conn)?;
    let mut seqs = db::claim_due(conn, claim, db::Due::Ordinary, limit)?;
    // Rare, and they can wait until there is nothing else.
    if seqs.is_empty() {
        seqs = db::claim_due(conn, claim, db::Due::Suspected, 1)?;
    }
    if seqs.is_empty() {
        return Ok(Vec::new());
    }
    let claimed: Vec<(Event, Option<String>)> = events::table
        .left_join(event_payloads::table.on(event_payloads::event_id.eq(events::id)))
        .filter(events::seq.eq_any(&seqs))
        .order((events::crashes.asc(), events::created.asc(), events::seq.asc()))
        .select((Event::as_select(), event_payloads::body.nullable()))
        .load(conn)?;
    Ok(claimed.into_iter().map(|(event, body)| Claimed { event, body }).collect())
}

/// Puts events back whose worker has not been heard of until its claim ended, so that others claim them. They are suspected
/// of that worker's death: how many.
///
/// # Errors
/// When the query fails.
pub fn take_back_expired(conn: &mut AnyConnection, now: i64) -> QueryResult<usize> {
    take_back(conn, now)
}

/// Puts back everything that is claimed by whomever: for a database that one process has to itself, when that starts.
///
/// # Errors
/// When the query fails.
pub fn take_back_all(conn: &mut AnyConnection) -> QueryResult<usize> {
    take_back(conn, i64::MAX)
}

fn take_back(conn: &mut AnyConnection, until: i64) -> QueryResult<usize> {
    diesel::update(events::table.filter(held()).filter(events::claimed_until_at.le(until)))
        .set((
            events::status.eq(Status::Pending),
            events::crashes.eq(events::crashes + 1),
            events::claimed_by.eq(None::<String>),
            events::claimed_until_at.eq(None::<i64>),
        ))
        .execute(conn)
}

/// How many events workers have, and for how many a worker died before.
///
/// # Errors
/// When a query fails.
pub fn held_and_suspected(conn: &mut AnyConnection) -> QueryResult<(i64, i64)> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let held = events::table.filter(held()).count().get_result(conn)?;
    let suspected: Count =
        diesel::sql_query("SELECT count(*) AS count FROM events WHERE crashes > 0").get_result(conn)?;
    Ok((held, suspected.count))
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
    /// What settled the order with content of the same second.
    pub tie: Option<Tie>,
    /// The one handler that the next attempt runs, if there is one.
    pub only_handler: Option<String>,
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
                events::tie.eq(ended.tie),
                events::crashes.eq(0),
                events::only_handler.eq(&ended.only_handler),
            ))
            .execute(conn)?;
        if changed != seqs.len() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether events are claimed by workers that were not heard of until their claims ended.
///
/// # Errors
/// When the query fails.
pub fn any_expired(conn: &mut AnyConnection, now: i64) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(events::table.filter(held()).filter(events::claimed_until_at.le(now))))
        .get_result(conn)
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
