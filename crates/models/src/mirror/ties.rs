//! Which of two contents of one object is the newer, when both are of the same second.
//!
//! Stripe's `created` counts whole seconds, and events arrive in any order. What an update changed
//! (`previous_attributes`) tells more: if the values from before it are those of the other content, it came after that.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use serde_json::{Map, Value};

use super::Kind;
use super::apply::{Row, is_deleted};
use super::kind::storable;
use crate::db::{AnyConnection, MultiBackend};
use crate::events::Tie;
use crate::schema::event_payloads;

/// One of the two contents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version<'a> {
    /// The object.
    pub(super) object: &'a Value,
    /// The type of the event that carried it; empty if it was fetched, or is no longer known.
    pub(super) event_type: &'a str,
    /// What the event changed, as it was before.
    pub(super) previous: Option<&'a Map<String, Value>>,
    /// Whether it says that the object is deleted.
    pub(super) deleted: bool,
    /// Whether it was fetched from Stripe instead of sent.
    pub(super) fetched: bool,
}

impl Version<'_> {
    fn creates(&self) -> bool {
        self.event_type.ends_with(".created")
    }

    // Whether the content before this event was that of the other one.
    fn follows(&self, other: &Version<'_>) -> bool {
        self.previous.is_some_and(|previous| !previous.is_empty() && holds(other.object, previous))
    }
}

/// What became of a row that is not newer than the one that is stored: whether it replaces that one all the same, and what
/// settled it. None if the stored one is newer.
pub(super) type Settled = Option<(bool, Option<Tie>)>;

/// Settles rows of one table that the mirror has content for which is as new or newer; in the order given.
///
/// # Errors
/// When a query fails.
pub(super) fn settle_all(
    conn: &mut AnyConnection,
    table: &str,
    kind: Option<&Kind>,
    rows: &[Row<'_>],
) -> QueryResult<Vec<Settled>> {
    let stored = stored_rows(conn, table, kind, rows)?;
    let events: Vec<&str> = stored.values().filter_map(|row| row.event_id.as_deref()).collect();
    let mut events: HashMap<String, Value> = event_payloads::table
        .filter(event_payloads::event_id.eq_any(events))
        .select((event_payloads::event_id, event_payloads::body))
        .load::<(String, String)>(conn)?
        .into_iter()
        .filter_map(|(id, body)| Some((id, serde_json::from_str(&body).ok()?)))
        .collect();
    Ok(rows.iter().map(|row| settle_one(row, stored.get(&Key::of(row, kind)), &mut events, kind)).collect())
}

fn settle_one(
    row: &Row<'_>,
    stored: Option<&Stored>,
    events: &mut HashMap<String, Value>,
    kind: Option<&Kind>,
) -> Settled {
    let stored = stored.filter(|stored| stored.as_of <= row.change.as_of)?;
    let event = stored.event_id.as_deref().and_then(|id| events.remove(id)).unwrap_or_default();
    let object = serde_json::from_str(&stored.data).unwrap_or_default();
    let thin = event["object"] == "v2.core.event";
    // What came as an entry of another object: that one's event does not tell what became of this one.
    let as_entry = event.pointer("/data/object/id").and_then(Value::as_str).is_some_and(|id| storable(id) != row.id);
    let there = Version {
        object: &object,
        event_type: event["type"].as_str().filter(|_| !thin && !as_entry).unwrap_or_default(),
        previous: event.pointer("/data/previous_attributes").and_then(Value::as_object).filter(|_| !as_entry),
        deleted: stored.deleted_at.is_some(),
        fetched: thin || stored.event_id.is_none(),
    };
    let coming = Version {
        object: row.change.object,
        event_type: row.change.event_type,
        previous: row.change.previous,
        deleted: is_deleted(row.change),
        fetched: row.change.fetched,
    };
    let (wins, tie) = settle(coming, there, kind);
    // The same content twice is no question.
    let asked = there.object != coming.object || there.deleted != coming.deleted;
    Some((wins, asked.then_some(tie)))
}

/// What tells the rows of a mirror table apart; the account only where the table's key has it.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    id: String,
    livemode: bool,
    object: String,
    account: String,
}

impl Key {
    fn of(row: &Row<'_>, kind: Option<&Kind>) -> Self {
        let account = row.change.account.filter(|_| kind.is_none_or(Kind::is_keyed_by_account));
        Self {
            id: row.id.clone(),
            livemode: row.change.livemode,
            object: if kind.is_none() { storable(row.object_type) } else { String::new() },
            account: storable(account.unwrap_or_default()),
        }
    }
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Bool)]
    livemode: bool,
    #[diesel(sql_type = Text)]
    object: String,
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = BigInt)]
    as_of: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    deleted_at: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    event_id: Option<String>,
    #[diesel(sql_type = Text)]
    data: String,
}

fn stored_rows(
    conn: &mut AnyConnection,
    table: &str,
    kind: Option<&Kind>,
    rows: &[Row<'_>],
) -> QueryResult<HashMap<Key, Stored>> {
    let own = match kind {
        None => "object, account",
        Some(kind) if kind.is_keyed_by_account() => "'' AS object, account",
        Some(_) => "'' AS object, '' AS account",
    };
    let places: Vec<String> = (1..=rows.len()).map(|number| format!("${number}")).collect();
    let sql = format!(
        "SELECT id, livemode, {own}, as_of, deleted_at, event_id, data FROM {table} WHERE id IN ({})",
        places.join(", ")
    );
    let mut query = diesel::sql_query(sql).into_boxed::<MultiBackend>();
    for row in rows {
        query = query.bind::<Text, _>(&row.id);
    }
    let found: Vec<Stored> = query.load(conn)?;
    let key = |row: &Stored| Key {
        id: row.id.clone(),
        livemode: row.livemode,
        object: row.object.clone(),
        account: row.account.clone(),
    };
    Ok(found.into_iter().map(|row| (key(&row), row)).collect())
}

/// Whether the content that comes replaces the one that is stored, and what settled that.
pub(super) fn settle(coming: Version<'_>, stored: Version<'_>, kind: Option<&Kind>) -> (bool, Tie) {
    if coming.deleted != stored.deleted {
        return (coming.deleted, Tie::Deletion);
    }
    if coming.creates() != stored.creates() && (coming.creates() || !stored.fetched) {
        return (!coming.creates(), Tie::Creation);
    }
    match (coming.follows(&stored), stored.follows(&coming)) {
        (true, false) => return (true, Tie::PreviousAttributes),
        (false, true) => return (false, Tie::PreviousAttributes),
        // An event of the second in which the content was fetched is part of that content, unless it changed it.
        (false, false) if stored.fetched => return (false, Tie::PreviousAttributes),
        _ => {}
    }
    let rank = |version: &Version<'_>| kind.and_then(|kind| kind.rank(version.object));
    match (rank(&coming), rank(&stored)) {
        (Some(coming), Some(stored)) if coming != stored => (coming > stored, Tie::Lifecycle),
        _ => (true, Tie::Arrival),
    }
}

/// Whether an object has all of these values; a field that is absent is null.
fn holds(object: &Value, values: &Map<String, Value>) -> bool {
    values.iter().all(|(name, value)| match (object.get(name).unwrap_or(&Value::Null), value) {
        // Of an object inside, Stripe names only the fields that changed.
        (inner @ Value::Object(_), Value::Object(values)) => holds(inner, values),
        (inner, value) => inner == value,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kind;
    use super::*;

    const UPDATED: &str = "invoice.updated";

    fn version<'a>(event_type: &'a str, object: &'a Value, previous: Option<&'a Value>) -> Version<'a> {
        Version {
            object,
            event_type,
            previous: previous.and_then(Value::as_object),
            deleted: event_type.ends_with(".deleted"),
            fetched: event_type.is_empty(),
        }
    }

    #[test]
    fn what_came_after_is_told_by_what_was_before() {
        let (open, paid) = (json!({"status": "open", "n": 1}), json!({"status": "paid", "n": 1}));
        let (noted, was_open) = (json!({"status": "paid", "n": 2}), json!({"status": "open"}));
        let (was_one, was_absent) = (json!({"n": 1}), json!({"gone": null}));
        let was_paid = json!({"status": "paid"});
        let (inside, was_inside) = (json!({"card": {"brand": "x", "last4": "1"}}), json!({"card": {"last4": "1"}}));
        let (turned, empty) = (json!({"card": {"brand": "x", "last4": "2"}}), json!({}));
        use Tie::{Arrival, Creation, Deletion, Lifecycle, PreviousAttributes};
        let cases: [(Version<'_>, Version<'_>, bool, Tie); 15] = [
            // Coming, stored.
            (version(UPDATED, &paid, Some(&was_open)), version(UPDATED, &open, None), true, PreviousAttributes),
            (version(UPDATED, &open, None), version(UPDATED, &paid, Some(&was_open)), false, PreviousAttributes),
            (
                version(UPDATED, &noted, Some(&was_one)),
                version(UPDATED, &paid, Some(&was_open)),
                true,
                PreviousAttributes,
            ),
            (
                version(UPDATED, &paid, Some(&was_open)),
                version(UPDATED, &noted, Some(&was_one)),
                false,
                PreviousAttributes,
            ),
            (
                version("x.updated", &turned, Some(&was_inside)),
                version("x.updated", &inside, None),
                true,
                PreviousAttributes,
            ),
            (version(UPDATED, &paid, Some(&was_absent)), version(UPDATED, &open, None), true, PreviousAttributes),
            // Paid and open in turns: both could be the later one, so the further one stays.
            (version(UPDATED, &open, Some(&was_paid)), version(UPDATED, &paid, Some(&was_open)), false, Lifecycle),
            (version(UPDATED, &paid, Some(&empty)), version(UPDATED, &open, None), true, Lifecycle),
            (version(UPDATED, &open, None), version("invoice.paid", &paid, None), false, Lifecycle),
            (version(UPDATED, &noted, None), version(UPDATED, &paid, None), true, Arrival),
            (version("invoice.created", &open, None), version(UPDATED, &paid, None), false, Creation),
            (version("invoice.paid", &paid, None), version("invoice.created", &open, None), true, Creation),
            (version("invoice.deleted", &open, None), version(UPDATED, &paid, None), true, Deletion),
            (version(UPDATED, &open, None), version("", &paid, None), false, PreviousAttributes),
            (version(UPDATED, &paid, Some(&was_open)), version("", &open, None), true, PreviousAttributes),
        ];
        for (number, (coming, stored, wins, tie)) in cases.into_iter().enumerate() {
            assert_eq!(settle(coming, stored, kind("invoice")), (wins, tie), "case {number}");
        }
    }
}
