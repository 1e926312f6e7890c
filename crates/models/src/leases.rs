//! Leases: which process does a work that only one may do at a time.

use diesel::prelude::*;

use crate::db::AnyConnection;
use crate::schema::leases;

/// Takes a lease, or holds it longer; whether the holder has it until `until`. A lease that has ended is anybody's. Times
/// in unix milliseconds.
///
/// # Errors
/// When a query fails.
pub fn take(conn: &mut AnyConnection, name: &str, holder: &str, now: i64, until: i64) -> QueryResult<bool> {
    let mine_or_over = leases::table.find(name).filter(leases::holder.eq(holder).or(leases::until_at.le(now)));
    let taken =
        diesel::update(mine_or_over).set((leases::holder.eq(holder), leases::until_at.eq(until))).execute(conn)?;
    if taken == 1 {
        return Ok(true);
    }
    if diesel::select(diesel::dsl::exists(leases::table.find(name))).get_result(conn)? {
        return Ok(false);
    }
    // Two that meet a lease nobody ever had: the second one's insertion fails, and it asks again later.
    let row = (leases::name.eq(name), leases::holder.eq(holder), leases::until_at.eq(until));
    match crate::db::savepoint(conn, |conn| diesel::insert_into(leases::table).values(row).execute(conn)) {
        Ok(_) => Ok(true),
        Err(diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether somebody has a lease; `now` in unix milliseconds.
///
/// # Errors
/// When the query fails.
pub fn is_held(conn: &mut AnyConnection, name: &str, now: i64) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(leases::table.find(name).filter(leases::until_at.gt(now)))).get_result(conn)
}

/// Gives a lease back, so that another process can take it at once.
///
/// # Errors
/// When the query fails.
pub fn give_back(conn: &mut AnyConnection, name: &str, holder: &str) -> QueryResult<()> {
    diesel::delete(leases::table.find(name).filter(leases::holder.eq(holder))).execute(conn).map(drop)
}
