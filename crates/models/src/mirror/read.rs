//! Reading the mirror: one object, pages of objects, and what refers to an object.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use serde_json::Value;

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::kind::storable;
use super::statements::OTHER;
use super::{Change, Column, KINDS, Kind, SqlType, kind};
use crate::db::{AnyConnection, MultiBackend};

/// An object of the mirror.
#[derive(Clone, Debug, QueryableByName)]
pub struct Object {
    /// Stripe's id; of a type without ids of its own, the type.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// Stripe's name for its type.
    #[diesel(sql_type = Text)]
    pub object: String,
    /// The account it belongs to, if that is known.
    #[diesel(sql_type = Nullable<Text>)]
    pub account: Option<String>,
    /// Live or test mode.
    #[diesel(sql_type = Bool)]
    pub livemode: bool,
    /// When Stripe made it, in unix seconds.
    #[diesel(sql_type = BigInt)]
    pub created: i64,
    /// When it was deleted at Stripe, in unix milliseconds.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub deleted_at: Option<i64>,
    /// As of when the content is true, in unix seconds.
    #[diesel(sql_type = BigInt)]
    pub as_of: i64,
    /// The event that carried the content.
    #[diesel(sql_type = Nullable<Text>)]
    pub event_id: Option<String>,
    /// The API version it is rendered in.
    #[diesel(sql_type = Nullable<Text>)]
    pub api_version: Option<String>,
    /// Stripe's JSON, whole.
    #[diesel(sql_type = Text)]
    pub data: String,
}

impl Object {
    /// Stripe's JSON, parsed; null if the row was damaged by hand.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_default()
    }

    fn position(&self) -> Position {
        Position { created: self.created, id: self.id.clone() }
    }
}

/// A place in a list of objects, which is ordered by `created` and id, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// In unix seconds.
    pub created: i64,
    /// The object's id.
    pub id: String,
}

/// Which objects a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Column and value that must be equal; by anything but a text column of the type's declaration nothing is found.
    pub equal: Option<(String, String)>,
    /// Older than this place.
    pub before: Option<Position>,
    /// Newer than this place.
    pub after: Option<Position>,
    /// Of this mode, and of this account or of one that is not known.
    pub whose: Whose,
}

/// A page of objects with the places of its neighbours.
#[derive(Clone, Debug)]
pub struct Objects {
    /// Newest first.
    pub rows: Vec<Object>,
    /// Where newer ones start.
    pub newer: Option<Position>,
    /// Where older ones start.
    pub older: Option<Position>,
}

/// Objects that refer to another one.
#[derive(Clone, Debug)]
pub struct Related {
    /// Their type.
    pub kind: &'static Kind,
    /// The column that refers.
    pub column: &'static str,
    /// The newest of them.
    pub rows: Vec<Object>,
    /// Whether there are more.
    pub more: bool,
}

/// Whose object is meant where several accounts, or both modes, have one with the same id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whose {
    /// The account.
    pub account: Option<String>,
    /// Live or test mode.
    pub livemode: Option<bool>,
}

/// The columns of an [`Object`] beside id and type. An account that is not known is empty where the key has it.
pub(super) const COLUMNS: &str =
    "NULLIF(account, '') AS account, livemode, created, deleted_at, as_of, event_id, api_version, data";

// Table and columns come from our own declarations, never from a request; values are bound.
fn select(object: &str) -> String {
    match kind(object) {
        Some(kind) => format!("SELECT id, '{object}' AS object, {COLUMNS} FROM {} WHERE TRUE", kind.table),
        None => format!("SELECT id, object, {COLUMNS} FROM {OTHER} WHERE object = $1"),
    }
}

pub(super) type Query<'a> = diesel::query_builder::BoxedSqlQuery<'a, MultiBackend, diesel::query_builder::SqlQuery>;

/// A statement whose first parameter is the type if it is for the general table.
pub(super) fn query(sql: String, object: &str) -> Query<'_> {
    let query = diesel::sql_query(sql).into_boxed::<MultiBackend>();
    if kind(object).is_some() { query } else { query.bind::<Text, _>(object) }
}

// Types whose ids are chosen may have the same one in both modes and in several accounts.
const LIVE_AND_NEWEST: &str = "ORDER BY livemode DESC, as_of DESC LIMIT 1";

/// The object of a type with this id; if several have it, a live one before one of test mode, and the newest.
///
/// # Errors
/// When the query fails.
pub fn find(conn: &mut AnyConnection, object: &str, id: &str) -> QueryResult<Option<Object>> {
    let next = if kind(object).is_some() { 1 } else { 2 };
    let sql = format!("{} AND id = ${next} {LIVE_AND_NEWEST}", select(object));
    query(sql, object).bind::<Text, _>(id).get_result(conn).optional()
}

/// The object of a type with this id; if several have it, that of this account and mode, else as [`find`] does.
///
/// # Errors
/// When a query fails.
pub fn find_of(conn: &mut AnyConnection, object: &str, id: &str, whose: &Whose) -> QueryResult<Option<Object>> {
    let mut next = if kind(object).is_some() { 1 } else { 2 };
    let mut sql = format!("{} AND id = ${next}", select(object));
    if whose.account.is_some() {
        next += 1;
        sql += &format!(" AND account = ${next}");
    }
    if whose.livemode.is_some() {
        sql += &format!(" AND livemode = ${}", next + 1);
    }
    let mut query = query(format!("{sql} {LIVE_AND_NEWEST}"), object).bind::<Text, _>(id);
    if let Some(account) = &whose.account {
        query = query.bind::<Text, _>(account);
    }
    if let Some(livemode) = whose.livemode {
        query = query.bind::<Bool, _>(livemode);
    }
    match query.get_result(conn).optional()? {
        None if *whose != Whose::default() => find(conn, object, id),
        found => Ok(found),
    }
}

// One statement for all tables. A plan and its price have one id: the type that is declared first is found.
static FIND_ANYWHERE: LazyLock<String> = LazyLock::new(|| {
    let from = |(rank, object, table): (usize, String, &str)| {
        format!("SELECT {rank} AS rank, id, {object} AS object, {COLUMNS} FROM {table} WHERE id = $1")
    };
    let kinds = KINDS.iter().enumerate().map(|(rank, kind)| (rank, format!("'{}'", kind.object), kind.table));
    let tables = kinds.chain([(KINDS.len(), "object".to_owned(), OTHER)]);
    format!(
        "{} ORDER BY rank, livemode DESC, as_of DESC LIMIT 1",
        tables.map(from).collect::<Vec<_>>().join(" UNION ALL ")
    )
});

/// The object with this id, of whatever type.
///
/// # Errors
/// When the query fails.
pub fn find_anywhere(conn: &mut AnyConnection, id: &str) -> QueryResult<Option<Object>> {
    diesel::sql_query(FIND_ANYWHERE.as_str()).bind::<Text, _>(id).get_result(conn).optional()
}

/// Lists the objects of a type, newest first.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut AnyConnection, object: &str, filter: &Filter, limit: usize) -> QueryResult<Objects> {
    let mut sql = select(object);
    let first = if kind(object).is_some() { 1 } else { 2 };
    let mut places = (first..).map(|number| format!("${number}"));
    let mut place = move || places.next().unwrap_or_default();
    if let Some((name, _)) = &filter.equal {
        let Some(column) = text_column(object, name) else {
            return Ok(Objects { rows: Vec::new(), newer: None, older: None });
        };
        sql += &format!(" AND {} = {}", column.name, place());
    }
    if filter.whose.livemode.is_some() {
        sql += &format!(" AND livemode = {}", place());
    }
    if filter.whose.account.is_some() {
        sql += &format!(" AND COALESCE(NULLIF(account, ''), {0}) = {0}", place());
    }
    let forwards = filter.after.is_some();
    let position = filter.after.as_ref().or(filter.before.as_ref());
    if position.is_some() {
        sql += &format!(" AND (created, id) {} ({}, {})", if forwards { ">" } else { "<" }, place(), place());
    }
    let direction = if forwards { "ASC" } else { "DESC" };
    sql += &format!(" ORDER BY created {direction}, id {direction} LIMIT {}", limit + 1);
    Ok(page(bound(query(sql, object), filter, position).load(conn)?, filter, limit))
}

// In the order in which the statement names them.
fn bound<'a>(mut query: Query<'a>, filter: &'a Filter, position: Option<&'a Position>) -> Query<'a> {
    if let Some((_, value)) = &filter.equal {
        query = query.bind::<Text, _>(value);
    }
    if let Some(livemode) = filter.whose.livemode {
        query = query.bind::<Bool, _>(livemode);
    }
    if let Some(account) = &filter.whose.account {
        query = query.bind::<Text, _>(account);
    }
    match position {
        Some(position) => query.bind::<BigInt, _>(position.created).bind::<Text, _>(&position.id),
        None => query,
    }
}

fn text_column(object: &str, name: &str) -> Option<&'static Column> {
    kind(object)?.column(name).filter(|column| column.sql == SqlType::Text)
}

fn page(mut rows: Vec<Object>, filter: &Filter, limit: usize) -> Objects {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let forwards = filter.after.is_some();
    if forwards {
        rows.reverse();
    }
    let has_newer = if forwards { more } else { filter.before.is_some() };
    let has_older = forwards || more;
    let newer = rows.first().filter(|_| has_newer).map(Object::position);
    let older = rows.last().filter(|_| has_older).map(Object::position);
    Objects { rows, newer, older }
}

/// What refers to an object: for each column that can, the newest `limit` objects of its mode that do.
///
/// # Errors
/// When a query fails.
pub fn related(conn: &mut AnyConnection, of: &Object, limit: usize) -> QueryResult<Vec<Related>> {
    // Ids that Stripe makes are of one account anyway.
    let account = of.account.clone().filter(|_| kind(&of.object).is_none_or(Kind::is_keyed_by_account));
    let mut filter = Filter { whose: Whose { account, livemode: Some(of.livemode) }, ..Filter::default() };
    let mut found = Vec::new();
    for kind in KINDS.iter().copied() {
        for column in kind.columns.iter().filter(|column| column.refers_to == Some(of.object.as_str())) {
            filter.equal = Some((column.name.to_owned(), of.id.clone()));
            let page = list(conn, kind.object, &filter, limit)?;
            if !page.rows.is_empty() {
                found.push(Related { kind, column: column.name, more: page.older.is_some(), rows: page.rows });
            }
        }
    }
    Ok(found)
}

/// What the mirror has of the objects of some changes, where it is not marked as deleted, by [`place_of`].
pub(super) fn contents(conn: &mut AnyConnection, changes: &[Change<'_>]) -> QueryResult<HashMap<Place, String>> {
    #[derive(QueryableByName)]
    struct Content {
        #[diesel(sql_type = Text)]
        id: String,
        #[diesel(sql_type = Text)]
        account: String,
        #[diesel(sql_type = Bool)]
        livemode: bool,
        #[diesel(sql_type = Text)]
        data: String,
    }
    let mut by_type: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    changes.iter().filter_map(Change::place).for_each(|(object, id)| by_type.entry(object).or_default().push(id));
    let mut known = HashMap::new();
    for (object, ids) in by_type {
        let Some(kind) = kind(object) else { continue };
        let places: Vec<String> = (1..=ids.len()).map(|number| format!("${number}")).collect();
        let account = if kind.is_keyed_by_account() { "account" } else { "''" };
        let sql = format!(
            "SELECT id, {account} AS account, livemode, data FROM {} WHERE deleted_at IS NULL AND id IN ({})",
            kind.table,
            places.join(", ")
        );
        let mut query = diesel::sql_query(sql).into_boxed::<MultiBackend>();
        for id in ids {
            query = query.bind::<Text, _>(id);
        }
        let found: Vec<Content> = query.load(conn)?;
        known.extend(found.into_iter().map(|row| ((object.to_owned(), row.id, row.account, row.livemode), row.data)));
    }
    Ok(known)
}

/// Type, id, account where the key has it, and mode.
pub(super) type Place = (String, String, String, bool);

/// What tells the object of a change apart from all others; none if there is nothing to keep.
pub(super) fn place_of(change: &Change<'_>) -> Option<Place> {
    let (object, id) = change.place()?;
    let keyed = kind(object).is_none_or(Kind::is_keyed_by_account);
    let account = change.account.filter(|_| keyed).unwrap_or_default();
    Some((object.to_owned(), storable(id), account.to_owned(), change.livemode))
}
