//! Figures for the dashboard: events and refusals by hour, and how many are in trouble.

use std::collections::BTreeMap;

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use crate::db::AnyConnection;
use crate::events::{Status, has_status};
use crate::schema::{deliveries, events};

/// What happened in one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// Events that arrived and are processed or under way.
    pub fine: i64,
    /// Events that arrived and are failed or dead now.
    pub in_trouble: i64,
    /// Deliveries that were refused.
    pub refused: i64,
}

#[derive(QueryableByName)]
struct Arrived {
    #[diesel(sql_type = BigInt)]
    hour: i64,
    #[diesel(sql_type = Text)]
    status: Status,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Counts by hour of arrival (unix milliseconds / 3,600,000), from `since` on, in unix milliseconds. Quiet hours are left out.
///
/// # Errors
/// When a query fails.
pub fn by_hour(conn: &mut AnyConnection, since: i64) -> QueryResult<BTreeMap<i64, Hour>> {
    let mut hours: BTreeMap<i64, Hour> = BTreeMap::new();
    let arrived: Vec<Arrived> = diesel::sql_query(
        "SELECT received_at / 3600000 AS hour, status, count(*) AS count FROM events WHERE received_at >= $1 \
         GROUP BY received_at / 3600000, status",
    )
    .bind::<BigInt, _>(since)
    .load(conn)?;
    for Arrived { hour, status, count } in arrived {
        let hour = hours.entry(hour).or_default();
        match status {
            Status::Failed | Status::Dead => hour.in_trouble += count,
            _ => hour.fine += count,
        }
    }
    let refused: Vec<(i64, i64)> = deliveries::table
        .filter(sql::<Bool>("outcome = 'refused'"))
        .filter(deliveries::received_at.ge(since))
        .group_by(sql::<BigInt>("received_at / 3600000"))
        .select((sql::<BigInt>("received_at / 3600000"), sql::<BigInt>("CAST(sum(repeats) AS BIGINT)")))
        .load(conn)?;
    for (hour, count) in refused {
        hours.entry(hour).or_default().refused += count;
    }
    Ok(hours)
}

/// How many events are failed, and how many are dead.
///
/// # Errors
/// When a query fails.
pub fn in_trouble(conn: &mut AnyConnection) -> QueryResult<(i64, i64)> {
    let mut count = |status| events::table.filter(has_status(status)).select(count_star()).first(conn);
    Ok((count(Status::Failed)?, count(Status::Dead)?))
}

/// Refusals by reason code from `since` on, in unix milliseconds, most first.
///
/// # Errors
/// When the query fails.
pub fn refusals(conn: &mut AnyConnection, since: i64) -> QueryResult<Vec<(String, i64)>> {
    deliveries::table
        .filter(sql::<Bool>("outcome = 'refused'"))
        .filter(deliveries::received_at.ge(since))
        .group_by(deliveries::reason)
        .select((sql::<Text>("coalesce(reason, '')"), sql::<BigInt>("CAST(sum(repeats) AS BIGINT)")))
        .order(sql::<BigInt>("2").desc())
        .load(conn)
}
