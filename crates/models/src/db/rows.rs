//! Many rows for one statement: as arrays, one for each column, on PostgreSQL, and one row after the other on SQLite, where no
//! round trip is to be saved. Both statements keep their text, so that each is prepared once on a connection.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel::sqlite::Sqlite;

use super::AnyConnection;

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// `TEXT`
    Text(Option<String>),
    /// `BIGINT`
    BigInt(Option<i64>),
    /// `BOOLEAN`
    Bool(Option<bool>),
}

/// A statement that inserts rows: its values stand between two texts. It answers one text for each row that it stored.
pub(crate) struct Insert {
    /// The table with the names of its columns, for example `INSERT INTO customers (id, name)`.
    pub(crate) into: String,
    /// The names of the columns.
    pub(crate) names: String,
    /// What follows the values.
    pub(crate) then: String,
}

/// Inserts rows, whose cells are in the order of the statement's columns and of one type in each; what it answers.
pub(crate) fn insert_rows(conn: &mut AnyConnection, insert: &Insert, rows: &[&[Cell]]) -> QueryResult<Vec<String>> {
    match conn {
        AnyConnection::Postgres(pg) => Columns::new(insert, rows).load(pg),
        AnyConnection::Sqlite(sqlite) => {
            let mut answers = Vec::with_capacity(rows.len());
            for row in rows {
                answers.extend(Values { insert, row }.load::<String>(sqlite)?);
            }
            Ok(answers)
        }
    }
}

enum Column<'a> {
    Text(Vec<Option<&'a str>>),
    BigInt(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
}

struct Columns<'a> {
    insert: &'a Insert,
    columns: Vec<Column<'a>>,
}

impl<'a> Columns<'a> {
    fn new(insert: &'a Insert, rows: &[&'a [Cell]]) -> Self {
        let width = rows.first().map_or(0, |row| row.len());
        Self { insert, columns: (0..width).map(|index| column(rows, index)).collect() }
    }
}

fn column<'a>(rows: &[&'a [Cell]], index: usize) -> Column<'a> {
    macro_rules! cells {
        ($kind:ident, $value:ident => $read:expr) => {
            Column::$kind(
                rows.iter()
                    .map(|row| match row.get(index) {
                        Some(Cell::$kind($value)) => $read,
                        _ => None,
                    })
                    .collect(),
            )
        };
    }
    match rows.first().and_then(|row| row.get(index)) {
        Some(Cell::BigInt(_)) => cells!(BigInt, value => *value),
        Some(Cell::Bool(_)) => cells!(Bool, value => *value),
        _ => cells!(Text, value => value.as_deref()),
    }
}

impl QueryFragment<Pg> for Columns<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(&self.insert.into);
        out.push_sql(" SELECT * FROM unnest(");
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                out.push_sql(", ");
            }
            match column {
                Column::Text(values) => out.push_bind_param::<Array<Nullable<Text>>, _>(values)?,
                Column::BigInt(values) => out.push_bind_param::<Array<Nullable<BigInt>>, _>(values)?,
                Column::Bool(values) => out.push_bind_param::<Array<Nullable<Bool>>, _>(values)?,
            }
        }
        out.push_sql(") AS given (");
        out.push_sql(&self.insert.names);
        out.push_sql(") ");
        out.push_sql(&self.insert.then);
        Ok(())
    }
}

impl QueryId for Columns<'_> {
    type QueryId = ();
    // Diesel then recognises the statement by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Columns<'_> {
    type SqlType = Text;
}

impl<Conn> RunQueryDsl<Conn> for Columns<'_> {}

struct Values<'a> {
    insert: &'a Insert,
    row: &'a [Cell],
}

impl QueryFragment<Sqlite> for Values<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(&self.insert.into);
        out.push_sql(" VALUES (");
        for (index, cell) in self.row.iter().enumerate() {
            if index > 0 {
                out.push_sql(", ");
            }
            match cell {
                Cell::Text(value) => out.push_bind_param::<Nullable<Text>, _>(value)?,
                Cell::BigInt(value) => out.push_bind_param::<Nullable<BigInt>, _>(value)?,
                Cell::Bool(value) => out.push_bind_param::<Nullable<Bool>, _>(value)?,
            }
        }
        out.push_sql(") ");
        out.push_sql(&self.insert.then);
        Ok(())
    }
}

impl QueryId for Values<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Values<'_> {
    type SqlType = Text;
}

impl<Conn> RunQueryDsl<Conn> for Values<'_> {}
