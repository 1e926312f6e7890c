//! What is counted of the work on events and tasks.

use std::collections::HashMap;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tollgate_models::claims::Ended;
use tollgate_models::events::{Cause, Event, Status, Tie};
use tollgate_models::retention::Counts;
use tollgate_models::runs::{NewRun, Outcome};
use tollgate_models::tasks;
use tollgate_stripe_client::Error as StripeError;

use super::families::{Counters, DURATIONS, Labels, WAITS, counter, counters, sizes, times};
use crate::Handlers;
use crate::handlers::Place;

/// The series of the workers.
pub(crate) struct Work {
    attempts: Counters,
    retries: Counter,
    superseded: Counter,
    ties: Counters,
    completion: Histogram,
    batch: Histogram,
    transaction: Histogram,
    taken_back: Counter,
    broken_off: Counter,
    stripe: Counters,
    pruned: Counters,
    fetched: Counter,
    gaps: Counter,
    refetched: Counters,
    handlers: HashMap<String, Handler>,
}

/// The series of one handler.
struct Handler {
    runs: Counters,
    seconds: Histogram,
    overdue: Counter,
    /// None for one that runs in the event's transaction.
    tasks: Option<Counters>,
}

impl Work {
    pub(super) fn new(registry: &mut Registry, handlers: &Handlers) -> Self {
        let ended = [Status::Processed, Status::Ignored, Status::Failed, Status::Dead].map(Status::as_str);
        let ties = Tie::ALL.iter().map(|tie| tie.as_str());
        Self {
            attempts: counters(registry, "event_attempts", "Attempts on events, by how they ended", "outcome", ended),
            retries: counter(registry, "event_retries", "Attempts on events that had failed before"),
            superseded: counter(registry, "events_superseded", "Events that were older than the mirror's content"),
            ties: counters(
                registry,
                "event_ties",
                "Events of the same second as the mirror's content, by what settled the order",
                "settled_by",
                ties,
            ),
            completion: times(
                registry,
                "event_completion",
                "From an event's arrival to its end, replays and resends aside",
                WAITS,
            ),
            batch: sizes(registry, "worker_batch_events", "Events that were processed in one transaction"),
            transaction: times(
                registry,
                "worker_transaction",
                "How long a worker's transaction took, with the wait for its turn to write",
                DURATIONS,
            ),
            taken_back: counter(
                registry,
                "events_taken_back",
                "Events that were taken over from workers that are gone",
            ),
            broken_off: counter(
                registry,
                "transactions_broken_off",
                "Transactions that were broken off over a handler",
            ),
            stripe: counters(
                registry,
                "stripe_calls",
                "Calls of Stripe's API by the workers",
                "result",
                ["ok", "missing", "refused", "rate_limited", "server_error", "no_answer", "not_understood"],
            ),
            pruned: counters(
                registry,
                "rows_pruned",
                "Rows that were deleted since they are older than the settings keep",
                "table",
                ["events", "event_payloads", "runs", "tasks", "deliveries", "object_versions"],
            ),
            fetched: counter(
                registry,
                "events_fetched",
                "Events that never arrived and were fetched from Stripe's log",
            ),
            gaps: counter(registry, "mirror_gaps", "Objects whose events tell that one before them never arrived"),
            refetched: counters(
                registry,
                "refetches",
                "Objects that were fetched for the mirror in the background, by how that ended",
                "result",
                ["done", "gone", "again", "failed"],
            ),
            handlers: each_handler(registry, handlers),
        }
    }

    /// A worker's transaction is committed.
    pub(crate) fn committed(&self, events: usize, took: Duration) {
        self.batch.observe(events as f64);
        self.transaction.observe(took.as_secs_f64());
    }

    /// An attempt on an event is recorded; `now` in unix milliseconds.
    pub(crate) fn event_ended(&self, event: &Event, ended: &Ended, now: i64) {
        self.attempts.add(ended.status.as_str(), 1);
        self.retries.inc_by(u64::from(event.cause == Cause::Retry));
        self.superseded.inc_by(u64::from(ended.superseded));
        if let Some(tie) = ended.tie {
            self.ties.add(tie.as_str(), 1);
        }
        let done = matches!(ended.status, Status::Processed | Status::Ignored);
        if done && matches!(event.cause, Cause::Delivery | Cause::Retry) {
            self.completion.observe((now - event.received_at).max(0) as f64 / 1000.0);
        }
    }

    /// A handler's run is recorded.
    pub(crate) fn ran(&self, run: &NewRun) {
        if let Some(handler) = self.handlers.get(&run.handler) {
            handler.runs.add(run.outcome.as_str(), 1);
            handler.seconds.observe(run.duration_us as f64 / 1_000_000.0);
        }
    }

    /// An attempt of a task is recorded.
    pub(crate) fn task_ended(&self, handler: &str, status: tasks::Status) {
        if let Some(tasks) = self.handlers.get(handler).and_then(|handler| handler.tasks.as_ref()) {
            tasks.add(status.as_str(), 1);
        }
    }

    /// A handler has passed its time limit.
    pub(crate) fn overdue(&self, handler: &str) {
        if let Some(handler) = self.handlers.get(handler) {
            handler.overdue.inc();
        }
    }

    /// A transaction was broken off.
    pub(crate) fn broken_off(&self) {
        self.broken_off.inc();
    }

    /// Events of workers that are gone were taken over.
    pub(crate) fn taken_back(&self, events: usize) {
        self.taken_back.inc_by(events as u64);
    }

    /// Rows were deleted for their age.
    pub(crate) fn pruned(&self, counts: &Counts) {
        let Counts { events, payloads, runs, tasks, deliveries, versions } = *counts;
        let tables = [
            ("events", events),
            ("event_payloads", payloads),
            ("runs", runs),
            ("tasks", tasks),
            ("deliveries", deliveries),
            ("object_versions", versions),
        ];
        tables.iter().for_each(|(table, count)| self.pruned.add(table, *count as u64));
    }

    /// Events that never arrived were fetched.
    pub(crate) fn fetched(&self, events: u64) {
        self.fetched.inc_by(events);
    }

    /// Events tell that others never arrived.
    pub(crate) fn gaps(&self, objects: usize) {
        self.gaps.inc_by(objects as u64);
    }

    /// An object was fetched for the mirror, or could not be.
    pub(crate) fn refetched(&self, result: &str) {
        self.refetched.add(result, 1);
    }

    /// A worker called Stripe.
    pub(crate) fn called_stripe<T>(&self, answered: &Result<T, StripeError>) {
        self.stripe.add(answered.as_ref().map_or_else(class, |_| "ok"), 1);
    }
}

fn class(error: &StripeError) -> &'static str {
    match error {
        error if error.is_missing() => "missing",
        StripeError::Api(api) if api.status == 429 => "rate_limited",
        StripeError::Api(api) if api.status >= 500 => "server_error",
        StripeError::Api(_) | StripeError::InvalidRequest(_) => "refused",
        StripeError::NotJson { status: 500.., .. } => "server_error",
        StripeError::Timeout | StripeError::Connect(_) => "no_answer",
        _ => "not_understood",
    }
}

fn each_handler(registry: &mut Registry, handlers: &Handlers) -> HashMap<String, Handler> {
    let (runs, overdue, tasks) = (Family::default(), Family::<Labels, Counter>::default(), Family::default());
    let seconds = Family::<Labels, Histogram>::new_with_constructor(|| Histogram::new(DURATIONS));
    registry.register("handler_runs", "Runs of handlers, by how they ended", runs.clone());
    registry.register_with_unit("handler", "How long handlers run", Unit::Seconds, seconds.clone());
    registry.register("handlers_overdue", "How often handlers passed their time limit", overdue.clone());
    registry.register("task_attempts", "Attempts of tasks, by how they ended", tasks.clone());
    let outcomes = || Outcome::ALL.iter().map(|outcome| outcome.as_str());
    let ended = || [tasks::Status::Succeeded, tasks::Status::Failed, tasks::Status::Dead].map(tasks::Status::as_str);
    let one = |name: &String, place: Place| {
        let labels = vec![("handler", name.clone())];
        Handler {
            runs: Counters::new(&runs, &labels, "outcome", outcomes()),
            seconds: seconds.get_or_create_owned(&labels),
            overdue: overdue.get_or_create_owned(&labels),
            tasks: (place == Place::AfterCommit).then(|| Counters::new(&tasks, &labels, "outcome", ended())),
        }
    };
    handlers.entries().map(|entry| (entry.name.clone(), one(&entry.name, entry.place()))).collect()
}
