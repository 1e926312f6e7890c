//! One attempt on one event: what is mirrored of it, which handlers run, and how it ended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rand::RngExt;
use serde_json::json;
use tollgate_models::claims::{Claimed, Ended};
use tollgate_models::events::{Cause, Status, Tie};
use tollgate_models::mirror::{self, Applied, Change, Subject};
use tollgate_models::refetches::{NewRefetch, Reason};
use tollgate_models::runs::{NewRun, Outcome};
use tollgate_models::tasks::NewTask;
use tollgate_models::{AnyConnection, QueryResult, db};
use tollgate_stripe_client::Event;

use super::slot::Slot;
use super::{Shared, text};
use crate::Context;
use crate::handlers::{Enqueued, HandlerEntry, OnCommit, idempotency_key};

/// A worker that dies of an event this often is given no further chance.
const MOST_CRASHES: i32 = 5;

/// Why an attempt failed.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) text: String,
    /// Trying again cannot help.
    pub(super) is_final: bool,
}

impl Failure {
    pub(super) fn again(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_final: false }
    }

    pub(super) fn last(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_final: true }
    }
}

/// An event with everything that must be known before its transaction begins.
pub(super) struct Prepared {
    pub(super) claimed: Claimed,
    /// The event, or why there is none to process.
    pub(super) event: Result<Event, Failure>,
    /// How its object was fetched; none if it came with the event.
    pub(super) fetched: Option<Fetched>,
}

/// When and how an object was fetched from Stripe.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    /// In unix seconds, before it was asked for.
    pub(super) at: i64,
    /// The API version it is rendered in.
    pub(super) api_version: String,
}

impl Prepared {
    /// An event that says everything itself.
    pub(super) fn new(claimed: Claimed) -> Self {
        let event = match &claimed.body {
            _ if claimed.event.crashes >= MOST_CRASHES => Err(Failure::last(format!(
                "a worker died {} times while it had this event: see what its handlers do, then replay it",
                claimed.event.crashes
            ))),
            None => Err(Failure::last("the payload is no longer kept")),
            Some(body) => Event::parse(body.as_bytes())
                .map_err(|error| Failure::last(format!("the payload cannot be read: {error}"))),
        };
        Self { claimed, event, fetched: None }
    }

    /// Whether nothing that could be asked of Stripe would help.
    pub(super) fn is_hopeless(&self) -> bool {
        self.claimed.body.is_none() || self.claimed.event.crashes >= MOST_CRASHES
    }

    /// What it says about its object; none without one.
    pub(super) fn change(&self) -> Option<Change<'_>> {
        let (event, row, fetched) = (self.event.as_ref().ok()?, &self.claimed.event, self.fetched.as_ref());
        Some(Change {
            object: event.data_object(),
            previous: event.previous_attributes(),
            event_id: Some(event.id()),
            event_type: event.type_(),
            fetched: fetched.is_some(),
            as_of: fetched.map_or(event.created(), |fetched| fetched.at),
            account: row.account.as_deref(),
            livemode: row.livemode,
            api_version: fetched.map(|fetched| fetched.api_version.as_str()).or(row.api_version.as_deref()),
        })
    }
}

/// An attempt, and after it what it left.
pub(super) struct Attempt<'a> {
    shared: &'a Shared,
    slot: &'a Slot,
    pub(super) prepared: &'a Prepared,
    pub(super) failure: Option<Failure>,
    mirrored: mirror::Outcome,
    handled: bool,
    pub(super) runs: Vec<NewRun>,
    enqueued: Vec<(String, Enqueued)>,
    pub(super) on_commit: Vec<OnCommit>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(shared: &'a Shared, slot: &'a Slot, prepared: &'a Prepared) -> Self {
        Self {
            shared,
            slot,
            prepared,
            failure: prepared.event.as_ref().err().cloned(),
            mirrored: mirror::Outcome { applied: Applied::Nothing, tie: None },
            handled: false,
            runs: Vec::new(),
            enqueued: Vec::new(),
            on_commit: Vec::new(),
        }
    }

    /// What the mirror did with it.
    pub(super) fn applied(&self) -> Applied {
        self.mirrored.applied
    }

    fn row(&self) -> &'a tollgate_models::events::Event {
        &self.prepared.claimed.event
    }

    fn number(&self) -> i32 {
        self.row().attempts.saturating_add(1)
    }

    /// Runs the whole of it in a savepoint: whatever it did is rolled back if it fails.
    pub(super) fn run_alone(&mut self, conn: &mut AnyConnection) {
        let Some(change) = self.prepared.change() else { return };
        let result = db::savepoint(conn, |conn| {
            self.mirrored = mirror::apply(conn, &change)?;
            self.handle(conn)
        });
        if let Err(error) = result {
            self.undone(&error);
        }
    }

    /// Takes over how it failed in a transaction that was rolled back for it.
    pub(super) fn failed_before(&mut self, failure: Failure, runs: Vec<NewRun>) {
        self.failure = Some(failure);
        self.runs = runs;
    }

    /// Takes over what the mirror did with it beside others.
    pub(super) fn mirrored(&mut self, outcome: mirror::Outcome) {
        self.mirrored = outcome;
    }

    /// What must be fetched for the mirror: an object whose lists go on at Stripe, or of which nothing tells which of two
    /// contents came later. `now` in unix milliseconds.
    pub(super) fn refetch(&self, now: i64) -> Option<NewRefetch<'a>> {
        let change = self.prepared.change().filter(|_| self.failure.is_none())?;
        let (object, id) = change.place()?;
        let goes_on = || mirror::kind(object).is_some_and(|kind| mirror::has_more(kind, change.object));
        let reason = match self.mirrored {
            mirror::Outcome { tie: Some(Tie::Arrival), .. } => Reason::Tie,
            mirror::Outcome { applied: Applied::Stored, .. } if !change.fetched && goes_on() => Reason::List,
            _ => return None,
        };
        let subject = Subject { object, id, livemode: change.livemode, account: change.account };
        Some(NewRefetch { event_id: change.event_id, ..NewRefetch::new(subject, reason, now) })
    }

    /// Runs the handlers, in the caller's transaction: an error means that this must be rolled back.
    pub(super) fn handle(&mut self, conn: &mut AnyConnection) -> QueryResult<()> {
        let prepared = self.prepared;
        let Ok(event) = &prepared.event else { return Ok(()) };
        if let Some(name) = self.row().only_handler.as_ref().filter(|name| self.shared.handlers.find(name).is_none()) {
            self.failure = Some(Failure::last(format!("there is no handler {name}, which the replay asked for")));
            return Err(db::rollback());
        }
        let matching = self.wanted(self.shared.handlers.matching(event.type_()));
        self.handled = !matching.is_empty();
        matching.into_iter().try_for_each(|entry| self.handle_by(conn, event, entry))
    }

    // All of them, or the one that a replay asked for.
    fn wanted<'b>(&self, entries: Vec<&'b HandlerEntry>) -> Vec<&'b HandlerEntry> {
        match &self.row().only_handler {
            None => entries,
            Some(name) => entries.into_iter().filter(|entry| entry.name == *name).collect(),
        }
    }

    fn handle_by(&mut self, conn: &mut AnyConnection, event: &Event, entry: &HandlerEntry) -> QueryResult<()> {
        let (attempt, started_at, started) = (self.number(), self.shared.clock.now_millis(), Instant::now());
        let row = self.row();
        let (depth, mut enqueued) = (db::depth(conn)?, Vec::new());
        let mut context = Context {
            conn,
            event,
            account: row.account.as_deref(),
            handlers: &self.shared.handlers,
            on_commit: &mut self.on_commit,
            enqueued: &mut enqueued,
            handler: &entry.name,
            attempt,
        };
        let slot = self.slot;
        slot.begin(row, &entry.name);
        let result = catch_unwind(AssertUnwindSafe(|| entry.run(event, &mut context)));
        slot.end();
        let left_open = db::depth(conn)? != depth;
        let (outcome, error) = match result {
            // It would swallow the commit.
            Ok(Ok(())) if left_open => (Outcome::Failed, Some("it left a transaction open".to_owned())),
            Ok(Ok(())) => (Outcome::Succeeded, None),
            Ok(Err(error)) => (Outcome::Failed, Some(text::chain(error.as_ref()))),
            Err(panic) => (Outcome::Panicked, Some(format!("the handler panicked: {}", text::of_panic(&*panic)))),
        };
        self.enqueued.extend(enqueued.into_iter().map(|task| (entry.name.clone(), task)));
        self.failure = error.as_ref().map(|error| Failure::again(format!("{}: {error}", entry.name)));
        let run = NewRun {
            event_id: self.row().id.clone(),
            handler: entry.name.clone(),
            attempt,
            outcome,
            error,
            cause: self.row().cause,
            started_at,
            duration_us: i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX),
            task_id: None,
        };
        self.runs.push(run);
        if self.failure.is_some() { Err(db::rollback()) } else { Ok(()) }
    }

    /// Its transaction or savepoint is rolled back.
    pub(super) fn undone(&mut self, error: &dyn std::error::Error) {
        self.on_commit.clear();
        self.enqueued.clear();
        for run in &mut self.runs {
            if run.outcome == Outcome::Succeeded {
                run.outcome = Outcome::RolledBack;
            }
        }
        self.failure.get_or_insert_with(|| Failure::again(error.to_string()));
    }

    /// How it ended; `now` in unix milliseconds, the same for all that are recorded together.
    pub(super) fn ended(&self, now: i64) -> Ended {
        let (row, attempts) = (self.row(), self.number());
        let Some(failure) = &self.failure else {
            let nothing = self.mirrored.applied == Applied::Nothing && !self.handled && !self.has_tasks();
            return Ended {
                status: if nothing { Status::Ignored } else { Status::Processed },
                attempts,
                cause: row.cause,
                next_attempt_at: now,
                superseded: self.mirrored.applied == Applied::Superseded,
                tie: self.mirrored.tie,
                only_handler: None,
                error: None,
                at: now,
            };
        };
        failed(row, failure, &self.shared.retry_delays, now)
    }

    fn has_tasks(&self) -> bool {
        let prepared = self.prepared;
        prepared.event.as_ref().is_ok_and(|event| !self.shared.handlers.following(event.type_()).is_empty())
            || !self.enqueued.is_empty()
    }

    /// The tasks that follow its commit.
    pub(super) fn tasks(&self, ended: &Ended) -> Vec<NewTask> {
        let row = self.row();
        if let Some(failure) = &self.failure {
            return if ended.status == Status::Dead { death(self.shared, row, failure, ended) } else { Vec::new() };
        }
        let Ok(event) = &self.prepared.event else { return Vec::new() };
        let task = |handler: &str, idempotency_key: String, payload: Option<String>| NewTask {
            event_id: row.id.clone(),
            handler: handler.to_owned(),
            idempotency_key,
            payload,
            cause: row.cause,
            next_attempt_at: ended.at,
            created_at: ended.at,
        };
        let following = self.wanted(self.shared.handlers.following(event.type_()));
        let of_event =
            following.into_iter().map(|entry| task(&entry.name, idempotency_key(&row.id, &entry.name), None));
        let asked_for = self
            .enqueued
            .iter()
            .map(|(_, asked)| task(&asked.task, asked.idempotency_key.clone(), Some(asked.payload.clone())));
        of_event.chain(asked_for).collect()
    }
}

/// How an attempt that failed is recorded: another one follows, or the event is dead.
pub(super) fn failed(row: &tollgate_models::events::Event, failure: &Failure, delays: &[Duration], now: i64) -> Ended {
    let attempts = row.attempts.saturating_add(1);
    let delay = usize::try_from(attempts - 1).ok().and_then(|index| delays.get(index));
    let (status, cause, wait) = match delay {
        Some(delay) if !failure.is_final => (Status::Failed, Cause::Retry, with_jitter(*delay)),
        _ => (Status::Dead, row.cause, 0),
    };
    Ended {
        status,
        attempts,
        cause,
        next_attempt_at: now + wait,
        superseded: false,
        tie: None,
        only_handler: row.only_handler.clone(),
        error: Some(failure.text.clone()),
        at: now,
    }
}

/// The tasks that tell of an event's death.
pub(super) fn death(
    shared: &Shared,
    row: &tollgate_models::events::Event,
    failure: &Failure,
    ended: &Ended,
) -> Vec<NewTask> {
    let object = json!({
        "id": row.id, "object": "tollgate.event", "type": row.type_, "livemode": row.livemode, "account": row.account,
        "object_id": row.object_id, "attempts": ended.attempts, "error": failure.text,
    });
    super::own_event(shared, "tollgate.event.dead", &row.id, object, row.livemode, ended.at)
}

/// Between 80 and 120 per cent of a delay, so that what failed together does not come back together. In milliseconds.
pub(super) fn with_jitter(delay: Duration) -> i64 {
    let millis = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX / 256);
    millis.saturating_mul(rand::rng().random_range(80..=120)) / 100
}
