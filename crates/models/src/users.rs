//! People who may sign in to the admin, and the one-time links that let them.

use diesel::prelude::*;

use crate::db::{AnyConnection, text_enum};
use crate::schema::{sign_in_links, users};

text_enum! {
    /// What a user may do; each role may do what the one before may.
    Role {
        /// Look.
        Viewer = "viewer",
        /// Look into payloads, replay, manage endpoints.
        Operator = "operator",
        /// Manage keys and users too.
        Admin = "admin",
    }
}

/// A user of the admin.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct User {
    /// Row number.
    pub id: i64,
    /// What they sign in with.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// Wrong passwords since the last right one.
    pub failed_sign_ins: i32,
    /// Until when no password is taken, in unix milliseconds.
    pub blocked_until_at: Option<i64>,
    /// In unix milliseconds.
    pub last_sign_in_at: Option<i64>,
    /// When they were locked out, in unix milliseconds.
    pub disabled_at: Option<i64>,
    /// In unix milliseconds.
    pub created_at: i64,
}

/// Adds a user and answers the row number.
///
/// # Errors
/// A unique violation when the email is taken.
pub fn insert(conn: &mut AnyConnection, email: &str, role: Role, password_hash: &str, now: i64) -> QueryResult<i64> {
    diesel::insert_into(users::table)
        .values((
            users::email.eq(email),
            users::role.eq(role),
            users::password_hash.eq(password_hash),
            users::created_at.eq(now),
        ))
        .returning(users::id)
        .get_result(conn)
}

/// The user with this email.
///
/// # Errors
/// When the query fails.
pub fn find_by_email(conn: &mut AnyConnection, email: &str) -> QueryResult<Option<User>> {
    users::table.filter(users::email.eq(email)).select(User::as_select()).first(conn).optional()
}

/// All users, by email.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut AnyConnection) -> QueryResult<Vec<User>> {
    users::table.order(users::email).select(User::as_select()).load(conn)
}

/// Counts a wrong password and blocks further tries until a time.
///
/// # Errors
/// When the query fails.
pub fn record_failed_sign_in(conn: &mut AnyConnection, id: i64, blocked_until: Option<i64>) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((users::failed_sign_ins.eq(users::failed_sign_ins + 1), users::blocked_until_at.eq(blocked_until)))
        .execute(conn)
        .map(drop)
}

/// Records a sign-in and forgets the wrong passwords before it.
///
/// # Errors
/// When the query fails.
pub fn record_sign_in(conn: &mut AnyConnection, id: i64, now: i64) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((users::failed_sign_ins.eq(0), users::blocked_until_at.eq(None::<i64>), users::last_sign_in_at.eq(now)))
        .execute(conn)
        .map(drop)
}

/// Replaces the password's hash.
///
/// # Errors
/// When the query fails.
pub fn set_password_hash(conn: &mut AnyConnection, id: i64, hash: &str) -> QueryResult<()> {
    diesel::update(users::table.find(id)).set(users::password_hash.eq(hash)).execute(conn).map(drop)
}

/// Adds a one-time link, by the hash of its token.
///
/// # Errors
/// When the query fails.
pub fn insert_link(conn: &mut AnyConnection, token_hash: &str, user_id: i64, expires_at: i64) -> QueryResult<()> {
    diesel::insert_into(sign_in_links::table)
        .values((
            sign_in_links::token_hash.eq(token_hash),
            sign_in_links::user_id.eq(user_id),
            sign_in_links::expires_at.eq(expires_at),
        ))
        .execute(conn)
        .map(drop)
}

/// Uses up a one-time link and answers its user, if the link is good.
///
/// # Errors
/// When a query fails.
pub fn use_link(conn: &mut AnyConnection, token_hash: &str, now: i64) -> QueryResult<Option<User>> {
    let good = sign_in_links::table
        .find(token_hash)
        .filter(sign_in_links::used_at.is_null())
        .filter(sign_in_links::expires_at.gt(now));
    if diesel::update(good).set(sign_in_links::used_at.eq(now)).execute(conn)? == 0 {
        return Ok(None);
    }
    users::table
        .inner_join(sign_in_links::table)
        .filter(sign_in_links::token_hash.eq(token_hash))
        .filter(users::disabled_at.is_null())
        .select(User::as_select())
        .first(conn)
        .optional()
}
