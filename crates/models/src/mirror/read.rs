//! Reading the mirror: one object, pages of objects, and what refers to an object.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use serde_json::Value;

use super::statements::OTHER;
use super::{Column, KINDS, Kind, SqlType, kind};
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
    /// The account it belongs to.
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

// Table and columns come from our own declarations, never from a request; values are bound.
fn select(object: &str) -> String {
    let columns = "account, livemode, created, deleted_at, as_of, event_id, api_version, data";
    match kind(object) {
        Some(kind) => format!("SELECT id, '{object}' AS object, {columns} FROM {} WHERE TRUE", kind.table),
        None => format!("SELECT id, object, {columns} FROM {OTHER} WHERE object = $1"),
    }
}

type Query<'a> = diesel::query_builder::BoxedSqlQuery<'a, MultiBackend, diesel::query_builder::SqlQuery>;

fn query(sql: String, object: &str) -> Query<'_> {
    let query = diesel::sql_query(sql).into_boxed::<MultiBackend>();
    if kind(object).is_some() { query } else { query.bind::<Text, _>(object) }
}

// Products, coupons and others whose id can be chosen may have the same one in both modes and in several accounts.
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

/// The object with this id, of whatever type.
///
/// # Errors
/// When a query fails.
pub fn find_anywhere(conn: &mut AnyConnection, id: &str) -> QueryResult<Option<Object>> {
    for kind in KINDS {
        if let Some(found) = find(conn, kind.object, id)? {
            return Ok(Some(found));
        }
    }
    let sql = format!(
        "SELECT id, object, account, livemode, created, deleted_at, as_of, event_id, api_version, data FROM {OTHER} \
         WHERE id = $1 {LIVE_AND_NEWEST}"
    );
    diesel::sql_query(sql).bind::<Text, _>(id).get_result(conn).optional()
}

/// Lists the objects of a type, newest first.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut AnyConnection, object: &str, filter: &Filter, limit: usize) -> QueryResult<Objects> {
    let mut sql = select(object);
    let mut next = if kind(object).is_some() { 1 } else { 2 };
    if let Some((name, _)) = &filter.equal {
        let Some(column) = text_column(object, name) else {
            return Ok(Objects { rows: Vec::new(), newer: None, older: None });
        };
        sql += &format!(" AND {} = ${next}", column.name);
        next += 1;
    }
    let forwards = filter.after.is_some();
    let position = filter.after.as_ref().or(filter.before.as_ref());
    if position.is_some() {
        sql += &format!(" AND (created, id) {} (${next}, ${})", if forwards { ">" } else { "<" }, next + 1);
    }
    let direction = if forwards { "ASC" } else { "DESC" };
    sql += &format!(" ORDER BY created {direction}, id {direction} LIMIT {}", limit + 1);
    let mut query = query(sql, object);
    if let Some((_, value)) = &filter.equal {
        query = query.bind::<Text, _>(value);
    }
    if let Some(position) = position {
        query = query.bind::<BigInt, _>(position.created).bind::<Text, _>(&position.id);
    }
    Ok(page(query.load(conn)?, filter, limit))
}

fn text_column(object: &str, name: &str) -> Option<&'static Column> {
    kind(object)?.columns.iter().find(|column| column.name == name && column.sql == SqlType::Text)
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

/// What refers to an object: for each column that can, the newest `limit` objects that do.
///
/// # Errors
/// When a query fails.
pub fn related(conn: &mut AnyConnection, object: &str, id: &str, limit: usize) -> QueryResult<Vec<Related>> {
    let mut found = Vec::new();
    for kind in KINDS.iter().copied() {
        for column in kind.columns.iter().filter(|column| column.refers_to == Some(object)) {
            let filter = Filter { equal: Some((column.name.to_owned(), id.to_owned())), ..Filter::default() };
            let page = list(conn, kind.object, &filter, limit)?;
            if !page.rows.is_empty() {
                found.push(Related { kind, column: column.name, more: page.older.is_some(), rows: page.rows });
            }
        }
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many objects of a type there are, counted no further than `most`.
///
/// # Errors
/// When the query fails.
pub fn count_up_to(conn: &mut AnyConnection, object: &str, most: i64) -> QueryResult<i64> {
    let sql = match kind(object) {
        Some(kind) => format!("SELECT count(*) AS count FROM (SELECT 1 FROM {} LIMIT {most}) AS found", kind.table),
        None => {
            format!("SELECT count(*) AS count FROM (SELECT 1 FROM {OTHER} WHERE object = $1 LIMIT {most}) AS found")
        }
    };
    query(sql, object).get_result::<Counted>(conn).map(|counted| counted.count)
}

/// The types in the general table.
///
/// # Errors
/// When the query fails.
pub fn other_types(conn: &mut AnyConnection) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Type {
        #[diesel(sql_type = Text)]
        object: String,
    }
    // From one type to the next by the index, since a plain DISTINCT would read every row.
    let sql = "WITH RECURSIVE types (object) AS (SELECT min(object) FROM objects UNION ALL \
               SELECT (SELECT min(object) FROM objects WHERE object > types.object) FROM types \
               WHERE types.object IS NOT NULL) SELECT object FROM types WHERE object IS NOT NULL ORDER BY object";
    let types: Vec<Type> = diesel::sql_query(sql).load(conn)?;
    Ok(types.into_iter().map(|row| row.object).collect())
}
