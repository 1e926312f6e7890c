//! Earlier contents of objects that are old enough to go: those that newer ones replaced before the time. What was true at
//! that time or later stays, so that the history is whole from there on.

use diesel::dsl::{exists, max};
use diesel::prelude::*;

use super::{Chunk, Position, Rule};
use crate::db::{self, AnyConnection, Table};
use crate::mirror;
use crate::schema::{event_payloads, events, object_versions};

impl Rule {
    // Contents are dated in seconds.
    const fn before_seconds(&self) -> i64 {
        self.before.div_euclid(1000)
    }
}

/// Looks at up to `limit` contents after a position.
pub(super) fn next(conn: &mut AnyConnection, rule: Rule, after: Position, limit: i64) -> QueryResult<Chunk> {
    let rows: Vec<(i64, i64)> = object_versions::table
        // The first condition is for the index.
        .filter(object_versions::stored_at.ge(after.at))
        .filter(object_versions::stored_at.gt(after.at).or(object_versions::seq.gt(after.number)))
        .filter(object_versions::stored_at.lt(rule.before))
        .order((object_versions::stored_at, object_versions::seq))
        .select((object_versions::stored_at, object_versions::seq))
        .limit(limit)
        .load(conn)?;
    Ok(Chunk {
        end: rows.last().map_or(after, |(at, number)| Position { at: *at, number: *number }),
        more: rows.len() as i64 == limit,
        numbers: rows.into_iter().map(|(_, number)| number).collect(),
    })
}

/// Those that another content of the object replaced before the time: one that is kept here, or in an event's payload. Of two
/// of one second neither replaces the other.
pub(super) fn free(conn: &mut AnyConnection, rule: Rule, numbers: &[i64]) -> QueryResult<Vec<i64>> {
    let newer = diesel::alias!(object_versions as newer_versions);
    let kept = newer
        .filter(newer.field(object_versions::id).eq(object_versions::id))
        .filter(newer.field(object_versions::object).eq(object_versions::object))
        .filter(newer.field(object_versions::livemode).eq(object_versions::livemode))
        .filter(newer.field(object_versions::account).eq(object_versions::account))
        .filter(newer.field(object_versions::as_of).gt(object_versions::as_of))
        .filter(newer.field(object_versions::as_of).le(rule.before_seconds()));
    let nobody_s = events::account.is_null().and(object_versions::account.eq(""));
    let payload = event_payloads::table.filter(event_payloads::event_id.eq(events::id));
    let sent = events::table
        .filter(exists(payload))
        .filter(events::object_id.eq(object_versions::id.nullable()))
        .filter(events::object_type.eq(object_versions::object.nullable()))
        .filter(events::livemode.eq(object_versions::livemode))
        .filter(events::account.eq(object_versions::account.nullable()).or(nobody_s))
        .filter(events::kind.eq("snapshot"))
        .filter(events::created.gt(object_versions::as_of))
        .filter(events::created.le(rule.before_seconds()));
    object_versions::table
        .filter(object_versions::seq.eq_any(numbers))
        .filter(exists(kept).or(exists(sent)))
        .select(object_versions::seq)
        .load(conn)
}

/// Keeps what the payloads of these events say of objects, but for what has been replaced for too long already.
pub(super) fn hand_over(conn: &mut AnyConnection, rule: Rule, event_ids: &[String]) -> QueryResult<()> {
    let Some(before) = rule.history_before else { return mirror::hand_over(conn, event_ids) };
    let newest = object_versions::table.select(max(object_versions::seq));
    let newest: i64 = newest.first::<Option<i64>>(conn)?.unwrap_or_default();
    mirror::hand_over(conn, event_ids)?;
    let added = object_versions::table.filter(object_versions::seq.gt(newest)).select(object_versions::seq);
    let added: Vec<i64> = added.load(conn)?;
    delete(conn, Rule { before, ..rule }, &added).map(drop)
}

/// Deletes those that may go.
pub(super) fn delete(conn: &mut AnyConnection, rule: Rule, numbers: &[i64]) -> QueryResult<usize> {
    let numbers = db::take_free(conn, Table::Versions, numbers)?;
    let free = free(conn, rule, &numbers)?;
    let deleted = diesel::delete(object_versions::table.filter(object_versions::seq.eq_any(free))).execute(conn)?;
    if deleted > 0 {
        mirror::forget_before(conn, rule.before_seconds())?;
    }
    Ok(deleted)
}
