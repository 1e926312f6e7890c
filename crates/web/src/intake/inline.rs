//! Deliveries that are answered only after their handlers have committed, for endpoints and types that ask for it.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout_at};
use tollgate_models::deliveries;
use tollgate_models::events::{self, Status};

use crate::worker::Wait;
use crate::{Db, Error};

/// How often the database is asked, for events that another process works on.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What became of an event while its delivery waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its handlers have committed.
    Done,
    /// They have not: Stripe is to send it again.
    Failed,
    /// The time was up; the work goes on.
    Queued,
}

impl Fate {
    /// What it is counted as.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "processed",
            Self::Failed => "failed",
            Self::Queued => "queued",
        }
    }
}

/// Waits until an event's attempt has ended, for at most until `deadline`.
pub(super) async fn fate(mut wait: Wait, db: &Db, event_id: &str, deadline: Instant) -> Fate {
    let mut looks = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ended = async {
        loop {
            tokio::select! {
                told = &mut wait.ended => match told {
                    Ok(status) => return of(status),
                    // Nobody in this process will tell.
                    Err(_) => return look(db, event_id).await,
                },
                _ = looks.tick() => {
                    if let Some(fate) = look(db, event_id).await {
                        return Some(fate);
                    }
                }
            }
        }
    };
    timeout_at(deadline, ended).await.ok().flatten().unwrap_or(Fate::Queued)
}

async fn look(db: &Db, event_id: &str) -> Option<Fate> {
    let id = event_id.to_owned();
    match db.read(move |conn| events::find(conn, &id)).await {
        Ok(event) => event.and_then(|event| of(event.status)),
        Err(error) => {
            tracing::debug!(%error, "could not look how far an event is");
            None
        }
    }
}

fn of(status: Status) -> Option<Fate> {
    match status {
        Status::Processed | Status::Ignored => Some(Fate::Done),
        Status::Failed | Status::Dead => Some(Fate::Failed),
        Status::Pending | Status::Processing => None,
    }
}

/// Notes in the log that a delivery was answered otherwise than was meant when it was stored.
pub(super) async fn note_answer(db: &Db, delivery_id: i64, http_status: u16) {
    let noted: Result<(), Error> =
        db.write(move |conn| deliveries::set_http_status(conn, delivery_id, i32::from(http_status))).await;
    if let Err(error) = noted {
        tracing::warn!(%error, "could not note in the log how a delivery was answered");
    }
}
