//! Word between processes on one PostgreSQL database: this one tells the others of new events, and hears of theirs.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tollgate_models::Database;
use tollgate_models::db::Listener;

use super::{Alarm, POLL, Shared};

/// Others are told at most this often.
const TELL_EVERY: Duration = Duration::from_millis(20);

/// Tells other processes whenever the alarm rings, until the database handle's owner is gone.
pub(super) fn tell(shared: &Arc<Shared>, told: &Alarm) {
    while !shared.stopping.load(Ordering::Relaxed) {
        if told.wait(POLL) {
            if let Err(error) = shared.database.notify() {
                tracing::debug!(%error, "could not tell other processes of new events; they look for themselves");
            }
            std::thread::sleep(TELL_EVERY);
        }
    }
}

/// Rings the alarm whenever another process tells of new events.
pub(super) fn hear(shared: &Arc<Shared>) {
    let mut listener: Option<Listener> = None;
    while !shared.stopping.load(Ordering::Relaxed) {
        match wait(&mut listener, &shared.database) {
            Ok(true) => shared.alarm.ring(),
            Ok(false) => {}
            Err(error) => {
                tracing::debug!(%error, "could not listen to other processes; trying again");
                listener = None;
                shared.stop_bell.wait(POLL);
            }
        }
    }
}

fn wait(listener: &mut Option<Listener>, database: &Database) -> Result<bool, tollgate_models::Error> {
    if listener.is_none() {
        *listener = database.listen()?;
        // What came before it listened, nobody told.
        return Ok(true);
    }
    match listener {
        Some(listener) => listener.wait(POLL),
        None => Ok(false),
    }
}
