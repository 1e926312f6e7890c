//! The deliveries log: every POST to a webhook URL, accepted or refused, with its reason.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::db::{AnyConnection, MultiBackend, text_enum};
use crate::page::{Cursor, Page};
use crate::schema::deliveries;

text_enum! {
    /// What became of a delivery.
    Outcome {
        /// A new event was stored.
        Accepted = "accepted",
        /// The event had been stored before.
        Duplicate = "duplicate",
        /// Nothing was taken from it; the reason code says why.
        Refused = "refused",
        /// It came by the shadow of an upgrade: kept to be compared, and no event was made of it.
        Shadow = "shadow",
    }
}

/// One row of the deliveries log.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub struct Delivery {
    /// Row number, ascending with the time of arrival.
    pub id: i64,
    /// The endpoint; none for the legacy URL.
    pub endpoint_uuid: Option<String>,
    /// The event it carried.
    pub event_id: Option<String>,
    /// In unix milliseconds.
    pub received_at: i64,
    /// What became of it.
    pub outcome: Outcome,
    /// The reason code of a refusal.
    pub reason: Option<String>,
    /// The status that was answered.
    pub http_status: i32,
    /// The peer's address.
    pub remote_ip: Option<String>,
    /// A JSON object of the request's headers, redacted.
    pub headers: String,
    /// The start of a refused body.
    pub body: Option<Vec<u8>>,
    /// The whole body's size in bytes.
    pub body_size: i64,
    /// The endpoint secret that matched.
    pub secret_id: Option<i64>,
    /// `t` of the signature, in unix seconds.
    pub signature_time: Option<i64>,
    /// How many POSTs this row stands for.
    pub repeats: i64,
}

/// Which deliveries a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this endpoint's.
    pub endpoint_uuid: Option<String>,
    /// Only this outcome.
    pub outcome: Option<Outcome>,
    /// Only refusals with this reason code.
    pub reason: Option<String>,
    /// Only from this time on, in unix milliseconds.
    pub since: Option<i64>,
}

// Spelt out, so that the partial indexes of refusals can serve it.
fn is_refused() -> SqlLiteral<Bool> {
    sql("outcome = 'refused'")
}

/// Lists deliveries, newest first.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut AnyConnection, filter: &Filter, cursor: Cursor, limit: usize) -> QueryResult<Page<Delivery>> {
    let mut query = deliveries::table.select(Delivery::as_select()).into_boxed::<MultiBackend>();
    if let Some(endpoint) = &filter.endpoint_uuid {
        query = query.filter(deliveries::endpoint_uuid.eq(endpoint));
    }
    if let Some(outcome) = filter.outcome {
        query = match outcome {
            Outcome::Refused => query.filter(is_refused()),
            other => query.filter(deliveries::outcome.eq(other)),
        };
    }
    if let Some(reason) = &filter.reason {
        query = query.filter(is_refused()).filter(deliveries::reason.eq(reason));
    }
    if let Some(since) = filter.since {
        query = query.filter(deliveries::received_at.ge(since));
    }
    query = match cursor {
        Cursor::Newest => query.order(deliveries::id.desc()),
        Cursor::Before(id) => query.filter(deliveries::id.lt(id)).order(deliveries::id.desc()),
        Cursor::After(id) => query.filter(deliveries::id.gt(id)).order(deliveries::id.asc()),
    };
    let found = query.limit(limit as i64 + 1).load(conn)?;
    Ok(Page::cut(found, cursor, limit, |delivery| delivery.id))
}

/// The delivery with this row number.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut AnyConnection, id: i64) -> QueryResult<Option<Delivery>> {
    deliveries::table.find(id).select(Delivery::as_select()).first(conn).optional()
}

/// The newest deliveries of one event, newest first.
///
/// # Errors
/// When the query fails.
pub fn of_event(conn: &mut AnyConnection, event_id: &str, limit: i64) -> QueryResult<Vec<Delivery>> {
    deliveries::table
        .filter(deliveries::event_id.eq(event_id))
        .order(deliveries::id.desc())
        .limit(limit)
        .select(Delivery::as_select())
        .load(conn)
}

/// The newest delivery of an endpoint.
///
/// # Errors
/// When the query fails.
pub fn newest_of_endpoint(conn: &mut AnyConnection, endpoint_uuid: &str) -> QueryResult<Option<Delivery>> {
    deliveries::table
        .filter(deliveries::endpoint_uuid.eq(endpoint_uuid))
        .order(deliveries::id.desc())
        .select(Delivery::as_select())
        .first(conn)
        .optional()
}

/// When an endpoint last took a delivery, whether its event was new or not, in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn last_taken(conn: &mut AnyConnection, endpoint_uuid: &str) -> QueryResult<Option<i64>> {
    deliveries::table
        .filter(deliveries::endpoint_uuid.eq(endpoint_uuid))
        .filter(deliveries::outcome.ne(Outcome::Refused))
        .order(deliveries::id.desc())
        .select(deliveries::received_at)
        .first(conn)
        .optional()
}

/// Deliveries from which the usual interval of an endpoint is told, and how few are too few for that.
const LOOKED_AT: i64 = 50;
const TOO_FEW: usize = 10;
/// So many times its usual interval without a delivery, and at least an hour, and an endpoint is silent.
const SILENCE: i64 = 20;
const AN_HOUR: i64 = 3_600_000;

/// Since when an endpoint that used to take deliveries often has taken none, and how often it used to, in unix milliseconds and
/// milliseconds. None while that is not unusual.
///
/// # Errors
/// When the query fails.
pub fn silent_since(conn: &mut AnyConnection, endpoint_uuid: &str, now: i64) -> QueryResult<Option<(i64, i64)>> {
    let taken: Vec<i64> = deliveries::table
        .filter(deliveries::endpoint_uuid.eq(endpoint_uuid))
        .filter(deliveries::outcome.ne(Outcome::Refused))
        .order(deliveries::id.desc())
        .limit(LOOKED_AT)
        .select(deliveries::received_at)
        .load(conn)?;
    let (Some(last), Some(first)) = (taken.first(), taken.last().filter(|_| taken.len() >= TOO_FEW)) else {
        return Ok(None);
    };
    let usual = (last - first) / (taken.len() as i64 - 1);
    let silent = now - last > usual.saturating_mul(SILENCE).max(AN_HOUR);
    Ok(silent.then_some((*last, usual)))
}

/// Counts `more` POSTs on a row that already stands for some.
///
/// # Errors
/// When the query fails.
pub fn add_repeats(conn: &mut AnyConnection, id: i64, more: i64) -> QueryResult<()> {
    diesel::update(deliveries::table.find(id))
        .set(deliveries::repeats.eq(deliveries::repeats + more))
        .execute(conn)
        .map(drop)
}

/// Records how a delivery was answered, where that was settled only after it was stored.
///
/// # Errors
/// When the query fails.
pub fn set_http_status(conn: &mut AnyConnection, id: i64, http_status: i32) -> QueryResult<()> {
    diesel::update(deliveries::table.find(id)).set(deliveries::http_status.eq(http_status)).execute(conn).map(drop)
}
