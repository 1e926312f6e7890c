//! Whether the mirror tells the truth: what contradicts it, what it lacks, and samples of it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use serde_json::{Map, Value};

use super::history::{Subject, Version, history};
use super::kind::at;
use super::read::{COLUMNS, Object};
use super::statements::OTHER;
use super::{Column, Kind, kind};
use crate::db::{AnyConnection, MultiBackend};
use crate::events::Event;
use crate::schema::{event_payloads, events};

/// Contents of an object that are looked through for the one before an event's.
const LOOKED_THROUGH: i64 = 12;

/// The fields whose value before an event, as that tells it, is not the value that the object had. Values inside arrays are
/// left out: of those Stripe tells parts only.
fn contradictions(before: &Value, previous: &Map<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    contradict(before, previous, "", &mut found);
    found
}

fn contradict(before: &Value, previous: &Map<String, Value>, path: &str, found: &mut Vec<String>) {
    for (name, value) in previous {
        let place = format!("{path}{name}");
        match (before.get(name).unwrap_or(&Value::Null), value) {
            (_, Value::Array(_)) | (Value::Array(_), _) => {}
            (inner @ Value::Object(_), Value::Object(values)) => contradict(inner, values, &format!("{place}."), found),
            // What was expanded in one of them is the same as its id in the other.
            (Value::Object(_), Value::String(_)) | (Value::String(_), Value::Object(_)) => {}
            (inner, value) if inner == value => {}
            _ => found.push(place),
        }
    }
}

/// The fields of two contents that differ, named by their place; the order of fields does not matter, and absent is null.
pub fn differences(here: &Value, there: &Value) -> Vec<String> {
    let mut found = Vec::new();
    differ(here, there, "", &mut found);
    found
}

fn differ(here: &Value, there: &Value, path: &str, found: &mut Vec<String>) {
    let (Value::Object(a), Value::Object(b)) = (here, there) else {
        if here != there {
            found.push(path.trim_end_matches('.').to_owned());
        }
        return;
    };
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    for name in names {
        let (a, b) = (a.get(name).unwrap_or(&Value::Null), b.get(name).unwrap_or(&Value::Null));
        differ(a, b, &format!("{path}{name}."), found);
    }
}

/// Events from a number on, oldest first, that were received before a time in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn events_after(conn: &mut AnyConnection, seq: i64, before: i64, limit: i64) -> QueryResult<Vec<Event>> {
    let found: Vec<Event> = events::table
        .filter(events::seq.gt(seq))
        .order(events::seq)
        .limit(limit)
        .select(Event::as_select())
        .load(conn)?;
    Ok(found.into_iter().take_while(|event| event.received_at < before).collect())
}

/// The number of the newest event; 0 without any.
///
/// # Errors
/// When the query fails.
pub fn newest_seq(conn: &mut AnyConnection) -> QueryResult<i64> {
    events::table.select(diesel::dsl::max(events::seq)).get_result::<Option<i64>>(conn).map(Option::unwrap_or_default)
}

/// The fields that an event must have found otherwise than the content before it had them: then an event between the two never
/// arrived. Empty if nothing is known from before, or if the contents are of different API versions.
///
/// # Errors
/// When a query fails.
pub fn gap_before(conn: &mut AnyConnection, event: &Event) -> QueryResult<Vec<String>> {
    let (Some(object), Some(id)) = (&event.object_type, &event.object_id) else { return Ok(Vec::new()) };
    let body: Option<String> =
        event_payloads::table.find(&event.id).select(event_payloads::body).first(conn).optional()?;
    // Most events say nothing about what was before; that is told without reading them whole.
    if !body.is_some_and(|body| body.contains("\"previous_attributes\"")) {
        return Ok(Vec::new());
    }
    let subject = Subject { object, id, livemode: event.livemode, account: event.account.as_deref() };
    Ok(unexplained(&history(conn, subject, LOOKED_THROUGH)?, &event.id).unwrap_or_default())
}

// What none of the contents explains that may have been the one before the event's: those of its second, since Stripe tells one
// change by several events (`invoice.paid` and `invoice.updated`), and the newest from before it. None if all is explained, or if
// nothing is known from before.
fn unexplained(versions: &[Version], event_id: &str) -> Option<Vec<String>> {
    let version = versions.iter().find(|version| version.event_id.as_deref() == Some(event_id))?;
    let previous = version.previous.as_ref().and_then(Value::as_object)?;
    let of_second = versions.iter().filter(|other| other.as_of == version.as_of && !std::ptr::eq(*other, version));
    let earlier = versions.iter().find(|other| other.as_of < version.as_of);
    let first = of_second.clone().find(|other| other.event_type.ends_with(".created"));
    let before = earlier.or(first)?;
    let comparable = |other: &Version| version.api_version == other.api_version && !other.is_deletion();
    let mut candidates = of_second.chain(earlier).filter(|other| comparable(other));
    let is_explained = candidates.any(|other| contradictions(&other.object, previous).is_empty());
    (!is_explained && comparable(before)).then(|| contradictions(&before.object, previous))
}

/// Whether a list of a type's declaration goes on at Stripe.
pub fn has_more(kind: &Kind, object: &Value) -> bool {
    kind.nested.iter().any(|nested| at(object, nested.list).is_some_and(|list| list["has_more"] == true))
}

/// An object of a type, not deleted, that was made at a time in unix seconds or, if none was, at the next later one.
///
/// # Errors
/// When the query fails.
pub fn sample(conn: &mut AnyConnection, kind: &Kind, created: i64) -> QueryResult<Option<Object>> {
    let sql = format!(
        "SELECT id, '{}' AS object, {COLUMNS} FROM {} WHERE created >= $1 AND deleted_at IS NULL \
         ORDER BY created, id LIMIT 1",
        kind.object, kind.table
    );
    diesel::sql_query(sql).bind::<BigInt, _>(created).get_result(conn).optional()
}

/// The times between which a type's objects were made, in unix seconds; none without objects.
///
/// # Errors
/// When the query fails.
pub fn made_between(conn: &mut AnyConnection, kind: &Kind) -> QueryResult<Option<(i64, i64)>> {
    #[derive(QueryableByName)]
    struct Made {
        #[diesel(sql_type = diesel::sql_types::Nullable<BigInt>)]
        first: Option<i64>,
        #[diesel(sql_type = diesel::sql_types::Nullable<BigInt>)]
        last: Option<i64>,
    }
    let table = kind.table;
    // Each from its end of the index.
    let sql = format!("SELECT (SELECT min(created) FROM {table}) AS first, (SELECT max(created) FROM {table}) AS last");
    let made: Made = diesel::sql_query(sql).get_result(conn)?;
    Ok(made.first.zip(made.last))
}

/// Until when, in unix seconds, about `count` objects of a type were made from a time on; none if no more were made.
///
/// # Errors
/// When the query fails.
pub fn made_until(conn: &mut AnyConnection, kind: &Kind, from: i64, count: i64) -> QueryResult<Option<i64>> {
    #[derive(QueryableByName)]
    struct Made {
        #[diesel(sql_type = BigInt)]
        created: i64,
    }
    let sql =
        format!("SELECT created FROM {} WHERE created >= $1 ORDER BY created, id LIMIT 1 OFFSET {count}", kind.table);
    let made: Option<Made> = diesel::sql_query(sql).bind::<BigInt, _>(from).get_result(conn).optional()?;
    // More than that of one second are taken together.
    Ok(made.map(|made| made.created.max(from.saturating_add(1))))
}

/// An object that another one refers to and that is not here.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Missing {
    /// Its id.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// The account of the one that refers to it; empty if that is not known.
    #[diesel(sql_type = Text)]
    pub account: String,
    /// Live or test mode.
    #[diesel(sql_type = Bool)]
    pub livemode: bool,
}

/// What a column of a type refers to and is not here, among the objects that were made from one time until before another, in
/// unix seconds.
///
/// # Errors
/// When the query fails.
pub fn missing(
    conn: &mut AnyConnection,
    of: &Kind,
    column: &Column,
    made: (i64, i64),
    limit: i64,
) -> QueryResult<Vec<Missing>> {
    let Some(wanted) = column.refers_to.and_then(kind) else { return Ok(Vec::new()) };
    let (table, name, target) = (of.table, column.name, wanted.table);
    let sql = format!(
        "SELECT DISTINCT {name} AS id, COALESCE(account, '') AS account, livemode FROM {table} AS of \
         WHERE created >= $1 AND created < $2 AND {name} IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM {target} AS there WHERE there.id = of.{name} AND there.livemode = of.livemode) \
         LIMIT {limit}"
    );
    let query = diesel::sql_query(sql).into_boxed::<MultiBackend>();
    query.bind::<BigInt, _>(made.0).bind::<BigInt, _>(made.1).load(conn)
}

/// Marks an object as deleted that Stripe no longer has, unless the mirror has newer content; `as_of` in unix seconds.
/// Whether it did.
///
/// # Errors
/// When the query fails.
pub fn mark_gone(conn: &mut AnyConnection, subject: Subject<'_>, as_of: i64) -> QueryResult<bool> {
    let kind = kind(subject.object);
    let (table, of_type) = kind.map_or((OTHER, "object = $3"), |kind| (kind.table, "$3 <> ''"));
    // Another account may have one with the same id.
    let of_account = if kind.is_none_or(Kind::is_keyed_by_account) { "account = $6" } else { "$6 = $6" };
    let sql = format!(
        "UPDATE {table} SET deleted_at = $1, as_of = $2 WHERE {of_type} AND id = $4 AND livemode = $5 \
         AND {of_account} AND as_of <= $2 AND deleted_at IS NULL"
    );
    let changed = diesel::sql_query(sql)
        .bind::<BigInt, _>(as_of.saturating_mul(1000))
        .bind::<BigInt, _>(as_of)
        .bind::<Text, _>(subject.object)
        .bind::<Text, _>(subject.id)
        .bind::<Bool, _>(subject.livemode)
        .bind::<Text, _>(subject.account.unwrap_or_default())
        .execute(conn)?;
    Ok(changed > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_event_found_otherwise_is_named() {
        let before = json!({
            "status": "open", "total": 5, "customer": {"id": "cus_1"}, "card": {"brand": "x", "last4": "1"},
            "items": {"data": [{"id": 1}]}, "tags": [1],
        });
        for (previous, named) in [
            (json!({"status": "open", "total": 5}), vec![]),
            (json!({"status": "draft"}), vec!["status"]),
            (json!({"absent": null}), vec![]),
            (json!({"absent": 1}), vec!["absent"]),
            (json!({"card": {"last4": "2", "brand": "x"}}), vec!["card.last4"]),
            (json!({"customer": "cus_2"}), vec![]),
            (json!({"items": {"data": [{"id": 2}]}, "tags": [2]}), vec![]),
            (json!({"card": null}), vec!["card"]),
        ] {
            assert_eq!(contradictions(&before, previous.as_object().unwrap()), named, "{previous}");
        }
    }

    #[test]
    fn differences_are_named_by_their_place() {
        let here = json!({"id": "x", "a": {"b": 1, "c": [1]}, "n": null});
        assert!(differences(&here, &json!({"id": "x", "a": {"b": 1, "c": [1]}})).is_empty());
        assert_eq!(differences(&here, &json!({"id": "x", "a": {"b": 2, "c": []}, "d": 1})), ["a.b", "a.c", "d"]);
        assert_eq!(differences(&here, &json!({"id": "x", "a": 5, "n": {"m": 1}})), ["a", "n"]);
    }
}
