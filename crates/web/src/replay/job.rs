//! A step of a replay of many events.

use tollgate_models::events::{self, Filter};
use tollgate_models::replays::{self, Replay, Status, Step};
use tollgate_models::{Database, Error, Lane};

use crate::Clock;

/// Events put back by one transaction.
const CHUNK: i64 = 500;

/// Puts the next events of a replay back, and records how far it is: whether there is more to do.
///
/// # Errors
/// When the database fails; nothing of the step is done then.
pub(crate) fn step(database: &Database, clock: &Clock, replay: &Replay) -> Result<bool, Error> {
    let now = clock.now_millis();
    let filter: Filter = match serde_json::from_str(&replay.filter) {
        Ok(filter) => filter,
        Err(error) => {
            let text = format!("its filter cannot be read: {error}");
            database.write(Lane::Ordinary, |conn| replays::end(conn, replay.id, Status::Failed, Some(&text), now))?;
            return Ok(false);
        }
    };
    let found = database.read(|conn| events::ids(conn, &filter, replay.position, CHUNK))?;
    let meant: Vec<&str> = found.iter().filter(|(seq, _)| *seq <= replay.last).map(|(_, id)| id.as_str()).collect();
    let position = match found.last() {
        Some((seq, _)) if found.len() as i64 == CHUNK => (*seq).min(replay.last),
        _ => replay.last,
    };
    let ended = position >= replay.last;
    let stepped = database.write(Lane::Ordinary, |conn| -> Result<(), Error> {
        let replayed = events::replay(conn, &meant, replay.handler.as_deref(), now)?;
        let step = Step {
            from: replay.position,
            position,
            replayed: replayed as i64,
            skipped: (meant.len() - replayed) as i64,
        };
        if !replays::advance(conn, replay.id, step)? {
            return Err(tollgate_models::db::rollback().into());
        }
        if ended {
            replays::end(conn, replay.id, Status::Done, None, now)?;
        }
        Ok(())
    });
    match stepped {
        // It was stopped, or another process took this step.
        Err(Error::Query(error)) if tollgate_models::db::is_rollback(&error) => Ok(true),
        other => other.map(|()| !ended),
    }
}
