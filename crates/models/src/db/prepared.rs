//! A statement made of text and one parameter that is prepared once on each connection; Diesel prepares `sql_query` anew each time.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Text};

/// A statement that takes one text and answers rows of one text. Its SQL must be the same each time it is used, and hold a
/// single parameter, so that few statements are kept prepared.
pub(super) struct Prepared<'a> {
    /// The SQL up to the parameter.
    pub(super) before: &'a str,
    /// The parameter.
    pub(super) parameter: &'a str,
    /// The SQL after the parameter.
    pub(super) after: &'a str,
}

impl<'a> Prepared<'a> {
    /// Cuts a statement at its parameter `$1`.
    pub(super) fn new(sql: &'a str, parameter: &'a str) -> Self {
        let (before, after) = sql.split_once("$1").unwrap_or((sql, ""));
        Self { before, parameter, after }
    }
}

impl<DB> QueryFragment<DB> for Prepared<'_>
where
    DB: Backend + HasSqlType<Text>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.before);
        out.push_bind_param::<Text, _>(self.parameter)?;
        out.push_sql(self.after);
        Ok(())
    }
}

impl QueryId for Prepared<'_> {
    type QueryId = ();
    // Diesel then recognises the statement by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Prepared<'_> {
    type SqlType = Text;
}

impl<Conn> RunQueryDsl<Conn> for Prepared<'_> {}
