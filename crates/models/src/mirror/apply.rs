//! Applying objects' content to the mirror, unless the mirror has newer: many at once, by few statements.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::{Map, Value};

use super::entries::apply_nested;
use super::kind::storable;
use super::statements::{Guard, OTHER, upsert_into};
use super::ties;
use super::{Kind, SqlType, history, kind};
use crate::db::{self, AnyConnection, Cell};
use crate::events::Tie;

/// An object's content and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The object as Stripe renders it.
    pub object: &'a Value,
    /// What the event changed in it, as it was before.
    pub previous: Option<&'a Map<String, Value>>,
    /// The event that carried it; none if it was fetched.
    pub event_id: Option<&'a str>,
    /// The event's type; empty without an event.
    pub event_type: &'a str,
    /// Whether the content was fetched from Stripe, not sent.
    pub fetched: bool,
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

/// What applying a change did, and what settled it if the mirror had content of the same second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it did.
    pub applied: Applied,
    /// What settled a tie.
    pub tie: Option<Tie>,
}

impl Outcome {
    const NOTHING: Self = Self { applied: Applied::Nothing, tie: None };
    const STORED: Self = Self { applied: Applied::Stored, tie: None };
    const SUPERSEDED: Self = Self { applied: Applied::Superseded, tie: None };
}

/// A row to be, and the change it comes from.
pub(super) struct Row<'a> {
    pub(super) change: &'a Change<'a>,
    pub(super) id: String,
    pub(super) object_type: &'a str,
    pub(super) cells: Vec<Cell>,
    // Where its outcome goes.
    pub(super) index: usize,
}

/// Whether it can be one of Stripe's ids: these have up to 255 characters, and keys of tables no room for much longer ones.
pub(super) fn is_id(id: &str) -> bool {
    id.len() <= 255
}

impl<'a> Change<'a> {
    /// The object that the change is about: its type and its id, which is the type itself for a type without ids. None if
    /// there is nothing to keep.
    pub fn place(&self) -> Option<(&'a str, &'a str)> {
        let object_type = self.object.get("object").and_then(Value::as_str)?;
        // A preview of the next invoice: https://docs.stripe.com/api/events/types#event_types-invoice.upcoming
        if self.event_type == "invoice.upcoming" {
            return None;
        }
        let id = match kind(object_type) {
            // Only a preview lacks the id that its type has otherwise, as the next invoice did before 2025.
            Some(kind) => kind.id_in(self.object)?,
            // A type without ids of its own, such as `balance`, has one object for each account: the type names it.
            None => self.object.get("id").and_then(Value::as_str).unwrap_or(object_type),
        };
        (is_id(id) && is_id(object_type)).then_some((object_type, id))
    }
}

/// Applies a change in the caller's transaction.
///
/// # Errors
/// When a query fails.
pub fn apply(conn: &mut AnyConnection, change: &Change<'_>) -> QueryResult<Outcome> {
    let outcomes = apply_all(conn, std::slice::from_ref(change))?;
    outcomes.first().copied().ok_or(diesel::result::Error::NotFound)
}

/// Applies fetched contents in the caller's transaction, each about another object, but for those that the mirror has exactly
/// as they are: nothing is written for them. How many were stored.
///
/// # Errors
/// When a query fails; then the caller's transaction must be rolled back.
pub fn apply_fetched(conn: &mut AnyConnection, changes: &[Change<'_>]) -> QueryResult<usize> {
    db::prefer_indexes(conn)?;
    let known = super::read::contents(conn, changes)?;
    let differs = |change: &&Change<'_>| {
        let here = super::read::place_of(change).and_then(|place| known.get(&place));
        here.is_none_or(|data| serde_json::from_str::<Value>(data).ok().as_ref() != Some(change.object))
    };
    let differing: Vec<Change<'_>> = changes.iter().filter(differs).copied().collect();
    let outcomes = apply_all(conn, &differing)?;
    Ok(outcomes.iter().filter(|outcome| outcome.applied == Applied::Stored).count())
}

/// Applies changes in the caller's transaction, each about another object: no two may have the same [`Change::place`].
/// A table is written by one statement, however many rows it gets. The outcomes are in the order of the changes.
///
/// # Errors
/// When a query fails; then the caller's transaction must be rolled back.
pub fn apply_all(conn: &mut AnyConnection, changes: &[Change<'_>]) -> QueryResult<Vec<Outcome>> {
    let mut outcomes = vec![Outcome::NOTHING; changes.len()];
    // By name, so that all processes lock the tables' rows in one order.
    let mut tables: BTreeMap<&'static str, (Option<&'static Kind>, Vec<Row<'_>>)> = BTreeMap::new();
    for (index, change) in changes.iter().enumerate() {
        if let Some((object_type, id)) = change.place() {
            let kind = kind(object_type);
            let cells = cells(change, kind, object_type, id);
            let row = Row { change, id: storable(id), object_type, cells, index };
            tables.entry(kind.map_or(OTHER, |kind| kind.table)).or_insert_with(|| (kind, Vec::new())).1.push(row);
        }
    }
    let mut stored = Vec::new();
    for (table, (kind, rows)) in tables {
        for (row, outcome) in store(conn, table, kind, rows)? {
            outcomes[row.index] = outcome;
            if let Some(kind) = kind.filter(|kind| outcome.applied == Applied::Stored && !kind.nested.is_empty()) {
                stored.push((kind, row));
            }
        }
    }
    apply_nested(conn, &stored)?;
    keep_fetched(conn, changes, &outcomes)?;
    Ok(outcomes)
}

// What no event carries would be forgotten with the next content.
fn keep_fetched(conn: &mut AnyConnection, changes: &[Change<'_>], outcomes: &[Outcome]) -> QueryResult<()> {
    let now = changes.iter().map(|change| change.as_of).max().unwrap_or_default().saturating_mul(1000);
    let stored =
        changes.iter().zip(outcomes).filter(|(change, outcome)| change.fetched && outcome.applied == Applied::Stored);
    let contents: Vec<history::Content<'_>> = stored
        .filter_map(|(change, _)| {
            let (object, id) = change.place()?;
            Some(history::Content {
                subject: history::Subject { object, id, livemode: change.livemode, account: change.account },
                account: change.account,
                as_of: change.as_of,
                event_id: change.event_id,
                event_type: change.event_type,
                api_version: change.api_version,
                object: change.object,
                previous: None,
                stored_at: now,
            })
        })
        .collect();
    history::keep(conn, &contents)
}

/// Stores rows of one table, each about another object.
pub(super) fn store<'a>(
    conn: &mut AnyConnection,
    table: &'static str,
    kind: Option<&'static Kind>,
    mut rows: Vec<Row<'a>>,
) -> QueryResult<Vec<(Row<'a>, Outcome)>> {
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    let newer = upsert(conn, table, Guard::Newer, &rows)?;
    let (stored, rest): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| newer.contains(&row.id));
    let mut outcomes: Vec<_> = stored.into_iter().map(|row| (row, Outcome::STORED)).collect();
    if rest.is_empty() {
        return Ok(outcomes);
    }
    let settled = ties::settle_all(conn, table, kind, &rest)?;
    let mut winners = Vec::new();
    for (row, settled) in rest.into_iter().zip(settled) {
        match settled {
            Some((true, tie)) => winners.push((row, Outcome { tie, ..Outcome::STORED })),
            Some((false, tie)) => outcomes.push((row, Outcome { tie, ..Outcome::SUPERSEDED })),
            None => outcomes.push((row, Outcome::SUPERSEDED)),
        }
    }
    let again: Vec<&Row<'_>> = winners.iter().map(|(row, _)| row).collect();
    if !again.is_empty() {
        upsert(conn, table, Guard::NotOlder, &again)?;
    }
    outcomes.extend(winners);
    Ok(outcomes)
}

/// Stores rows of one table that a guard lets pass: the ids of those.
pub(super) fn upsert<'a, R: std::borrow::Borrow<Row<'a>>>(
    conn: &mut AnyConnection,
    table: &'static str,
    guard: Guard,
    rows: &[R],
) -> QueryResult<Vec<String>> {
    let Some(statement) = upsert_into(table, guard) else {
        return Err(diesel::result::Error::NotFound);
    };
    let rows: Vec<&[Cell]> = rows.iter().map(|row| row.borrow().cells.as_slice()).collect();
    db::insert_rows(conn, statement, &rows)
}

/// The values of a row, in the order of the statement's columns.
pub(super) fn cells(change: &Change<'_>, kind: Option<&Kind>, object_type: &str, id: &str) -> Vec<Cell> {
    let created = created(change.object).unwrap_or(change.as_of);
    let text = |text: Option<&str>| Cell::Text(text.map(storable));
    // Where the key has the account, that must not be null.
    let in_key = kind.is_none_or(Kind::is_keyed_by_account);
    let account = change.account.or(in_key.then_some(""));
    let mut cells = vec![
        text(Some(id)),
        text(account),
        Cell::Bool(Some(change.livemode)),
        Cell::BigInt(Some(created)),
        Cell::BigInt(is_deleted(change).then_some(change.as_of.saturating_mul(1000))),
        Cell::BigInt(Some(change.as_of)),
        text(change.event_id),
        text(change.api_version),
        Cell::Text(Some(change.object.to_string())),
    ];
    match kind {
        Some(kind) => cells.extend(kind.columns.iter().map(|column| cell(column.sql, column.read(change.object)))),
        None => cells.push(text(Some(object_type))),
    }
    cells
}

/// When Stripe made an object, as far as that tells. Some types, and old API versions, have other names for it.
pub(super) fn created(object: &Value) -> Option<i64> {
    ["created", "date", "start"].iter().find_map(|name| object.get(name)?.as_i64())
}

fn cell(sql: SqlType, value: Value) -> Cell {
    match (sql, value) {
        (SqlType::Text, Value::String(text)) => Cell::Text(Some(text)),
        (SqlType::Text, _) => Cell::Text(None),
        (SqlType::BigInt, value) => Cell::BigInt(value.as_i64()),
        (SqlType::Bool, value) => Cell::Bool(value.as_bool()),
    }
}

/// Whether a change says that its object is gone. A subscription that ends is "deleted" by its event's name, yet stays an
/// object of Stripe's with status `canceled`.
pub(super) fn is_deleted(change: &Change<'_>) -> bool {
    let flagged = change.object.get("deleted").and_then(Value::as_bool).unwrap_or(false);
    flagged
        || (change.event_type.ends_with(".deleted") && !change.event_type.ends_with("customer.subscription.deleted"))
}
