//! Applying one object's content to the mirror, unless the mirror has newer.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
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
    /// There is nothing to keep: no object type, or a preview of what does not exist yet.
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
        // A type without ids of its own, such as `balance`, has one object for each account: the type names it.
        (_, id) => {
            let mut row = common(change, id.unwrap_or(object_type));
            row.insert("object".to_owned(), json!(storable(object_type)));
            row.insert("account".to_owned(), json!(change.account.unwrap_or_default()));
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
    row.insert("account".to_owned(), json!(change.account));
    row.insert("livemode".to_owned(), json!(change.livemode));
    row.insert("created".to_owned(), json!(created));
    row.insert("deleted_at".to_owned(), json!(is_deleted(change).then_some(change.as_of * 1000)));
    row.insert("as_of".to_owned(), json!(change.as_of));
    row.insert("event_id".to_owned(), json!(change.event_id));
    row.insert("api_version".to_owned(), json!(change.api_version));
    row.insert("data".to_owned(), json!(change.object.to_string()));
    row
}

// A subscription that ends is "deleted" by its event's name, yet stays an object of Stripe's with status `canceled`.
fn is_deleted(change: &Change<'_>) -> bool {
    let flagged = change.object.get("deleted").and_then(Value::as_bool).unwrap_or(false);
    flagged || (change.event_type.ends_with(".deleted") && change.event_type != "customer.subscription.deleted")
}

fn apply_nested(conn: &mut AnyConnection, change: &Change<'_>, parent: &str, nested: &Nested) -> QueryResult<()> {
    let Some(kind) = kind(nested.object) else { return Ok(()) };
    let Some(list) = change.object.pointer(nested.list) else { return Ok(()) };
    let entries = list.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut kept = Vec::new();
    for entry in entries {
        let Some(id) = entry.get("id").and_then(Value::as_str) else { continue };
        let entry_change = Change { object: entry, event_type: "", ..*change };
        let mut row = row(&entry_change, kind, id);
        row.insert(nested.parent.to_owned(), json!(parent));
        store(conn, &entry_change, kind.table, row)?;
        kept.push(id);
    }
    let complete = !list.get("has_more").and_then(Value::as_bool).unwrap_or(false);
    if complete { remove_others(conn, change, parent, nested, kind, &kept) } else { Ok(()) }
}

// Entries that the list no longer has are gone at Stripe.
fn remove_others(
    conn: &mut AnyConnection,
    change: &Change<'_>,
    parent: &str,
    nested: &Nested,
    kind: &Kind,
    kept: &[&str],
) -> QueryResult<()> {
    let present = select_ids(conn, kind, nested.parent, parent)?;
    for gone in present.iter().filter(|id| !kept.contains(&id.as_str())) {
        diesel::sql_query(format!(
            "UPDATE {} SET deleted_at = $1, as_of = $2 WHERE id = $3 AND as_of <= $2",
            kind.table
        ))
        .bind::<BigInt, _>(change.as_of * 1000)
        .bind::<BigInt, _>(change.as_of)
        .bind::<Text, _>(gone)
        .execute(conn)?;
    }
    Ok(())
}

fn select_ids(conn: &mut AnyConnection, kind: &Kind, parent_column: &str, parent: &str) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = Text)]
        id: String,
    }
    let rows: Vec<Id> =
        diesel::sql_query(format!("SELECT id FROM {} WHERE {parent_column} = $1 AND deleted_at IS NULL", kind.table))
            .bind::<Text, _>(parent)
            .load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
