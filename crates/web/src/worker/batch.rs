//! Several events in one transaction: all of it at once while everything goes well, and event by event once something fails.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use tollgate_models::claims::{self, Ended};
use tollgate_models::events::Status;
use tollgate_models::mirror::{self, Change};
use tollgate_models::refetches::{self, NewRefetch};
use tollgate_models::runs::{self, NewRun};
use tollgate_models::tasks::{self, NewTask};
use tollgate_models::{AnyConnection, Database, Durability, Error, Lane};

use super::Worker;
use super::attempt::{Attempt, Failure, Prepared};
use crate::handlers::OnCommit;

/// Events that are mirrored by the same statements.
const LAYER: usize = 64;
/// How long one transaction goes on to the next events; then it commits and lets others write.
const LONGEST_TRANSACTION: Duration = Duration::from_millis(50);

/// How the events of a transaction are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Not at all: if one fails, all of them are rolled back and taken again.
    Together,
    /// By a savepoint for each: one that fails costs only itself.
    Apart,
}

/// How a transaction goes over its events.
struct Pass<'a> {
    mode: Mode,
    /// Those that failed in the other mode.
    before: &'a [Failed],
    /// When it began, in unix milliseconds.
    now: i64,
}

/// What a transaction did.
#[derive(Default)]
struct Done<'a> {
    ended: Vec<(i64, Ended)>,
    runs: Vec<NewRun>,
    tasks: Vec<NewTask>,
    refetches: Vec<NewRefetch<'a>>,
    on_commit: Vec<OnCommit>,
}

/// How an event failed in a transaction that was rolled back for it: that is recorded, and its handlers are not run twice.
pub(super) struct Failed {
    seq: i64,
    failure: Failure,
    runs: Vec<NewRun>,
}

/// A transaction that is to be taken again in the other mode, and the event it failed by, if that is known.
struct TakeAgain(Option<Failed>);

/// What became of events that were to be processed.
pub(super) enum Outcome {
    /// So many of them, from the first one on, are done and committed.
    Done(usize),
    /// None is, since one failed.
    Failed(Option<Failed>),
}

impl Worker {
    /// Processes events, from the first one on, in one transaction that ends when it has gone on for long enough. One that
    /// failed in the other mode before is only recorded.
    pub(super) fn process(&self, events: &[Prepared], mode: Mode, before: &[Failed]) -> Result<Outcome, Error> {
        let (now, started) = (self.shared.clock.now_millis(), Instant::now());
        let mut failed = None;
        let done = self.shared.database.work(|conn| {
            if self.shared.has_handlers() {
                Database::name_transaction(conn, &self.slot.name)?;
            }
            let done = match self.attempt_all(conn, events, &Pass { mode, before, now }) {
                Ok(done) => done,
                Err(TakeAgain(by)) => {
                    failed = Some(by);
                    return Err(tollgate_models::db::rollback().into());
                }
            };
            self.record(conn, &done)?;
            if done.ended.len() < events.len() {
                claims::renew(conn, &self.slot.name, now + super::LEASE)?;
            }
            let durability = if done.on_commit.is_empty() { Durability::Soon } else { Durability::Now };
            Ok((done, durability))
        });
        if let Some(by) = failed.filter(|_| mode == Mode::Together) {
            return Ok(Outcome::Failed(by));
        }
        let done = done?;
        if !done.refetches.is_empty() {
            self.shared.truth_alarm.ring();
        }
        if !done.tasks.is_empty() {
            self.shared.tasks_alarm.ring();
        }
        let count = done.ended.len();
        let recorded = events.iter().zip(&done.ended).map(|(prepared, (_, ended))| (&prepared.claimed.event, ended));
        self.shared.ended(recorded, &done.runs);
        self.shared.metrics.work().committed(count, started.elapsed());
        let ids = events.iter().map(|prepared| prepared.claimed.event.id.as_str());
        self.shared.waits.tell(ids.zip(done.ended.iter().map(|(_, ended)| ended.status)));
        done.on_commit.into_iter().for_each(call_back);
        Ok(Outcome::Done(count))
    }

    /// Records the failure of an event whose attempt could not be recorded: if the claim is still this worker's, what was
    /// rolled back had changed the event's own row.
    pub(super) fn record_loss(&self, prepared: &Prepared) -> Result<(), Error> {
        let (row, now) = (&prepared.claimed.event, self.shared.clock.now_millis());
        let failure = Failure::again("a handler changed or deleted the event's own row, which is Tollgate's");
        let ended = super::attempt::failed(row, &failure, &self.shared.retry_delays, now);
        let deaths = if ended.status == Status::Dead {
            super::attempt::death(&self.shared, row, &failure, &ended)
        } else {
            Vec::new()
        };
        let recorded = self.shared.database.write(Lane::Ordinary, |conn| -> Result<bool, Error> {
            let mine = claims::finish(conn, row.seq, &self.slot.name, &ended)?;
            if mine {
                tasks::insert(conn, &deaths)?;
            }
            Ok(mine)
        })?;
        if recorded {
            self.shared.ended(std::iter::once((row, &ended)), &[]);
        }
        Ok(())
    }

    fn record(&self, conn: &mut AnyConnection, done: &Done<'_>) -> Result<(), Error> {
        refetches::want(conn, &done.refetches)?;
        runs::insert(conn, &done.runs)?;
        tasks::insert(conn, &done.tasks)?;
        if !claims::finish_all(conn, &self.slot.name, &done.ended)? {
            // Another worker has one of them by now; what this one did must not count twice.
            return Err(Error::LostClaim);
        }
        Ok(())
    }

    fn attempt_all<'a>(
        &'a self,
        conn: &mut AnyConnection,
        events: &'a [Prepared],
        pass: &Pass<'_>,
    ) -> Result<Done<'a>, TakeAgain> {
        let (started, mut done) = (Instant::now(), Done::default());
        let mut left = events;
        while !left.is_empty() {
            let (layer, rest) = left.split_at(layer(left));
            for mut attempt in self.attempt_layer(conn, layer, pass)? {
                let ended = attempt.ended(pass.now);
                done.tasks.append(&mut attempt.tasks(&ended));
                done.ended.push((attempt.prepared.claimed.event.seq, ended));
                done.refetches.extend(attempt.refetch(pass.now));
                done.runs.append(&mut attempt.runs);
                done.on_commit.append(&mut attempt.on_commit);
            }
            left = rest;
            let enough = started.elapsed() > LONGEST_TRANSACTION || self.shared.database.intake_waits();
            if enough {
                break;
            }
        }
        Ok(done)
    }

    fn attempt_layer<'a>(
        &'a self,
        conn: &mut AnyConnection,
        layer: &'a [Prepared],
        pass: &Pass<'_>,
    ) -> Result<Vec<Attempt<'a>>, TakeAgain> {
        let attempt = |prepared| Attempt::new(&self.shared, &self.slot, prepared);
        let mut attempts: Vec<Attempt<'_>> = layer.iter().map(attempt).collect();
        if pass.mode == Mode::Apart {
            for attempt in &mut attempts {
                match pass.before.iter().find(|failed| failed.seq == attempt.prepared.claimed.event.seq) {
                    Some(failed) => attempt.failed_before(failed.failure.clone(), failed.runs.clone()),
                    None => attempt.run_alone(conn),
                }
            }
            return Ok(attempts);
        }
        let (with_change, changes): (Vec<usize>, Vec<Change<'_>>) =
            layer.iter().enumerate().filter_map(|(index, prepared)| Some((index, prepared.change()?))).unzip();
        let outcomes = mirror::apply_all(conn, &changes).map_err(|_| TakeAgain(None))?;
        for (index, outcome) in with_change.into_iter().zip(outcomes) {
            if let Some(attempt) = attempts.get_mut(index) {
                attempt.mirrored(outcome);
            }
        }
        for attempt in &mut attempts {
            attempt.handle(conn).map_err(|error| TakeAgain(failed_by(attempt, &error)))?;
        }
        Ok(attempts)
    }
}

fn failed_by(attempt: &mut Attempt<'_>, error: &dyn std::error::Error) -> Option<Failed> {
    attempt.undone(error);
    let failure = attempt.failure.clone()?;
    // PostgreSQL says this of every statement after one that failed, which may have been another event's.
    let seq = attempt.prepared.claimed.event.seq;
    let known = !failure.text.contains(tollgate_models::db::ABORTED);
    known.then(|| Failed { seq, failure, runs: std::mem::take(&mut attempt.runs) })
}

// How many events, from the first one on, are about objects of their own: a handler shall see the mirror as of its event.
fn layer(events: &[Prepared]) -> usize {
    let mut seen = HashSet::new();
    events
        .iter()
        .take(LAYER)
        .take_while(|prepared| {
            let change = prepared.change();
            let place = change.as_ref().and_then(Change::place).map(|(kind, id)| (kind.to_owned(), id.to_owned()));
            place.is_none_or(|place| seen.insert(place))
        })
        .count()
}

// After a commit; a panic there is logged and harms nobody else.
fn call_back(callback: OnCommit) {
    if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(callback)) {
        tracing::error!(panic = super::text::of_panic(&*panic), "an on_commit callback panicked");
    }
}
