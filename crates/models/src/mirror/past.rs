//! What an object was like at a time, and what of its past is no longer kept.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::history::{Subject, Version, history};
use crate::db::{AnyConnection, MultiBackend};
use crate::schema::{event_payloads, events, object_versions};
use crate::settings;

/// Contents that are looked through for a time.
const MOST: i64 = 10_000;

/// The setting that tells until when contents of objects were deleted for their age, in unix seconds.
const FORGOTTEN: &str = "history.forgotten_before";

/// What is known of an object at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Then {
    /// The newest content of that time that is kept; none if nothing is.
    pub version: Option<Version>,
    /// Whether contents of that time are no longer kept: then it was, or may have been, another one.
    pub expired: bool,
}

/// An event that changed the object, and whose content is no longer kept.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Expired {
    /// As of when its content was true, in unix seconds.
    pub as_of: i64,
    /// The event.
    pub event_id: String,
    /// Its type.
    pub event_type: String,
}

/// What an object was like at a time, in unix seconds.
///
/// # Errors
/// When a query fails.
pub fn as_of(conn: &mut AnyConnection, subject: Subject<'_>, at: i64) -> QueryResult<Then> {
    let versions = history(conn, subject, MOST)?;
    let created = versions.iter().find_map(|version| version.object.get("created")?.as_i64());
    let version = versions.into_iter().find(|version| version.as_of <= at);
    let known = version.as_ref().map_or(i64::MIN, |version| version.as_of);
    let between = |expired: &Expired| expired.as_of > known && expired.as_of <= at;
    let forgotten = kept_since(conn)?.is_some_and(|since| at < since) && created.is_none_or(|created| created <= at);
    // What the history's own table has was not replaced before the time, or it would be gone as well.
    let expired =
        (forgotten && is_in_payload(conn, version.as_ref())?) || expired(conn, subject, MOST)?.iter().any(between);
    Ok(Then { version, expired })
}

// Nothing is nowhere, and so may have been anything.
fn is_in_payload(conn: &mut AnyConnection, version: Option<&Version>) -> QueryResult<bool> {
    let Some(version) = version else { return Ok(true) };
    let Some(id) = &version.event_id else { return Ok(false) };
    diesel::select(exists(event_payloads::table.filter(event_payloads::event_id.eq(id)))).get_result(conn)
}

/// The newest `limit` events about an object whose content is no longer kept, newest first.
///
/// # Errors
/// When a query fails.
pub fn expired(conn: &mut AnyConnection, subject: Subject<'_>, limit: i64) -> QueryResult<Vec<Expired>> {
    let payload = event_payloads::table.filter(event_payloads::event_id.eq(events::id));
    let kept = object_versions::table
        .filter(object_versions::id.eq(subject.id))
        .filter(object_versions::object.eq(subject.object))
        .filter(object_versions::event_id.eq(events::id.nullable()));
    // No further back than the contents are looked at: an object may have very many events.
    let furthest = about(subject).order(events::seq.desc()).offset(limit - 1).limit(1).select(events::seq);
    let furthest: Option<i64> = furthest.first(conn).optional()?;
    about(subject)
        .filter(events::seq.ge(furthest.unwrap_or(i64::MIN)))
        .filter(not(exists(payload)))
        .filter(not(exists(kept)))
        .order((events::created.desc(), events::seq.desc()))
        .limit(limit)
        .select((events::created, events::id, events::type_))
        .load(conn)
}

fn about(subject: Subject<'_>) -> events::BoxedQuery<'_, MultiBackend> {
    let mut query = events::table.into_boxed::<MultiBackend>();
    if let Some([account, _]) = subject.accounts() {
        query = query.filter(events::account.eq(account).or(events::account.is_null()));
    }
    query
        .filter(events::object_id.eq(subject.id))
        .filter(events::object_type.eq(subject.object))
        .filter(events::livemode.eq(subject.livemode))
        .filter(events::kind.eq("snapshot"))
}

/// Since when contents of objects are kept, in unix seconds; none if none were ever deleted for their age.
///
/// # Errors
/// When the query fails.
pub fn kept_since(conn: &mut AnyConnection) -> QueryResult<Option<i64>> {
    Ok(settings::find(conn, FORGOTTEN)?.and_then(|text| text.parse().ok()))
}

/// Notes that contents which were replaced before a time, in unix seconds, were deleted.
///
/// # Errors
/// When the query fails.
pub(crate) fn forget_before(conn: &mut AnyConnection, time: i64) -> QueryResult<()> {
    settings::raise(conn, FORGOTTEN, time)
}
