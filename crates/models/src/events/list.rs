//! Lists of events: what they are filtered by, page by page.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{Event, Status, has_status};
use crate::db::{AnyConnection, MultiBackend};
use crate::page::{Cursor, Page};
use crate::schema::events;

/// How far the clocks of processes that share a database may differ, in milliseconds: within this time an event may be
/// numbered before one that was received earlier.
const CLOCK_DIFFERENCE: i64 = 60 * 60 * 1000;
/// How far from a filter's time an event may be received that bounds the numbers, in milliseconds.
const NEAR: i64 = 7 * 24 * 60 * 60 * 1000;

/// Which events a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// A type (`invoice.paid`) or a family (`invoice`, which holds every `invoice.…`).
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// Only this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Only what came in by this endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_uuid: Option<String>,
    /// Only this account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Only live (`true`) or test mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub livemode: Option<bool>,
    /// Received at or after, in unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// Received before, in unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Only about the object with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// Only of the event or about the object with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Lists events, newest first; up to some thousands at a time.
///
/// # Errors
/// When a query fails.
pub fn list(conn: &mut AnyConnection, filter: &Filter, cursor: Cursor, limit: usize) -> QueryResult<Page<Event>> {
    let numbers = numbers(conn, filter, cursor, limit + 1)?;
    let mut found: Vec<Event> =
        events::table.filter(events::seq.eq_any(numbers)).select(Event::as_select()).load(conn)?;
    found.sort_unstable_by_key(|event| place(cursor, event.seq));
    Ok(Page::cut(found, cursor, limit, |event| event.seq))
}

/// The number of the newest event; 0 without any.
///
/// # Errors
/// When the query fails.
pub fn last_seq(conn: &mut AnyConnection) -> QueryResult<i64> {
    let last: Option<i64> = events::table.select(diesel::dsl::max(events::seq)).first(conn)?;
    Ok(last.unwrap_or_default())
}

/// The ids of events that a filter finds, oldest first, for a replay of them all.
///
/// # Errors
/// When a query fails.
pub fn ids(conn: &mut AnyConnection, filter: &Filter, after_seq: i64, limit: i64) -> QueryResult<Vec<(i64, String)>> {
    let limit = usize::try_from(limit).unwrap_or_default();
    let numbers = numbers(conn, filter, Cursor::After(after_seq), limit)?;
    events::table
        .filter(events::seq.eq_any(numbers))
        .order(events::seq.asc())
        .select((events::seq, events::id))
        .load(conn)
}

// The numbers of the events, in the cursor's direction. Each type of a family is asked for by itself, since the index by
// type and number answers that at once, however many or few events of the type there are.
fn numbers(conn: &mut AnyConnection, filter: &Filter, cursor: Cursor, limit: usize) -> QueryResult<Vec<i64>> {
    let (from, to) = number_range(conn, filter)?;
    // One range with the cursor: of two bounds SQLite seeks by the first, and reads all that lies beyond the other.
    let (from, to) = match cursor {
        Cursor::Newest => (from, to),
        Cursor::Before(seq) => (from, to.min(seq.saturating_sub(1))),
        Cursor::After(seq) => (from.max(seq.saturating_add(1)), to),
    };
    let between = || filtered(filter).filter(events::seq.between(from, to));
    let queries: Vec<Boxed<'_>> = match &filter.type_ {
        None => vec![between()],
        // Joined to nothing, so that no index by type is taken where the other condition leaves fewer rows.
        Some(type_) if is_narrow(filter) => {
            vec![between().filter(sql::<Text>("type || ''").eq_any(types(conn, type_)?))]
        }
        Some(type_) => types(conn, type_)?.into_iter().map(|type_| between().filter(events::type_.eq(type_))).collect(),
    };
    let mut found: Vec<i64> = Vec::new();
    for query in queries {
        let query = match cursor {
            Cursor::Newest | Cursor::Before(_) => query.order(events::seq.desc()),
            Cursor::After(_) => query.order(events::seq.asc()),
        };
        found.extend(query.select(events::seq).limit(limit as i64).load::<i64>(conn)?);
    }
    found.sort_unstable_by_key(|seq| place(cursor, *seq));
    found.truncate(limit);
    Ok(found)
}

// Whether few events are left of all by what the filter asks beside the type.
fn is_narrow(filter: &Filter) -> bool {
    let status = filter.status.is_some_and(|status| status != Status::Processed);
    status || filter.object_id.is_some() || filter.id.is_some()
}

// Where a number stands in the cursor's direction.
fn place(cursor: Cursor, seq: i64) -> i64 {
    if matches!(cursor, Cursor::After(_)) { seq } else { -seq }
}

// The numbers that can be within the filter's times, so that a list stops there instead of reading all that is older. A
// row is trusted as a bound only if its time is near: one written by a clock that was years off would hide all others.
fn number_range(conn: &mut AnyConnection, filter: &Filter) -> QueryResult<(i64, i64)> {
    let (mut from, mut to) = (0, i64::MAX);
    if let Some(since) = filter.since {
        let before = since.saturating_sub(CLOCK_DIFFERENCE + 1);
        let bound: Option<i64> = events::table
            .filter(events::received_at.between(before.saturating_sub(NEAR), before))
            .order((events::received_at.desc(), events::seq.desc()))
            .select(events::seq)
            .first(conn)
            .optional()?;
        from = bound.unwrap_or(from);
    }
    if let Some(until) = filter.until {
        let after = until.saturating_add(CLOCK_DIFFERENCE);
        let bound: Option<i64> = events::table
            .filter(events::received_at.between(after, after.saturating_add(NEAR)))
            .order((events::received_at.asc(), events::seq.asc()))
            .select(events::seq)
            .first(conn)
            .optional()?;
        to = bound.unwrap_or(to);
    }
    Ok((from, to))
}

// The type itself and those of its family that occur, found from one to the next by the index.
fn types(conn: &mut AnyConnection, type_: &str) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Type {
        #[diesel(sql_type = Text)]
        found: String,
    }
    // The character after `.` is `/`.
    let sql = "WITH RECURSIVE family (found) AS (SELECT min(type) FROM events WHERE type >= $1 AND type < $2 UNION ALL \
               SELECT (SELECT min(type) FROM events WHERE type > family.found AND type < $2) FROM family \
               WHERE family.found IS NOT NULL) SELECT found FROM family WHERE found IS NOT NULL";
    let family: Vec<Type> =
        diesel::sql_query(sql).bind::<Text, _>(format!("{type_}.")).bind::<Text, _>(format!("{type_}/")).load(conn)?;
    Ok(std::iter::once(type_.to_owned()).chain(family.into_iter().map(|row| row.found)).collect())
}

type Boxed<'a> = events::BoxedQuery<'a, MultiBackend>;

// Everything but the type.
fn filtered(filter: &Filter) -> Boxed<'_> {
    let mut query = events::table.into_boxed::<MultiBackend>();
    if let Some(status) = filter.status {
        query = query.filter(has_status(status));
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
