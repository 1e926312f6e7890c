//! The event log: rows, lists, the payloads beside them, and putting events back into the queue.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::db::{AnyConnection, MultiBackend, text_enum};
use crate::page::{Cursor, Page};
use crate::schema::{event_payloads, events};

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
}

/// Which events a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A type (`invoice.paid`) or a family (`invoice`, which holds every `invoice.…`).
    pub type_: Option<String>,
    /// Only this status.
    pub status: Option<Status>,
    /// Only what came in by this endpoint.
    pub endpoint_uuid: Option<String>,
    /// Only this account's.
    pub account: Option<String>,
    /// Only live (`true`) or test mode.
    pub livemode: Option<bool>,
    /// Received at or after, in unix milliseconds.
    pub since: Option<i64>,
    /// Received before, in unix milliseconds.
    pub until: Option<i64>,
    /// Only about the object with this id.
    pub object_id: Option<String>,
    /// Only of the event or about the object with this id.
    pub id: Option<String>,
}

type Boxed<'a> = events::BoxedQuery<'a, MultiBackend>;

fn filtered(filter: &Filter) -> Boxed<'_> {
    let mut query = events::table.into_boxed::<MultiBackend>();
    if let Some(type_) = &filter.type_ {
        let family = format!("{}.%", type_.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        query = query.filter(events::type_.eq(type_).or(events::type_.like(family).escape('\\')));
    }
    if let Some(status) = filter.status {
        // Spelt out, so that the partial indexes can serve it.
        query = match status {
            Status::Failed => query.filter(sql::<Bool>("status = 'failed'")),
            Status::Dead => query.filter(sql::<Bool>("status = 'dead'")),
            Status::Ignored => query.filter(sql::<Bool>("status = 'ignored'")),
            other => query.filter(events::status.eq(other)),
        };
    }
    if let Some(endpoint) = &filter.endpoint_uuid {
        query = query.filter(events::endpoint_uuid.eq(endpoint));
    }
    if let Some(account) = &filter.account {
        query = query.filter(events::account.eq(account));
    }
    if let Some(livemode) = filter.livemode {
        query = query.filter(events::livemode.eq(livemode));
    }
    if let Some(since) = filter.since {
        query = query.filter(events::received_at.ge(since));
    }
    if let Some(until) = filter.until {
        query = query.filter(events::received_at.lt(until));
    }
    if let Some(object) = &filter.object_id {
        query = query.filter(events::object_id.eq(object));
    }
    if let Some(id) = &filter.id {
        query = query.filter(events::id.eq(id).or(events::object_id.eq(id)));
    }
    query
}

/// Lists events, newest first.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut AnyConnection, filter: &Filter, cursor: Cursor, limit: usize) -> QueryResult<Page<Event>> {
    let query = filtered(filter).select(Event::as_select());
    let query = match cursor {
        Cursor::Newest => query.order(events::seq.desc()),
        Cursor::Before(seq) => query.filter(events::seq.lt(seq)).order(events::seq.desc()),
        Cursor::After(seq) => query.filter(events::seq.gt(seq)).order(events::seq.asc()),
    };
    let found = query.limit(limit as i64 + 1).load(conn)?;
    Ok(Page::cut(found, cursor, limit, |event| event.seq))
}

/// The event with this id.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut AnyConnection, id: &str) -> QueryResult<Option<Event>> {
    events::table.filter(events::id.eq(id)).select(Event::as_select()).first(conn).optional()
}

/// The event's body, byte for byte as Stripe sent it.
///
/// # Errors
/// When the query fails.
pub fn payload(conn: &mut AnyConnection, id: &str) -> QueryResult<Option<String>> {
    event_payloads::table.find(id).select(event_payloads::body).first(conn).optional()
}

/// Puts one event back into the queue, whatever became of it, unless a worker has it just now; whether it did.
///
/// # Errors
/// When the query fails.
pub fn replay(conn: &mut AnyConnection, id: &str, now: i64) -> QueryResult<bool> {
    let replayable = events::table
        .filter(events::id.eq(id))
        .filter(events::status.ne(Status::Processing).or(events::claimed_until_at.lt(now)));
    let changed = diesel::update(replayable)
        .set((
            events::status.eq(Status::Pending),
            events::attempts.eq(0),
            events::cause.eq(Cause::Replay),
            events::next_attempt_at.eq(now),
            events::processed_at.eq(None::<i64>),
            events::last_error.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The ids of events that a filter finds, oldest first, for a replay of them all.
///
/// # Errors
/// When the query fails.
pub fn ids(conn: &mut AnyConnection, filter: &Filter, after_seq: i64, limit: i64) -> QueryResult<Vec<(i64, String)>> {
    filtered(filter)
        .filter(events::seq.gt(after_seq))
        .order(events::seq.asc())
        .limit(limit)
        .select((events::seq, events::id))
        .load(conn)
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
        ))
        .execute(conn)
}

/// How many events wait for a worker (pending, or failed and due), and since when the oldest has been due.
///
/// # Errors
/// When the query fails.
pub fn backlog(conn: &mut AnyConnection, now: i64) -> QueryResult<(i64, Option<i64>)> {
    events::table
        .filter(sql::<Bool>("status IN ('pending', 'processing', 'failed')"))
        .filter(events::next_attempt_at.le(now))
        .select((diesel::dsl::count_star(), diesel::dsl::min(events::next_attempt_at)))
        .first(conn)
}
