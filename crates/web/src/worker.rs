//! The workers: threads that claim events, mirror their objects and run the handlers, and those that look after them.

mod alarm;
mod asking;
mod attempt;
mod batch;
mod chores;
mod dry;
mod endpoint_chores;
mod keeper;
mod pool;
mod slot;
mod sweeps;
mod syncs;
mod task_runner;
mod text;
mod truth;
mod upkeep;
mod waits;
mod word;

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tollgate_models::claims::{self, Claim, Ended};
use tollgate_models::events::{Cause, Event};
use tollgate_models::runs::NewRun;
use tollgate_models::tasks::NewTask;
use tollgate_models::{Database, Durability, Error, Lane};
use uuid::Uuid;

use crate::config::StuckHandler;
use crate::handlers::Place;
use crate::keyring::Keyring;
use crate::metrics::Metrics;
use crate::stripe_keys::StripeKeys;
use crate::{Clock, Config, Handlers};

pub(crate) use alarm::{Alarm, Announcement};
use asking::Asking;
use attempt::Prepared;
use batch::{Mode, Outcome};
use pool::Pool;
pub use pool::Workers;
use slot::Slot;
use upkeep::Keep;
pub(crate) use waits::{Wait, Waits};

/// Events claimed at a time.
const BATCH: i64 = 256;
/// How long a claim holds, in milliseconds, unless it is held longer; a worker that dies gives its events back after this time.
const LEASE: i64 = 60 * 1000;
/// Handlers that may go on without an end on PostgreSQL; each keeps its thread and its place among the connections.
pub(crate) const MOST_ABANDONED: u32 = 16;
/// How often a worker looks for events that nobody announced: retries that are due, and other processes' deliveries.
const POLL: Duration = Duration::from_secs(1);
/// After a batch of fewer events than this,
const FEW: usize = 16;
/// the next one is given this long to gather: a claim costs the same for one event as for many. The first event after a pause
/// is claimed at once.
const GATHER: Duration = Duration::from_millis(3);
/// After an event failed, so many transactions keep their events apart, since others are likely to fail too.
const CAREFUL_FOR: u32 = 16;

/// What all threads of a process share.
struct Shared {
    database: Database,
    handlers: Arc<Handlers>,
    clock: Clock,
    retry_delays: Vec<Duration>,
    task_deadline: Duration,
    task_places: usize,
    handler_deadline: Duration,
    exits_when_stuck: bool,
    metrics: Metrics,
    keep: Keep,
    stripe: StripeKeys,
    reconcile_every: Option<i64>,
    samples: usize,
    fetches_references: bool,
    alarm: Alarm,
    tasks_alarm: Alarm,
    chores_alarm: Alarm,
    sweeps_alarm: Alarm,
    truth_alarm: Alarm,
    syncs_alarm: Alarm,
    told: Alarm,
    waits: Waits,
    stopping: AtomicBool,
    stop_bell: Alarm,
    stop_by: Mutex<Option<Instant>>,
}

impl Shared {
    fn new(
        database: &Database,
        handlers: &Arc<Handlers>,
        config: &Config,
        clock: &Clock,
        keyring: &Keyring,
        metrics: &Metrics,
    ) -> Self {
        Self {
            database: database.clone(),
            handlers: Arc::clone(handlers),
            clock: clock.clone(),
            retry_delays: config.retry_delays.clone(),
            task_deadline: config.task_deadline,
            task_places: config.task_places,
            handler_deadline: config.handler_deadline,
            exits_when_stuck: config.stuck_handler == StuckHandler::EndProcess,
            metrics: metrics.clone(),
            keep: Keep::new(config),
            stripe: StripeKeys::new(config, keyring, metrics.budgets()),
            samples: config.samples,
            fetches_references: config.fetch_references,
            reconcile_every: config.reconcile_every.map(|every| i64::try_from(every.as_millis()).unwrap_or(i64::MAX)),
            alarm: Alarm::default(),
            tasks_alarm: Alarm::default(),
            chores_alarm: Alarm::default(),
            sweeps_alarm: Alarm::default(),
            truth_alarm: Alarm::default(),
            syncs_alarm: Alarm::default(),
            told: Alarm::default(),
            waits: Waits::default(),
            stopping: AtomicBool::new(false),
            stop_bell: Alarm::default(),
            stop_by: Mutex::default(),
        }
    }

    fn has_handlers(&self) -> bool {
        self.handlers.entries().any(|entry| entry.place() == Place::InTransaction)
    }

    /// The names of the handlers that run as tasks.
    fn task_names(&self) -> Vec<String> {
        let entries = self.handlers.entries().filter(|entry| entry.place() == Place::AfterCommit);
        entries.map(|entry| entry.name.clone()).collect()
    }

    /// How long what is under way may still take.
    fn left_to_stop(&self) -> Duration {
        let stop_by = *self.stop_by.lock().unwrap_or_else(PoisonError::into_inner);
        stop_by.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()))
    }

    /// Events were recorded as ended, in their order, with the runs of their handlers.
    fn ended<'a>(&self, events: impl Iterator<Item = (&'a Event, &'a Ended)>, runs: &[NewRun]) {
        let (now, metrics) = (self.clock.now_millis(), self.metrics.work());
        events.for_each(|(event, ended)| metrics.event_ended(event, ended, now));
        runs.iter().for_each(|run| metrics.ran(run));
    }
}

/// The tasks that tell of something that Tollgate itself reports; `at` in unix milliseconds.
fn own_event(
    shared: &Shared,
    event_type: &str,
    event_id: &str,
    object: Value,
    livemode: bool,
    at: i64,
) -> Vec<NewTask> {
    let id = format!("{event_id}:{event_type}:{at}");
    let following = shared.handlers.following(event_type).into_iter();
    following
        .map(|entry| {
            let event = json!({
                "id": id, "object": "event", "type": event_type, "created": at / 1000, "livemode": livemode,
                "data": { "object": object },
            });
            NewTask {
                event_id: event_id.to_owned(),
                handler: entry.name.clone(),
                idempotency_key: format!("{id}:{}", entry.name),
                payload: Some(event.to_string()),
                cause: Cause::Delivery,
                next_attempt_at: at,
                created_at: at,
            }
        })
        .collect()
}

/// A thread that processes events.
struct Worker {
    shared: Arc<Shared>,
    slot: Arc<Slot>,
    asking: Asking,
    careful: Cell<u32>,
}

impl Worker {
    fn new(shared: Arc<Shared>) -> Self {
        let name = format!("tollgate {}-{}", std::process::id(), Uuid::new_v4().simple());
        let asking = Asking::new(shared.stripe.clone(), shared.clock.clone(), shared.metrics.clone());
        Self { shared, slot: Slot::new(name), asking, careful: Cell::new(0) }
    }

    fn run(&self) {
        // Whether it has events that it does not work on. While the database is gone they cannot be given back either.
        let mut stranded = false;
        while !self.stopping() {
            if !stranded {
                match self.run_once() {
                    Ok(0) => drop(self.shared.alarm.wait(POLL)),
                    Ok(few) if few < FEW => std::thread::sleep(GATHER),
                    Ok(_) => {}
                    Err(error) if !self.slot.is_given_up() => {
                        tracing::error!(%error, "a worker could not go on; it tries again");
                        stranded = true;
                    }
                    Err(_) => {}
                }
            }
            if stranded {
                stranded = !self.give_back();
                self.shared.alarm.wait(POLL);
            }
        }
        if !self.slot.is_given_up() {
            self.give_back();
        }
    }

    fn stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Relaxed) || self.slot.is_given_up()
    }

    // Whether that was possible; if never again, the events come back when the lease ends.
    fn give_back(&self) -> bool {
        let released = self.shared.database.write(Lane::Ordinary, |conn| claims::release(conn, &self.slot.name));
        if let Err(error) = &released {
            tracing::warn!(%error, "could not give events back");
        }
        released.is_ok()
    }

    /// Claims one batch and processes it; how many events that were.
    fn run_once(&self) -> Result<usize, Error> {
        let now = self.shared.clock.now_millis();
        let claim = Claim { worker: &self.slot.name, now, until: now + LEASE };
        let claimed = self.shared.database.work(|conn| Ok((claims::claim(conn, claim, BATCH)?, Durability::Soon)))?;
        let count = claimed.len();
        let (mut plain, mut asked) = (Vec::with_capacity(count), Vec::new());
        for claimed in claimed {
            match self.asking.is_needed(&self.shared.database, &claimed)? {
                true => asked.push(claimed),
                false => plain.push(Prepared::new(claimed)),
            }
        }
        self.process_all(&plain)?;
        if !asked.is_empty() && !self.stopping() {
            self.process_all(&self.asking.ask(&self.shared.database, asked)?)?;
        }
        Ok(count)
    }

    fn process_all(&self, mut events: &[Prepared]) -> Result<(), Error> {
        let (mut failed_before, mut one_by_one) = (Vec::new(), false);
        while !events.is_empty() && !self.stopping() {
            let mode = if self.careful.get() > 0 || one_by_one { Mode::Apart } else { Mode::Together };
            let some = if one_by_one { 1 } else { together(events) };
            match self.process(&events[..some], mode, &failed_before) {
                Ok(Outcome::Done(count)) => {
                    events = events.get(count..).unwrap_or_default();
                    self.careful.set(self.careful.get().saturating_sub(1));
                }
                Ok(Outcome::Failed(by)) => {
                    failed_before.extend(by);
                    self.careful.set(CAREFUL_FOR);
                }
                // One of them is another worker's by now, or its row is not what it was.
                Err(Error::LostClaim) if !one_by_one => one_by_one = true,
                Err(Error::LostClaim) => {
                    self.record_loss(&events[0])?;
                    events = &events[1..];
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

// An event that a worker died of is processed alone, so that it takes no other down with it.
fn together(events: &[Prepared]) -> usize {
    let ordinary = events.iter().take_while(|prepared| prepared.claimed.event.crashes == 0).count();
    ordinary.max(1)
}
