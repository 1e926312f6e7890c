//! Putting events back into the queue, so that their handlers run again.

use tollgate_models::events::{self, Filter};

use crate::audit::{self, Actor};
use crate::{Error, Tollgate};

/// Events put back by one transaction.
const CHUNK: i64 = 500;

/// Puts one event back into the queue.
///
/// # Errors
/// [`Error::NotFound`] when there is no such event, [`Error::Conflict`] while a worker has it.
pub async fn one(tollgate: &Tollgate, event_id: &str, actor: &Actor) -> Result<(), Error> {
    let (id, actor, now) = (event_id.to_owned(), actor.clone(), tollgate.clock().now_millis());
    let replayed = tollgate
        .db()
        .write(move |conn| {
            if events::find(conn, &id)?.is_none() {
                return Ok(None);
            }
            let replayed = events::replay(conn, &id, now)?;
            if replayed {
                audit::record(conn, &actor, "event.replayed", &id, "", now)?;
            }
            Ok::<_, tollgate_models::Error>(Some(replayed))
        })
        .await?;
    match replayed {
        Some(true) => {
            tollgate.workers().alarm().ring();
            Ok(())
        }
        Some(false) => Err(Error::Conflict("a worker has this event just now; try again in a moment".to_owned())),
        None => Err(Error::NotFound(format!("there is no event {event_id:.255}"))),
    }
}

/// Puts every event that a filter finds back into the queue; how many that were.
///
/// # Errors
/// When the database fails; then the events replayed before stay in the queue.
pub async fn matching(tollgate: &Tollgate, filter: Filter, actor: &Actor) -> Result<usize, Error> {
    let (mut total, mut after) = (0, 0);
    // What arrives while this goes on is not meant.
    let until = filter.until.unwrap_or(tollgate.clock().now_millis() + 1);
    let filter = Filter { until: Some(until), ..filter };
    loop {
        let (filter, now) = (filter.clone(), tollgate.clock().now_millis());
        let (replayed, last) = tollgate
            .db()
            .write(move |conn| {
                let ids = events::ids(conn, &filter, after, CHUNK)?;
                let mut replayed = 0;
                for (_, id) in &ids {
                    replayed += usize::from(events::replay(conn, id, now)?);
                }
                Ok::<_, tollgate_models::Error>((replayed, ids.last().map(|(seq, _)| *seq)))
            })
            .await?;
        total += replayed;
        match last {
            Some(seq) => after = seq,
            None => break,
        }
        tollgate.workers().alarm().ring();
    }
    let (actor, now) = (actor.clone(), tollgate.clock().now_millis());
    let detail = format!("{total} events");
    tollgate.db().write(move |conn| audit::record(conn, &actor, "events.replayed", "events", &detail, now)).await?;
    Ok(total)
}
