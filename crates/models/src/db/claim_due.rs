//! The statements that claim events and tasks: the same on both databases but for the locks that PostgreSQL takes.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::{AnyConnection, MultiBackend};
use crate::claims::Claim;

/// Which events are claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Those that no worker died of.
    Ordinary,
    /// Those that one did.
    Suspected,
}

#[derive(QueryableByName)]
struct Seq {
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// Claims up to `limit` events that are due, about objects that no worker has an event of, and answers their numbers.
/// The caller holds the lock on claims.
pub(crate) fn claim_due(conn: &mut AnyConnection, claim: Claim<'_>, due: Due, limit: i64) -> QueryResult<Vec<i64>> {
    // Rows that are being finished or replayed just now are left to the next claim.
    let skip = match conn {
        AnyConnection::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        AnyConnection::Sqlite(_) => "",
    };
    // The conditions of the partial indexes are repeated word for word, since SQLite compares them so.
    let (which, order) = match due {
        Due::Ordinary => ("crashes = 0", "created, seq"),
        Due::Suspected => ("crashes > 0", "crashes, seq"),
    };
    // Materialized, since PostgreSQL might otherwise run the inner query again for each row, and lock more than the limit.
    let sql = format!(
        "WITH due AS MATERIALIZED (SELECT seq FROM events WHERE {which} AND status IN ('pending', 'failed') \
         AND (attempts = 0 OR next_attempt_at <= $1) AND (object_id IS NULL OR object_id NOT IN (SELECT object_id FROM events \
         WHERE status <> 'processed' AND status = 'processing' AND object_id IS NOT NULL)) \
         ORDER BY {order} LIMIT $2 {skip}) \
         UPDATE events SET status = 'processing', claimed_by = $3, claimed_until_at = $4 \
         WHERE seq IN (SELECT seq FROM due) RETURNING seq"
    );
    let claimed: Vec<Seq> = diesel::sql_query(sql)
        .bind::<BigInt, _>(claim.now)
        .bind::<BigInt, _>(limit)
        .bind::<Text, _>(claim.worker)
        .bind::<BigInt, _>(claim.until)
        .load(conn)?;
    Ok(claimed.into_iter().map(|row| row.seq).collect())
}

/// Claims up to `limit` tasks that are due and answers their numbers.
pub(crate) fn claim_tasks(
    conn: &mut AnyConnection,
    claim: Claim<'_>,
    handlers: &[String],
    limit: i64,
) -> QueryResult<Vec<i64>> {
    if handlers.is_empty() {
        return Ok(Vec::new());
    }
    let skip = match conn {
        AnyConnection::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        AnyConnection::Sqlite(_) => "",
    };
    // SQLite numbers parameters in the order in which they stand.
    let names: Vec<String> = (2..).take(handlers.len()).map(|number| format!("${number}")).collect();
    let (names, next) = (names.join(", "), handlers.len() + 2);
    let (limited, worker_place, until) = (next, next + 1, next + 2);
    let sql = format!(
        "WITH due AS MATERIALIZED (SELECT id FROM tasks WHERE status IN ('pending', 'running', 'failed') \
         AND next_attempt_at <= $1 AND (status <> 'running' OR claimed_until_at <= $1) \
         AND handler IN ({names}) \
         ORDER BY next_attempt_at, id LIMIT ${limited} {skip}) \
         UPDATE tasks SET status = 'running', claimed_by = ${worker_place}, claimed_until_at = ${until} \
         WHERE id IN (SELECT id FROM due) RETURNING id AS seq"
    );
    let mut query = diesel::sql_query(sql).into_boxed::<MultiBackend>().bind::<BigInt, _>(claim.now);
    for handler in handlers {
        query = query.bind::<Text, _>(handler);
    }
    let query = query.bind::<BigInt, _>(limit).bind::<Text, _>(claim.worker).bind::<BigInt, _>(claim.until);
    let claimed: Vec<Seq> = query.load(conn)?;
    Ok(claimed.into_iter().map(|row| row.seq).collect())
}
