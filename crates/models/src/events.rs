//! The event log: rows, the payloads beside them, and putting events back into the queue.

mod list;

use std::collections::{HashMap, HashSet};

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::db::{AnyConnection, text_enum};
use crate::schema::{event_payloads, events};

pub use list::{Filter, ids, last_seq, list};

text_enum! {
    /// How far the work on an event is.
    Status {
        /// Waits for a worker.
        Pending = "pending",
        /// A worker has it.
        Processing = "processing",
        /// Mirrored, and every handler succeeded.
        Processed = "processed",
        /// The last attempt failed; another follows.
        Failed = "failed",
        /// The last of all attempts failed; nothing follows unless somebody replays it.
        Dead = "dead",
        /// Nothing to do for it, and nothing done.
        Ignored = "ignored",
    }
}

text_enum! {
    /// Why an event is tried.
    Cause {
        /// It arrived.
        Delivery = "delivery",
        /// The attempt before failed.
        Retry = "retry",
        /// It had failed, and Stripe sent it again.
        Resend = "resend",
        /// Somebody asked for it here.
        Replay = "replay",
    }
}

text_enum! {
    /// What settled which of two contents of one object and one second is the newer.
    Tie {
        /// One of them deletes the object.
        Deletion = "deletion",
        /// One of them creates the object.
        Creation = "creation",
        /// What one of them changed was before as the other has it.
        PreviousAttributes = "previous_attributes",
        /// One of them is further in the object's life.
        Lifecycle = "lifecycle",
        /// Nothing of that: the one that was processed later stays.
        Arrival = "arrival",
    }
}

/// One row of the event log.
#[derive(Clone, Debug, Queryable, Selectable, serde::Serialize)]
#[diesel(table_name = events)]
pub struct Event {
    /// Row number, ascending in the order of arrival.
    pub seq: i64,
    /// `evt_…`
    pub id: String,
    /// For example `invoice.paid`.
    #[serde(rename = "type")]
    pub type_: String,
    /// `snapshot` or `thin`.
    pub kind: String,
    /// When Stripe made it, in unix seconds.
    pub created: i64,
    /// When it arrived, in unix milliseconds.
    pub received_at: i64,
    /// Live or test mode.
    pub livemode: bool,
    /// The account it belongs to.
    pub account: Option<String>,
    /// The endpoint it came in by.
    pub endpoint_uuid: Option<String>,
    /// The API version its content is rendered in.
    pub api_version: Option<String>,
    /// `object` of `data.object`.
    pub object_type: Option<String>,
    /// `id` of `data.object`.
    pub object_id: Option<String>,
    /// The API request that caused it.
    pub request_id: Option<String>,
    /// How far the work is.
    pub status: Status,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it is or was last tried.
    pub cause: Cause,
    /// When it is tried next, in unix milliseconds; meaningful while pending or failed.
    pub next_attempt_at: i64,
    /// The worker that has it.
    pub claimed_by: Option<String>,
    /// Until when that worker has it, in unix milliseconds.
    pub claimed_until_at: Option<i64>,
    /// Its content was older than the mirror's and did not overwrite it.
    pub superseded: bool,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When the work was done, in unix milliseconds.
    pub processed_at: Option<i64>,
    /// The one handler that a replay asked for; none runs all of them.
    pub only_handler: Option<String>,
    /// How often a worker died while it had the event.
    pub crashes: i32,
    /// What settled the order of this content and another of the same second.
    pub tie: Option<Tie>,
}

// Spelt out, since SQLite takes a partial index only when the query repeats the index's own condition.
pub(crate) fn has_status(status: Status) -> SqlLiteral<Bool> {
    sql(match status {
        Status::Pending => "status <> 'processed' AND status = 'pending'",
        Status::Processing => "status <> 'processed' AND status = 'processing'",
        Status::Processed => "status = 'processed'",
        Status::Failed => "status <> 'processed' AND status = 'failed'",
        Status::Dead => "status <> 'processed' AND status = 'dead'",
        Status::Ignored => "status <> 'processed' AND status = 'ignored'",
    })
}

/// The event with this id.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut AnyConnection, id: &str) -> QueryResult<Option<Event>> {
    events::table.filter(events::id.eq(id)).select(Event::as_select()).first(conn).optional()
}

/// Events of a mode that wait for their work and whose account was not known belong to this one: nobody else has a key.
///
/// # Errors
/// When the query fails.
pub fn adopt(conn: &mut AnyConnection, account: &str, livemode: bool) -> QueryResult<usize> {
    let unsettled = [Status::Pending, Status::Processing, Status::Failed];
    let theirs = events::table.filter(events::account.is_null()).filter(events::livemode.eq(livemode));
    diesel::update(theirs.filter(events::status.eq_any(unsettled))).set(events::account.eq(account)).execute(conn)
}

/// Those of these ids whose events are still here.
///
/// # Errors
/// When the query fails.
pub fn present(conn: &mut AnyConnection, ids: &[&str]) -> QueryResult<HashSet<String>> {
    let found: Vec<String> = events::table.filter(events::id.eq_any(ids)).select(events::id).load(conn)?;
    Ok(found.into_iter().collect())
}

/// The event's body, byte for byte as Stripe sent it.
///
/// # Errors
/// When the query fails.
pub fn payload(conn: &mut AnyConnection, id: &str) -> QueryResult<Option<String>> {
    event_payloads::table.find(id).select(event_payloads::body).first(conn).optional()
}

/// Puts events back into the queue, whatever became of them, for all handlers or for one; those that a worker has just now,
/// or whose payload is no longer kept, stay as they are. How many were put back.
///
/// # Errors
/// When the query fails.
pub fn replay(conn: &mut AnyConnection, ids: &[&str], handler: Option<&str>, now: i64) -> QueryResult<usize> {
    let kept = event_payloads::table.filter(event_payloads::event_id.eq(events::id));
    let replayable = events::table
        .filter(events::id.eq_any(ids))
        .filter(events::status.ne(Status::Processing))
        .filter(diesel::dsl::exists(kept));
    diesel::update(replayable)
        .set((
            events::status.eq(Status::Pending),
            events::attempts.eq(0),
            events::cause.eq(Cause::Replay),
            events::next_attempt_at.eq(now),
            events::claimed_by.eq(None::<String>),
            events::claimed_until_at.eq(None::<i64>),
            events::processed_at.eq(None::<i64>),
            events::last_error.eq(None::<String>),
            events::only_handler.eq(handler),
            events::crashes.eq(0),
        ))
        .execute(conn)
}

/// Schedules those of the events that had failed or died for an attempt at once.
///
/// # Errors
/// When the query fails.
pub fn reopen_failed(conn: &mut AnyConnection, ids: &[&str], now: i64) -> QueryResult<usize> {
    let failed =
        events::table.filter(events::id.eq_any(ids)).filter(events::status.eq_any([Status::Failed, Status::Dead]));
    diesel::update(failed)
        .set((
            events::status.eq(Status::Pending),
            events::attempts.eq(0),
            events::cause.eq(Cause::Resend),
            events::next_attempt_at.eq(now),
            events::crashes.eq(0),
        ))
        .execute(conn)
}

/// How many events wait for a worker (pending, or failed and due), and since when the oldest has been due.
///
/// # Errors
/// When the query fails.
pub fn backlog(conn: &mut AnyConnection, now: i64) -> QueryResult<(i64, Option<i64>)> {
    events::table
        .filter(sql::<Bool>("status IN ('pending', 'failed')"))
        .filter(events::next_attempt_at.le(now))
        .select((diesel::dsl::count_star(), diesel::dsl::min(events::next_attempt_at)))
        .first(conn)
}

/// When those of the events that are here were received, in unix milliseconds, by id.
///
/// # Errors
/// When the query fails.
pub fn received(conn: &mut AnyConnection, ids: &[&str]) -> QueryResult<HashMap<String, i64>> {
    let found: Vec<(String, i64)> =
        events::table.filter(events::id.eq_any(ids)).select((events::id, events::received_at)).load(conn)?;
    Ok(found.into_iter().collect())
}

/// The accounts that events of these endpoints came from, since a time in unix milliseconds; a thousand at the most.
///
/// # Errors
/// When the query fails.
pub fn accounts(conn: &mut AnyConnection, endpoint_uuids: &[&str], since: i64) -> QueryResult<Vec<String>> {
    let accounts: Vec<Option<String>> = events::table
        .filter(events::endpoint_uuid.eq_any(endpoint_uuids))
        .filter(events::received_at.ge(since))
        .select(events::account)
        .distinct()
        .order(events::account)
        .limit(1000)
        .load(conn)?;
    Ok(accounts.into_iter().flatten().collect())
}
