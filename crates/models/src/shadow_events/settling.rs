//! What becomes of copies: one that came by no other endpoint in time is taken in as an event; later, bodies and copies go.

use diesel::prelude::*;

use super::ShadowEvent;
use crate::db::AnyConnection;
use crate::events;
use crate::intake::{self, EventRow};
use crate::schema::{shadow_events, upgrades};
use crate::upgrades::Status;

/// How long the live endpoint's delivery is waited for, in milliseconds.
pub const WAIT: i64 = 3600 * 1000;

/// The oldest copies that are to be settled: the wait is over, or their endpoint is a shadow no more, so that nothing else may
/// come. Time in unix milliseconds.
///
/// # Errors
/// When a query fails.
pub fn due(conn: &mut AnyConnection, now: i64, limit: i64) -> QueryResult<Vec<ShadowEvent>> {
    let waited: Vec<ShadowEvent> = shadow_events::table
        .filter(shadow_events::settled_at.is_null())
        .filter(shadow_events::received_at.le(now.saturating_sub(WAIT)))
        .order(shadow_events::received_at)
        .limit(limit)
        .select(ShadowEvent::as_select())
        .load(conn)?;
    if !waited.is_empty() {
        return Ok(waited);
    }
    let swapped = upgrades::table
        .filter(upgrades::status.eq_any([Status::Swapping, Status::Swapped]))
        .select(upgrades::shadow_uuid);
    shadow_events::table
        .filter(shadow_events::settled_at.is_null())
        .filter(shadow_events::endpoint_uuid.eq_any(swapped))
        .order(shadow_events::seq)
        .limit(limit)
        .select(ShadowEvent::as_select())
        .load(conn)
}

/// Takes in those of the copies that came by no other endpoint, in the caller's transaction; their ids. Time in unix
/// milliseconds.
///
/// # Errors
/// When a query fails; then the caller's transaction must be rolled back.
pub fn settle(conn: &mut AnyConnection, copies: &[ShadowEvent], now: i64) -> QueryResult<Vec<String>> {
    let ids: Vec<&str> = copies.iter().map(|copy| copy.event_id.as_str()).collect();
    let known = events::received(conn, &ids)?;
    let alone = copies.iter().filter(|copy| !known.contains_key(&copy.event_id));
    let rows: Vec<EventRow> = alone.filter_map(|copy| row(copy, now)).collect();
    let taken_in = intake::store_fetched(conn, &rows)?;
    let numbers = |taken: bool| -> Vec<i64> {
        copies.iter().filter(|copy| taken_in.contains(&copy.event_id) == taken).map(|copy| copy.seq).collect()
    };
    for taken in [false, true] {
        diesel::update(shadow_events::table.filter(shadow_events::seq.eq_any(numbers(taken))))
            .set((shadow_events::settled_at.eq(now), shadow_events::taken_in.eq(taken)))
            .execute(conn)?;
    }
    Ok(taken_in)
}

// What is received now is due now, whatever became due meanwhile.
fn row(copy: &ShadowEvent, now: i64) -> Option<EventRow> {
    Some(EventRow {
        id: copy.event_id.clone(),
        type_: copy.type_.clone(),
        kind: if copy.kind == "thin" { "thin" } else { "snapshot" },
        created: copy.created,
        received_at: now,
        livemode: copy.livemode,
        account: copy.account.clone(),
        endpoint_uuid: Some(copy.endpoint_uuid.clone()),
        api_version: copy.api_version.clone(),
        object_type: copy.object_type.clone(),
        object_id: copy.object_id.clone(),
        request_id: copy.request_id.clone(),
        body: copy.body.clone()?,
    })
}

/// Lets the bodies go of which there are `keep` newer ones of the same type; how many went.
///
/// # Errors
/// When a query fails.
pub fn thin_out(conn: &mut AnyConnection, shadow_uuid: &str, event_type: &str, keep: i64) -> QueryResult<usize> {
    let oldest_kept: Option<i64> = shadow_events::table
        .filter(shadow_events::endpoint_uuid.eq(shadow_uuid))
        .filter(shadow_events::type_.eq(event_type))
        .order(shadow_events::seq.desc())
        .offset(keep)
        .limit(1)
        .select(shadow_events::seq)
        .first(conn)
        .optional()?;
    let Some(last) = oldest_kept else { return Ok(0) };
    let older = shadow_events::table
        .filter(shadow_events::endpoint_uuid.eq(shadow_uuid))
        .filter(shadow_events::type_.eq(event_type))
        .filter(shadow_events::seq.le(last))
        .filter(shadow_events::settled_at.is_not_null())
        .filter(shadow_events::body.is_not_null());
    diesel::update(older).set(shadow_events::body.eq(None::<String>)).execute(conn)
}

/// Removes copies that arrived before a time, in unix milliseconds, and are settled; how many, at most `limit`.
///
/// # Errors
/// When a query fails.
pub fn remove_old(conn: &mut AnyConnection, before: i64, limit: i64) -> QueryResult<usize> {
    let old: Vec<i64> = shadow_events::table
        .filter(shadow_events::received_at.lt(before))
        .filter(shadow_events::settled_at.is_not_null())
        .order(shadow_events::received_at)
        .limit(limit)
        .select(shadow_events::seq)
        .load(conn)?;
    diesel::delete(shadow_events::table.filter(shadow_events::seq.eq_any(old))).execute(conn)
}

/// When the oldest copy that is kept arrived, in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn oldest(conn: &mut AnyConnection) -> QueryResult<Option<i64>> {
    shadow_events::table.select(diesel::dsl::min(shadow_events::received_at)).first(conn)
}
