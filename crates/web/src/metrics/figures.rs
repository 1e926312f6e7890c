//! The figures that only the database knows: read when somebody looks, seldom, and never waited for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::{Duration, Instant};

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::Mutex;
use tollgate_models::{Database, Error, event_counts, events, tasks};

use super::families::Labels;
use crate::Clock;

/// What was read is good for so long, in milliseconds.
const FRESH_FOR: i64 = 5_000;
/// And for so many times as long as reading it took, so that looking costs the database a twentieth of its time at most.
const FRESH_TIMES: i64 = 20;
/// A scrape waits no longer for the database; Prometheus itself gives up after 10 s.
const LONGEST: Duration = Duration::from_secs(3);

/// What waits in the database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    due: i64,
    oldest_due_at: Option<i64>,
    failed: i64,
    dead: i64,
    /// Waiting or running, failed, and dead.
    tasks: (i64, i64, i64),
}

/// Reads them, one reader at a time.
pub(super) struct Figures {
    database: Database,
    clock: Clock,
    last: Arc<Mutex<Last>>,
}

/// What was read last.
#[derive(Default)]
struct Last {
    read: Option<Read>,
    /// From when to when it is good, in unix milliseconds.
    good: std::ops::Range<i64>,
}

impl Figures {
    pub(super) fn new(database: &Database, clock: &Clock) -> Self {
        Self { database: database.clone(), clock: clock.clone(), last: Arc::default() }
    }

    /// The figures; none while the database does not answer.
    pub(super) async fn read(&self) -> Option<Read> {
        tokio::time::timeout(LONGEST, self.read_or_remember()).await.ok().flatten()
    }

    async fn read_or_remember(&self) -> Option<Read> {
        // Kept locked by a query that does not end, so that a second one is not begun.
        let mut last = Arc::clone(&self.last).lock_owned().await;
        if last.good.contains(&self.clock.now_millis()) {
            return last.read;
        }
        let (database, clock) = (self.database.clone(), self.clock.clone());
        let looked = actix_web::web::block(move || {
            last.look(&database, &clock);
            last.read
        });
        looked.await.ok().flatten()
    }

    /// The gauges of what was read, in a registry for one scrape.
    pub(super) fn registry(&self, read: Option<Read>) -> Registry {
        let mut registry = Registry::with_prefix("tollgate");
        gauge(
            &mut registry,
            "database_up",
            "Whether the database answered when this was asked",
            i64::from(read.is_some()),
        );
        if let Some(read) = read {
            read.register(&mut registry, self.clock.now_millis());
        }
        registry
    }
}

impl Last {
    fn look(&mut self, database: &Database, clock: &Clock) {
        let started = Instant::now();
        let read = database.read(|conn| -> Result<Read, Error> {
            let (due, oldest_due_at) = events::backlog(conn, clock.now_millis())?;
            let (failed, dead) = event_counts::in_trouble(conn)?;
            Ok(Read { due, oldest_due_at, failed, dead, tasks: tasks::in_trouble(conn)? })
        });
        self.read = read.inspect_err(|error| tracing::warn!(%error, "could not read figures for a scrape")).ok();
        let took = i64::try_from(started.elapsed().as_millis()).unwrap_or(FRESH_FOR);
        // Whether it is back is asked again soon.
        let costly = self.read.map_or(0, |_| took.saturating_mul(FRESH_TIMES));
        let now = clock.now_millis();
        self.good = now..now + FRESH_FOR.max(costly);
    }
}

impl Read {
    fn register(&self, registry: &mut Registry, now: i64) {
        gauge(registry, "queue_events", "Events that are due and wait for a worker", self.due);
        let oldest = Gauge::<f64, AtomicU64>::default();
        oldest.set(self.oldest_due_at.map_or(0.0, |at| (now - at).max(0) as f64 / 1000.0));
        registry.register_with_unit(
            "queue_oldest",
            "For how long the oldest of them has been due",
            Unit::Seconds,
            oldest,
        );
        let (waiting, failed, dead) = self.tasks;
        let events = [("failed", self.failed), ("dead", self.dead)];
        gauges(registry, "events", "Events in trouble: tried again later, or not any more", &events);
        let tasks = [("waiting", waiting), ("failed", failed), ("dead", dead)];
        gauges(
            registry,
            "tasks",
            "Tasks that are not done: waiting or running, tried again later, or not any more",
            &tasks,
        );
    }
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge = Gauge::<i64, AtomicI64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn gauges(registry: &mut Registry, name: &str, help: &str, values: &[(&'static str, i64)]) {
    let family = Family::<Labels, Gauge>::default();
    for (status, value) in values {
        family.get_or_create_owned(&vec![("status", (*status).to_owned())]).set(*value);
    }
    registry.register(name, help, family);
}
