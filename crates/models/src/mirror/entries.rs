//! Entries of lists inside objects, such as the lines of an invoice: each is stored in the table of its own type.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::{Value, json};

use super::apply::{Change, Row, cells, created, is_id, store, upsert};
use super::kind::{at, storable};
use super::statements::{COMMON, CREATED, Guard, removal_from};
use super::{Kind, Nested, kind};
use crate::db::{self, AnyConnection, Cell};

/// A list inside an object, as it is now.
struct List {
    parent: String,
    account: String,
    as_of: i64,
    livemode: bool,
    kept: Vec<String>,
    complete: bool,
}

/// An entry, and the object it is in.
struct Entry<'a> {
    change: Change<'a>,
    parent: &'a Row<'a>,
}

/// Stores the entries of objects that were stored. A list that goes on elsewhere is stored as far as it goes.
///
/// # Errors
/// When a query fails.
pub(super) fn apply_nested(conn: &mut AnyConnection, parents: &[(&'static Kind, Row<'_>)]) -> QueryResult<()> {
    // By name, so that all processes lock the tables' rows in one order.
    let mut lists: BTreeMap<(&'static str, &'static str), (&'static Nested, Vec<&Row<'_>>)> = BTreeMap::new();
    for (parent_kind, row) in parents {
        for nested in parent_kind.nested {
            let place = (nested.object, parent_kind.object);
            lists.entry(place).or_insert_with(|| (nested, Vec::new())).1.push(row);
        }
    }
    for (nested, parents) in lists.into_values() {
        if let Some(kind) = kind(nested.object) {
            store_entries(conn, kind, nested, &parents)?;
        }
    }
    Ok(())
}

fn store_entries(
    conn: &mut AnyConnection,
    kind: &'static Kind,
    nested: &'static Nested,
    parents: &[&Row<'_>],
) -> QueryResult<()> {
    let (mut lists, mut entries) = (Vec::new(), BTreeMap::new());
    for parent in parents {
        lists.extend(read_list(parent, kind, nested, &mut entries));
    }
    let rows: Vec<Row<'_>> = entries.iter().map(|(id, entry)| entry_row(id, entry, kind, nested)).collect();
    if !nested.owned {
        return if rows.is_empty() { Ok(()) } else { store(conn, kind.table, Some(kind), rows).map(drop) };
    }
    if !rows.is_empty() {
        // The parent was settled before: its entries are as old as it is.
        upsert(conn, kind.table, Guard::NotOlder, &rows)?;
    }
    lists.retain(|list| list.complete);
    if lists.is_empty() { Ok(()) } else { remove_others(conn, kind, nested, &lists) }
}

// None if there is no list.
fn read_list<'a>(
    parent: &'a Row<'a>,
    kind: &Kind,
    nested: &Nested,
    entries: &mut BTreeMap<String, Entry<'a>>,
) -> Option<List> {
    let change = parent.change;
    let list = at(change.object, nested.list)?;
    let data = list.get("data").and_then(Value::as_array)?;
    let mut kept = Vec::new();
    for object in data.iter().filter(|object| is_of_type(object, nested.object)) {
        let Some(id) = kind.id_in(object).filter(|id| is_id(id)) else { continue };
        kept.push(storable(id));
        let change = Change { object, previous: None, event_type: "", ..*change };
        entries.insert(storable(id), Entry { change, parent });
    }
    Some(List {
        parent: parent.id.clone(),
        account: change.account.unwrap_or_default().to_owned(),
        as_of: change.as_of,
        livemode: change.livemode,
        kept,
        complete: !list.get("has_more").and_then(Value::as_bool).unwrap_or(false),
    })
}

// An entry that does not say what it is, is what the list is of.
fn is_of_type(object: &Value, wanted: &str) -> bool {
    object.get("object").is_none_or(|found| found == wanted)
}

fn entry_row<'a>(id: &str, entry: &'a Entry<'a>, kind: &'static Kind, nested: &Nested) -> Row<'a> {
    let (change, parent) = (&entry.change, entry.parent);
    let mut cells = cells(change, Some(kind), nested.object, id);
    let own = kind.columns.iter().position(|column| column.name == nested.parent);
    if let Some(cell) = own.and_then(|place| cells.get_mut(COMMON.len() + place)) {
        *cell = Cell::Text(Some(parent.id.clone()));
    }
    // An entry that does not say when it was made keeps its place in lists by its parent's time.
    if created(change.object).is_none()
        && let Some(cell) = cells.get_mut(CREATED)
    {
        *cell = Cell::BigInt(created(parent.change.object).or(Some(change.as_of)));
    }
    Row { change, id: id.to_owned(), object_type: kind.object, cells, index: 0 }
}

// Entries that a list no longer has are gone at Stripe.
fn remove_others(conn: &mut AnyConnection, kind: &Kind, nested: &Nested, lists: &[List]) -> QueryResult<()> {
    let Some(statement) = removal_from(kind.table, nested.parent) else { return Ok(()) };
    let lists = lists.iter().map(|list| {
        json!({
            "parent": list.parent, "account": list.account, "as_of": list.as_of, "livemode": list.livemode,
            "kept": list.kept,
        })
    });
    db::run_on_json(conn, statement, &Value::Array(lists.collect()).to_string()).map(drop)
}
