//! Applying one object's content to the mirror, unless the mirror has newer.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use serde_json::{Map, Value, json};

use super::kind::storable;
use super::statements::{OTHER, Tie, upsert_into};
use super::{Kind, Nested, kind};
use crate::db::{self, AnyConnection};

/// An object's content and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The object as Stripe renders it.
    pub object: &'a Value,
    /// The event that carried it; none if it was fetched.
    pub event_id: Option<&'a str>,
    /// The event's type; empty if it was fetched.
    pub event_type: &'a str,
    /// As of when the content is true, in unix seconds: the event's `created`, or when it was fetched.
    pub as_of: i64,
    /// The account it belongs to.
    pub account: Option<&'a str>,
    /// Live or test mode.
    pub livemode: bool,
    /// The API version it is rendered in.
    pub api_version: Option<&'a str>,
}

/// What applying a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The mirror has the content now.
    Stored,
    /// The mirror has newer content, and keeps it.
    Superseded,
    /// There is nothing to keep: no object type, or a preview, which has no id or is of what does not exist yet.
    Nothing,
}

/// Applies a change in the caller's transaction.
///
/// # Errors
/// When a query fails.
pub fn apply(conn: &mut AnyConnection, change: &Change<'_>) -> QueryResult<Applied> {
    let Some(object_type) = change.object.get("object").and_then(Value::as_str) else {
        return Ok(Applied::Nothing);
    };
    // A preview of the next invoice: https://docs.stripe.com/api/events/types#event_types-invoice.upcoming
    if change.event_type == "invoice.upcoming" {
        return Ok(Applied::Nothing);
    }
    match (kind(object_type), change.object.get("id").and_then(Value::as_str)) {
        (Some(kind), Some(id)) => {
            let applied = store(conn, change, kind.table, row(change, kind, id))?;
            if applied == Applied::Stored {
                for nested in kind.nested {
                    apply_nested(conn, change, id, nested)?;
                }
            }
            Ok(applied)
        }
        // Only a preview lacks the id that its type has otherwise, as the next invoice did before 2025.
        (Some(_), None) => Ok(Applied::Nothing),
        // A type without ids of its own, such as `balance`, has one object for each account: the type names it.
        (None, id) => {
            let mut row = common(change, id.unwrap_or(object_type));
            row.insert("object".to_owned(), json!(storable(object_type)));
            row.insert("account".to_owned(), json!(storable(change.account.unwrap_or_default())));
            store(conn, change, OTHER, row)
        }
    }
}

fn store(
    conn: &mut AnyConnection,
    change: &Change<'_>,
    table: &'static str,
    row: Map<String, Value>,
) -> QueryResult<Applied> {
    let tie = if change.event_type.ends_with(".created") { Tie::Loses } else { Tie::Wins };
    let Some(statement) = upsert_into(table, tie) else {
        return Err(diesel::result::Error::NotFound);
    };
    let stored = db::upsert_mirror(conn, statement, &Value::Array(vec![Value::Object(row)]).to_string())?;
    Ok(if stored.is_empty() { Applied::Superseded } else { Applied::Stored })
}

fn row(change: &Change<'_>, kind: &Kind, id: &str) -> Map<String, Value> {
    let mut row = common(change, id);
    for column in kind.columns {
        row.insert(column.name.to_owned(), column.read(change.object));
    }
    row
}

fn common(change: &Change<'_>, id: &str) -> Map<String, Value> {
    let created = change.object.get("created").and_then(Value::as_i64).unwrap_or(change.as_of);
    let mut row = Map::new();
    row.insert("id".to_owned(), json!(storable(id)));
    row.insert("account".to_owned(), json!(change.account.map(storable)));
    row.insert("livemode".to_owned(), json!(change.livemode));
    row.insert("created".to_owned(), json!(created));
    row.insert("deleted_at".to_owned(), json!(is_deleted(change).then_some(change.as_of.saturating_mul(1000))));
    row.insert("as_of".to_owned(), json!(change.as_of));
    row.insert("event_id".to_owned(), json!(change.event_id.map(storable)));
    row.insert("api_version".to_owned(), json!(change.api_version.map(storable)));
    row.insert("data".to_owned(), json!(change.object.to_string()));
    row
}

// A subscription that ends is "deleted" by its event's name, yet stays an object of Stripe's with status `canceled`.
fn is_deleted(change: &Change<'_>) -> bool {
    let flagged = change.object.get("deleted").and_then(Value::as_bool).unwrap_or(false);
    flagged || (change.event_type.ends_with(".deleted") && change.event_type != "customer.subscription.deleted")
}

// The entries of a list inside an object, as they are now.
struct Entries<'a> {
    nested: &'a Nested,
    kind: &'a Kind,
    parent: String,
    kept: Vec<String>,
}

fn apply_nested(conn: &mut AnyConnection, change: &Change<'_>, parent: &str, nested: &Nested) -> QueryResult<()> {
    let Some(kind) = kind(nested.object) else { return Ok(()) };
    let Some(list) = change.object.pointer(nested.list) else { return Ok(()) };
    let Some(data) = list.get("data").and_then(Value::as_array) else { return Ok(()) };
    let mut entries = Entries { nested, kind, parent: storable(parent), kept: Vec::new() };
    for entry in data {
        let Some(id) = entry.get("id").and_then(Value::as_str) else { continue };
        let entry_change = Change { object: entry, event_type: "", ..*change };
        let mut row = row(&entry_change, kind, id);
        row.insert(nested.parent.to_owned(), json!(entries.parent));
        store(conn, &entry_change, kind.table, row)?;
        entries.kept.push(storable(id));
    }
    let complete = !list.get("has_more").and_then(Value::as_bool).unwrap_or(false);
    if complete { remove_others(conn, change, &entries) } else { Ok(()) }
}

// Entries that the list no longer has are gone at Stripe.
fn remove_others(conn: &mut AnyConnection, change: &Change<'_>, entries: &Entries<'_>) -> QueryResult<()> {
    let present = select_ids(conn, change.livemode, entries)?;
    for gone in present.iter().filter(|id| !entries.kept.contains(id)) {
        diesel::sql_query(format!(
            "UPDATE {} SET deleted_at = $1, as_of = $2 WHERE id = $3 AND livemode = $4 AND as_of <= $2",
            entries.kind.table
        ))
        .bind::<BigInt, _>(change.as_of.saturating_mul(1000))
        .bind::<BigInt, _>(change.as_of)
        .bind::<Text, _>(gone)
        .bind::<Bool, _>(change.livemode)
        .execute(conn)?;
    }
    Ok(())
}

fn select_ids(conn: &mut AnyConnection, livemode: bool, entries: &Entries<'_>) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = Text)]
        id: String,
    }
    let rows: Vec<Id> = diesel::sql_query(format!(
        "SELECT id FROM {} WHERE {} = $1 AND livemode = $2 AND deleted_at IS NULL",
        entries.kind.table, entries.nested.parent
    ))
    .bind::<Text, _>(&entries.parent)
    .bind::<Bool, _>(livemode)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
