//! What people did to an event: who replayed it or retried its tasks, and why.

use tollgate_models::audit::Entry;
use tollgate_models::events::{Cause, Event};
use tollgate_models::runs::Run;

use crate::admin::audit_log::in_words;
use crate::admin::show::Stamp;

/// The newest entries that an event's page shows.
pub(super) const MOST: usize = 20;

/// One thing that somebody did.
pub(in crate::admin) struct Deed {
    pub(super) action: String,
    pub(super) who: String,
    pub(super) why: String,
    pub(super) at: Stamp,
}

/// The entries of the audit log about an event.
pub(super) fn deeds(entries: Vec<Entry>, now: i64) -> Vec<Deed> {
    entries
        .into_iter()
        .map(|entry| Deed {
            action: in_words(&entry.action),
            who: entry.actor,
            why: entry.detail,
            at: Stamp::short(entry.at, now),
        })
        .collect()
}

/// Whether it was replayed, and nobody is noted for it: then it was one of many.
pub(super) fn is_one_of_many(event: &Event, runs: &[Run], entries: &[Entry]) -> bool {
    let replayed = event.cause == Cause::Replay || runs.iter().any(|run| run.cause == Cause::Replay);
    replayed && !entries.iter().any(|entry| entry.action == "event.replayed")
}
