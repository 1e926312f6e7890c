//! The rotation of secrets: endpoints that take the place of others, and secrets that end.

use diesel::prelude::*;

use super::{Endpoint, Secret};
use crate::db::AnyConnection;
use crate::schema::{endpoint_secrets, endpoints};

/// Keeps an endpoint from being changed by others until the caller's transaction ends.
///
/// # Errors
/// When the query fails.
pub fn lock(conn: &mut AnyConnection, uuid: &str) -> QueryResult<()> {
    diesel::update(endpoints::table.find(uuid))
        .set(endpoints::updated_at.eq(endpoints::updated_at))
        .execute(conn)
        .map(drop)
}

/// The endpoint that takes the place of this one, unless it is deleted.
///
/// # Errors
/// When the query fails.
pub fn successor(conn: &mut AnyConnection, uuid: &str) -> QueryResult<Option<Endpoint>> {
    endpoints::table
        .filter(endpoints::replaces.eq(uuid))
        .filter(endpoints::deleted_at.is_null())
        .order((endpoints::created_at.desc(), endpoints::uuid))
        .select(Endpoint::as_select())
        .first(conn)
        .optional()
}

/// Sets when an endpoint is deleted, since another takes its place; none keeps it. What stood in the way of that before is
/// forgotten. Times in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn set_retirement(conn: &mut AnyConnection, uuid: &str, at: Option<i64>, now: i64) -> QueryResult<()> {
    diesel::update(endpoints::table.find(uuid).filter(endpoints::deleted_at.is_null()))
        .set((endpoints::retire_at.eq(at), endpoints::updated_at.eq(now), endpoints::last_error.eq(None::<String>)))
        .execute(conn)
        .map(drop)
}

/// The endpoints whose time to be deleted has come, the one that waited longest first.
///
/// # Errors
/// When the query fails.
pub fn due_to_retire(conn: &mut AnyConnection, now: i64) -> QueryResult<Vec<Endpoint>> {
    endpoints::table
        .filter(endpoints::retire_at.le(now))
        .filter(endpoints::deleted_at.is_null())
        .order((endpoints::retire_at, endpoints::uuid))
        .select(Endpoint::as_select())
        .load(conn)
}

/// Records what stands in an endpoint's way, without touching anything else of it.
///
/// # Errors
/// When the query fails.
pub fn note(conn: &mut AnyConnection, uuid: &str, problem: &str) -> QueryResult<()> {
    diesel::update(endpoints::table.find(uuid)).set(endpoints::last_error.eq(problem)).execute(conn).map(drop)
}

/// The secret with this row number.
///
/// # Errors
/// When the query fails.
pub fn find_secret(conn: &mut AnyConnection, id: i64) -> QueryResult<Option<Secret>> {
    endpoint_secrets::table.find(id).select(Secret::as_select()).first(conn).optional()
}

/// Lets the endpoint's other secrets expire at a time, unless they do so earlier; how many that changed.
///
/// # Errors
/// When the query fails.
pub fn expire_other_secrets(conn: &mut AnyConnection, endpoint_uuid: &str, keep: i64, at: i64) -> QueryResult<usize> {
    let others = endpoint_secrets::table
        .filter(endpoint_secrets::endpoint_uuid.eq(endpoint_uuid))
        .filter(endpoint_secrets::id.ne(keep))
        .filter(endpoint_secrets::expires_at.is_null().or(endpoint_secrets::expires_at.gt(at)));
    diesel::update(others).set(endpoint_secrets::expires_at.eq(at)).execute(conn)
}

/// Lets one secret expire at a time, unless it does so earlier.
///
/// # Errors
/// When the query fails.
pub fn expire_secret(conn: &mut AnyConnection, id: i64, at: i64) -> QueryResult<()> {
    let later = endpoint_secrets::expires_at.is_null().or(endpoint_secrets::expires_at.gt(at));
    diesel::update(endpoint_secrets::table.find(id).filter(later))
        .set(endpoint_secrets::expires_at.eq(at))
        .execute(conn)
        .map(drop)
}

/// The row numbers of secrets that are of no use since a time: they expired, or their endpoint was deleted.
///
/// # Errors
/// When the query fails.
pub fn ended_secrets(conn: &mut AnyConnection, since: i64) -> QueryResult<Vec<i64>> {
    let deleted = endpoints::table.filter(endpoints::deleted_at.le(since)).select(endpoints::uuid);
    endpoint_secrets::table
        .filter(
            endpoint_secrets::expires_at
                .le(since)
                .assume_not_null()
                .or(endpoint_secrets::endpoint_uuid.eq_any(deleted)),
        )
        .order(endpoint_secrets::id)
        .select(endpoint_secrets::id)
        .load(conn)
}

/// Removes secrets; how many there were.
///
/// # Errors
/// When the query fails.
pub fn remove_secrets(conn: &mut AnyConnection, ids: &[i64]) -> QueryResult<usize> {
    let mut removed = 0;
    for id in ids {
        removed += diesel::delete(endpoint_secrets::table.find(id)).execute(conn)?;
    }
    Ok(removed)
}
