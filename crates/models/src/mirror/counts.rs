//! How many objects of which types the mirror has.

use std::sync::LazyLock;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::read::query;
use super::statements::OTHER;
use super::{KINDS, kind};
use crate::db::AnyConnection;

/// A type and how many objects it has.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Count {
    /// Stripe's name for the type.
    #[diesel(sql_type = Text)]
    pub object: String,
    /// How many there are, counted no further than was asked for.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
}

// One statement for all tables.
static OF_KINDS: LazyLock<String> = LazyLock::new(|| {
    let of = |(rank, table, object): (usize, &str, &str)| {
        format!(
            "SELECT {rank} AS rank, '{object}' AS object, count(*) AS count \
             FROM (SELECT 1 AS one FROM {table} LIMIT $1) AS some_{table}"
        )
    };
    let kinds = KINDS.iter().enumerate().map(|(rank, kind)| of((rank, kind.table, kind.object)));
    format!("{} ORDER BY rank", kinds.collect::<Vec<_>>().join(" UNION ALL "))
});

/// Counts the objects of every type with a table of its own, in the order of [`KINDS`], then those of the others; none further
/// than `most`.
///
/// # Errors
/// When a query fails.
pub fn counts_up_to(conn: &mut AnyConnection, most: i64) -> QueryResult<Vec<Count>> {
    let mut counts: Vec<Count> = diesel::sql_query(OF_KINDS.as_str()).bind::<BigInt, _>(most).load(conn)?;
    for object in other_types(conn)? {
        let count = count_up_to(conn, &object, most)?;
        counts.push(Count { object, count });
    }
    Ok(counts)
}

/// How many objects of a type there are, counted no further than `most`.
///
/// # Errors
/// When the query fails.
pub fn count_up_to(conn: &mut AnyConnection, object: &str, most: i64) -> QueryResult<i64> {
    let (table, rows) = match kind(object) {
        Some(kind) => (kind.table, "TRUE"),
        None => (OTHER, "object = $1"),
    };
    let sql = format!(
        "SELECT '' AS object, count(*) AS count FROM (SELECT 1 AS one FROM {table} WHERE {rows} LIMIT {most}) AS found"
    );
    query(sql, object).get_result::<Count>(conn).map(|counted| counted.count)
}

/// The types that have no table of their own and are in the general one.
///
/// # Errors
/// When the query fails.
pub fn other_types(conn: &mut AnyConnection) -> QueryResult<Vec<String>> {
    Ok(types_in_general_table(conn)?.into_iter().filter(|object| kind(object).is_none()).collect())
}

/// Whatever types the general table has, also those that are still to be moved out of it.
pub(super) fn types_in_general_table(conn: &mut AnyConnection) -> QueryResult<Vec<String>> {
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
