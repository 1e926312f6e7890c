//! Copies that came by shadows, later: what came by no other endpoint is taken in, and what is old goes.

use std::collections::BTreeSet;

use tollgate_models::{AnyConnection, Database, Error as DbError, Lane, QueryResult, shadow_events};

use crate::{Clock, Error, Tollgate};

/// Copies that are settled in one transaction.
const CHUNK: i64 = 200;
/// Bodies of each type that are kept.
const BODIES: i64 = 200;
/// How long copies are kept, in milliseconds.
const KEPT: i64 = 7 * 24 * 3600 * 1000;

/// Takes in what came by a shadow alone, as the workers do by themselves; how many events that were. For tests, and for
/// applications that run their own loop.
///
/// # Errors
/// When the database fails.
pub async fn settle_due(tollgate: &Tollgate) -> Result<usize, Error> {
    let owned = tollgate.clone();
    let settled = actix_web::web::block(move || settle(owned.db().blocking(), owned.clock(), || Ok(true)));
    let taken_in = settled.await.map_err(Error::internal)??;
    tollgate.workers().announcement().ring();
    Ok(taken_in)
}

/// Whether there is something to settle or to remove.
pub(crate) fn is_due(conn: &mut AnyConnection, now: i64) -> QueryResult<bool> {
    let old = shadow_events::oldest(conn)?.is_some_and(|at| at < now - KEPT);
    Ok(old || !shadow_events::due(conn, now, 1)?.is_empty())
}

/// Settles what is due, as long as `go_on` says so; how many events were taken in.
pub(crate) fn settle(
    database: &Database,
    clock: &Clock,
    mut go_on: impl FnMut() -> Result<bool, DbError>,
) -> Result<usize, DbError> {
    let mut taken_in = 0;
    while go_on()? {
        let now = clock.now_millis();
        let copies = database.read(|conn| shadow_events::due(conn, now, CHUNK))?;
        if copies.is_empty() {
            break;
        }
        let types: BTreeSet<(&str, &str)> =
            copies.iter().map(|copy| (copy.endpoint_uuid.as_str(), copy.type_.as_str())).collect();
        let taken = database.write(Lane::Ordinary, |conn| -> QueryResult<_> {
            let taken = shadow_events::settle(conn, &copies, now)?;
            for (endpoint, event_type) in types {
                shadow_events::thin_out(conn, endpoint, event_type, BODIES)?;
            }
            Ok(taken)
        })?;
        if !taken.is_empty() {
            tracing::info!(events = taken.len(), "events that came by a shadow alone are taken in");
        }
        taken_in += taken.len();
    }
    let before = clock.now_millis() - KEPT;
    while go_on()? && database.write(Lane::Ordinary, |conn| shadow_events::remove_old(conn, before, CHUNK))? > 0 {}
    Ok(taken_in)
}
