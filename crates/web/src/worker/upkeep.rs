//! Retention in the background: every few minutes, what has become too old goes, a chunk at a time.

use std::time::Duration;

use tollgate_models::retention::{Counts, Kind};
use tollgate_models::{Error, db};

use super::Shared;
use crate::Config;
use crate::lease::Lease;
use crate::retention::sweep::{Cursor, Step};
use crate::retention::{LEAST_AGE, TOO_YOUNG};

/// How often it is looked for what has become too old, in milliseconds.
const ROUND_EVERY: i64 = 5 * 60 * 1000;

/// How long what is kept; without a time, for ever.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep([(Kind, Option<Duration>); 4]);

impl Keep {
    pub(super) fn new(config: &Config) -> Self {
        Self([
            (Kind::Payloads, config.keep_payloads),
            (Kind::Events, config.keep_events),
            (Kind::Deliveries, config.keep_deliveries),
            // After the payloads, whose contents it gets.
            (Kind::History, config.keep_history),
        ])
    }

    fn history(&self) -> Option<Duration> {
        self.0.iter().find(|(kind, _)| *kind == Kind::History)?.1
    }
}

/// What is left to do of a round, and when the next one begins.
pub(super) struct Upkeep {
    left: Vec<(Kind, Duration)>,
    next_round: i64,
    round: Counts,
}

impl Upkeep {
    pub(super) fn new(keep: &Keep) -> Self {
        let young = |(kind, keep): &(Kind, Option<Duration>)| {
            *kind == Kind::Events && keep.is_some_and(|keep| keep < LEAST_AGE)
        };
        if keep.0.iter().any(young) {
            tracing::warn!("TOLLGATE_KEEP_EVENTS is too short: {TOO_YOUNG}");
        }
        Self { left: Vec::new(), next_round: i64::MIN, round: Counts::default() }
    }

    /// Takes the next step: for how long to leave the database to others before another one. None when there is nothing to do.
    pub(super) fn step(&mut self, shared: &Shared, lease: &Lease) -> Result<Option<Duration>, Error> {
        let now = shared.clock.now_millis();
        if self.left.is_empty() && now >= self.next_round {
            self.next_round = now + ROUND_EVERY;
            self.left = shared.keep.0.iter().rev().filter_map(|(kind, keep)| Some((*kind, (*keep)?))).collect();
        }
        let Some((kind, older_than)) = self.left.last().copied() else { return Ok(None) };
        let cursor = Cursor::find(&shared.database, kind, now)?;
        let keep_history = shared.keep.history();
        let step = Step { kind, older_than, failed_too: false, keep_history, after: cursor.position() };
        let taken = step.delete_and(&shared.database, &shared.clock, |conn, end| {
            if !lease.take(conn, now)? {
                return Err(db::rollback().into());
            }
            cursor.advance(conn, kind, end)
        });
        let taken = match taken {
            // Another process does it.
            Err(Error::Query(error)) if db::is_rollback(&error) => {
                self.left.clear();
                return Ok(None);
            }
            other => other?,
        };
        self.round += taken.counts;
        if !taken.more {
            self.left.pop();
        }
        if self.left.is_empty() {
            self.tell();
        }
        shared.metrics.work().pruned(&taken.counts);
        Ok(Some(taken.pause()))
    }

    fn tell(&mut self) {
        let Counts { events, payloads, deliveries, versions, .. } = std::mem::take(&mut self.round);
        if events + payloads + deliveries + versions > 0 {
            tracing::info!(events, payloads, deliveries, versions, "deleted what is older than the settings keep");
        }
    }
}
