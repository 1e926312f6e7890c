//! Objects that are fetched from Stripe in the background: why, when, and what that found.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::db::{self, AnyConnection, MultiBackend, text_enum};
use crate::mirror::Subject;
use crate::page::{Cursor, Page};
use crate::schema::refetches;

text_enum! {
    /// Why an object is fetched.
    Reason {
        /// An event says it changed values that no content before it had: an event between them never arrived.
        Gap = "gap",
        /// Two contents of one second, and nothing tells which of them came later.
        Tie = "tie",
        /// A list inside the object goes on at Stripe.
        List = "list",
        /// Others refer to it, and it is not here.
        Reference = "reference",
        /// A sample, to see whether the mirror tells the truth.
        Sample = "sample",
    }
}

text_enum! {
    /// How far it is.
    Status {
        /// Waits for its turn.
        Pending = "pending",
        /// The object was fetched.
        Done = "done",
        /// Stripe no longer has the object.
        Gone = "gone",
        /// It could not be fetched, and is not tried again.
        Failed = "failed",
    }
}

/// An object that is or was to be fetched.
#[derive(Clone, Debug, Queryable, Selectable, serde::Serialize)]
#[diesel(table_name = refetches)]
pub struct Refetch {
    /// Row number.
    pub id: i64,
    /// The object's type.
    pub object: String,
    /// Its id.
    pub object_id: String,
    /// The account; empty if that is not known.
    pub account: String,
    /// Live or test mode.
    pub livemode: bool,
    /// Why.
    pub reason: Reason,
    /// The event that led to it.
    pub event_id: Option<String>,
    /// What led to it, in words.
    pub detail: String,
    /// How far it is.
    pub status: Status,
    /// The fields that were not as here, as a JSON array of names.
    #[serde(skip)]
    pub found: Option<String>,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next, in unix milliseconds; meaningful while pending.
    pub next_attempt_at: i64,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// In unix milliseconds.
    pub requested_at: i64,
    /// In unix milliseconds.
    pub finished_at: Option<i64>,
}

impl Refetch {
    /// The object.
    pub fn subject(&self) -> Subject<'_> {
        let account = Some(self.account.as_str()).filter(|account| !account.is_empty());
        Subject { object: &self.object, id: &self.object_id, livemode: self.livemode, account }
    }

    /// The fields that were not as here; none while it is pending.
    pub fn differing(&self) -> Vec<String> {
        self.found.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

/// An object to fetch.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = refetches, treat_none_as_default_value = false)]
pub struct NewRefetch<'a> {
    /// The object's type.
    pub object: &'a str,
    /// Its id.
    pub object_id: &'a str,
    /// The account; empty if that is not known.
    pub account: &'a str,
    /// Live or test mode.
    pub livemode: bool,
    /// Why.
    pub reason: Reason,
    /// The event that led to it.
    pub event_id: Option<&'a str>,
    /// What led to it, in words.
    pub detail: String,
    /// When it may be tried, in unix milliseconds.
    pub next_attempt_at: i64,
    /// In unix milliseconds.
    pub requested_at: i64,
}

impl<'a> NewRefetch<'a> {
    /// An object to fetch at once; `now` in unix milliseconds.
    pub fn new(subject: Subject<'a>, reason: Reason, now: i64) -> Self {
        Self {
            object: subject.object,
            object_id: subject.id,
            account: subject.account.unwrap_or_default(),
            livemode: subject.livemode,
            reason,
            event_id: None,
            detail: String::new(),
            next_attempt_at: now,
            requested_at: now,
        }
    }
}

// Spelt out, so that the partial index can serve it.
fn pending() -> SqlLiteral<Bool> {
    sql("status = 'pending'")
}

/// Asks for objects; one that waits already for the same reason is enough. How many were added.
///
/// # Errors
/// When a query fails.
pub fn want(conn: &mut AnyConnection, new: &[NewRefetch<'_>]) -> QueryResult<usize> {
    // A hostile event may name what no database can store, and Stripe does not have.
    let nameable = |new: &&NewRefetch<'_>| ![new.object, new.object_id, new.account].concat().contains('\0');
    let new: Vec<NewRefetch<'_>> = new.iter().filter(nameable).cloned().collect();
    if new.is_empty() { Ok(0) } else { db::insert_refetches(conn, &new) }
}

/// Those that are due, the longest waiting first; `now` in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn due(conn: &mut AnyConnection, now: i64, limit: i64) -> QueryResult<Vec<Refetch>> {
    refetches::table
        .filter(pending())
        .filter(refetches::next_attempt_at.le(now))
        .order((refetches::next_attempt_at, refetches::id))
        .limit(limit)
        .select(Refetch::as_select())
        .load(conn)
}

/// Records the end: which fields were not as here, or why it cannot be; `now` in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn finish(
    conn: &mut AnyConnection,
    id: i64,
    status: Status,
    differing: &[String],
    error: Option<&str>,
    now: i64,
) -> QueryResult<()> {
    diesel::update(refetches::table.find(id).filter(refetches::status.eq(Status::Pending)))
        .set((
            refetches::status.eq(status),
            refetches::found.eq(serde_json::Value::from(differing).to_string()),
            refetches::attempts.eq(refetches::attempts + 1),
            refetches::last_error.eq(error),
            refetches::finished_at.eq(now),
        ))
        .execute(conn)
        .map(drop)
}

/// Records an attempt that failed; the next one follows at a time in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn try_again(conn: &mut AnyConnection, id: i64, error: &str, at: i64) -> QueryResult<()> {
    diesel::update(refetches::table.find(id).filter(refetches::status.eq(Status::Pending)))
        .set((
            refetches::attempts.eq(refetches::attempts + 1),
            refetches::last_error.eq(error),
            refetches::next_attempt_at.eq(at),
        ))
        .execute(conn)
        .map(drop)
}

/// Which of some ids of a type were asked for already for this reason, whatever came of it.
///
/// # Errors
/// When the query fails.
pub fn asked_before(conn: &mut AnyConnection, object: &str, reason: Reason, ids: &[&str]) -> QueryResult<Vec<String>> {
    refetches::table
        .filter(refetches::object_id.eq_any(ids))
        .filter(refetches::object.eq(object))
        .filter(refetches::reason.eq(reason))
        .select(refetches::object_id)
        .load(conn)
}

/// Which ones a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this reason.
    pub reason: Option<Reason>,
    /// Only this status.
    pub status: Option<Status>,
    /// Only this object's, by its id.
    pub object_id: Option<String>,
}

/// Lists them, newest first.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut AnyConnection, filter: &Filter, cursor: Cursor, limit: usize) -> QueryResult<Page<Refetch>> {
    let mut query = refetches::table.select(Refetch::as_select()).into_boxed::<MultiBackend>();
    if let Some(reason) = filter.reason {
        query = query.filter(refetches::reason.eq(reason));
    }
    if let Some(status) = filter.status {
        query = query.filter(refetches::status.eq(status));
    }
    if let Some(id) = &filter.object_id {
        query = query.filter(refetches::object_id.eq(id.clone()));
    }
    query = match cursor {
        Cursor::Newest => query.order(refetches::id.desc()),
        Cursor::Before(id) => query.filter(refetches::id.lt(id)).order(refetches::id.desc()),
        Cursor::After(id) => query.filter(refetches::id.gt(id)).order(refetches::id.asc()),
    };
    let found = query.limit(limit as i64 + 1).load(conn)?;
    Ok(Page::cut(found, cursor, limit, |refetch| refetch.id))
}

/// Deletes up to `limit` that ended before a time in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn delete_older(conn: &mut AnyConnection, before: i64, limit: i64) -> QueryResult<usize> {
    let old: Vec<i64> = refetches::table
        .filter(refetches::finished_at.lt(before))
        .order(refetches::id)
        .limit(limit)
        .select(refetches::id)
        .load(conn)?;
    diesel::delete(refetches::table.filter(refetches::id.eq_any(old))).execute(conn)
}
