//! The audit log: who did what; rows are only ever added.

use diesel::prelude::*;

use crate::db::{AnyConnection, MultiBackend};
use crate::page::{Cursor, Page};
use crate::schema::audit_entries;

/// One entry of the audit log.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = audit_entries)]
pub struct Entry {
    /// Row number.
    pub id: i64,
    /// In unix milliseconds.
    pub at: i64,
    /// The user's email, or `cli`.
    pub actor: String,
    /// What was done, for example `endpoint.created`.
    pub action: String,
    /// To what, for example the endpoint's UUID.
    pub subject: String,
    /// More about it, never a secret.
    pub detail: String,
    /// From where.
    pub ip: Option<String>,
}

/// An entry to add.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = audit_entries)]
pub struct NewEntry<'a> {
    /// In unix milliseconds.
    pub at: i64,
    /// The user's email, or `cli`.
    pub actor: &'a str,
    /// What was done.
    pub action: &'a str,
    /// To what.
    pub subject: &'a str,
    /// More about it, never a secret.
    pub detail: &'a str,
    /// From where.
    pub ip: Option<&'a str>,
}

/// Adds an entry.
///
/// # Errors
/// When the query fails.
pub fn insert(conn: &mut AnyConnection, entry: &NewEntry<'_>) -> QueryResult<()> {
    diesel::insert_into(audit_entries::table).values(entry).execute(conn).map(drop)
}

/// Lists entries, newest first, of one subject or of all.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut AnyConnection, subject: Option<&str>, cursor: Cursor, limit: usize) -> QueryResult<Page<Entry>> {
    let mut query = audit_entries::table.select(Entry::as_select()).into_boxed::<MultiBackend>();
    if let Some(subject) = subject {
        query = query.filter(audit_entries::subject.eq(subject.to_owned()));
    }
    query = match cursor {
        Cursor::Newest => query.order(audit_entries::id.desc()),
        Cursor::Before(id) => query.filter(audit_entries::id.lt(id)).order(audit_entries::id.desc()),
        Cursor::After(id) => query.filter(audit_entries::id.gt(id)).order(audit_entries::id.asc()),
    };
    let found = query.limit(limit as i64 + 1).load(conn)?;
    Ok(Page::cut(found, cursor, limit, |entry| entry.id))
}
