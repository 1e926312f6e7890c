//! Signed-in browsers.

use diesel::prelude::*;

use crate::db::AnyConnection;
use crate::schema::{sessions, users};
use crate::users::User;

/// A signed-in browser.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct Session {
    /// Row number.
    pub id: i64,
    /// The hash of the cookie's token.
    pub token_hash: String,
    /// Who is signed in.
    pub user_id: i64,
    /// From where it began.
    pub ip: String,
    /// With what.
    pub user_agent: String,
    /// In unix milliseconds.
    pub created_at: i64,
    /// In unix milliseconds, to about a minute.
    pub last_seen_at: i64,
    /// When it ends at the latest, in unix milliseconds.
    pub expires_at: i64,
}

/// A session to begin.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = sessions)]
pub struct NewSession<'a> {
    /// The hash of the cookie's token.
    pub token_hash: &'a str,
    /// Who is signed in.
    pub user_id: i64,
    /// From where.
    pub ip: &'a str,
    /// With what.
    pub user_agent: &'a str,
    /// In unix milliseconds.
    pub created_at: i64,
    /// In unix milliseconds.
    pub last_seen_at: i64,
    /// When it ends at the latest, in unix milliseconds.
    pub expires_at: i64,
}

/// Begins a session and removes those that have ended by themselves.
///
/// # Errors
/// When a query fails.
pub fn insert(conn: &mut AnyConnection, new: &NewSession<'_>) -> QueryResult<()> {
    diesel::delete(sessions::table.filter(sessions::expires_at.le(new.created_at))).execute(conn)?;
    diesel::insert_into(sessions::table).values(new).execute(conn).map(drop)
}

/// The session of a cookie and its user, unless it ended, was idle since before `idle_since`, or the user is locked out.
///
/// # Errors
/// When the query fails.
pub fn find(
    conn: &mut AnyConnection,
    token_hash: &str,
    now: i64,
    idle_since: i64,
) -> QueryResult<Option<(Session, User)>> {
    sessions::table
        .inner_join(users::table)
        .filter(sessions::token_hash.eq(token_hash))
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::last_seen_at.gt(idle_since))
        .filter(users::disabled_at.is_null())
        .select((Session::as_select(), User::as_select()))
        .first(conn)
        .optional()
}

/// Records that a session is in use.
///
/// # Errors
/// When the query fails.
pub fn touch(conn: &mut AnyConnection, id: i64, now: i64) -> QueryResult<()> {
    diesel::update(sessions::table.find(id)).set(sessions::last_seen_at.eq(now)).execute(conn).map(drop)
}

/// The sessions of a user, newest first.
///
/// # Errors
/// When the query fails.
pub fn of_user(conn: &mut AnyConnection, user_id: i64, now: i64) -> QueryResult<Vec<Session>> {
    sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::expires_at.gt(now))
        .order(sessions::id.desc())
        .select(Session::as_select())
        .load(conn)
}

/// Ends one session of a user; whether it was there.
///
/// # Errors
/// When the query fails.
pub fn end(conn: &mut AnyConnection, id: i64, user_id: i64) -> QueryResult<bool> {
    diesel::delete(sessions::table.find(id).filter(sessions::user_id.eq(user_id))).execute(conn).map(|ended| ended == 1)
}

/// Ends every session of a user but one.
///
/// # Errors
/// When the query fails.
pub fn end_others(conn: &mut AnyConnection, user_id: i64, keep: i64) -> QueryResult<usize> {
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id)).filter(sessions::id.ne(keep))).execute(conn)
}
