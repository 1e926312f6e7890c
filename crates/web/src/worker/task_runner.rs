//! Runs tasks: claims those that are due, as many at a time as there are places, and records how each attempt ended.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tollgate_models::claims::Claim;
use tollgate_models::runs::{self, NewRun, Outcome};
use tollgate_models::tasks::{self, Ended, Status, Task as Row};
use tollgate_models::{Database, Error, Lane, events};
use tollgate_stripe_client::Event;
use uuid::Uuid;

use super::{LEASE, POLL, Shared, attempt, own_event, text};
use crate::handlers::{HandlerEntry, OWN_EVENTS};
use crate::{Db, Task};

/// For so long the end of a task is recorded again and again while the database is gone.
const RECORD_FOR: Duration = Duration::from_secs(60);

/// Claims tasks and runs them on a runtime of its own.
pub(super) struct TaskRunner {
    shared: Arc<Shared>,
    name: String,
    /// The tasks that run just now.
    in_hand: Mutex<HashSet<i64>>,
    /// Whether it may have others, which nobody runs. While the database is gone they cannot be given back.
    stranded: AtomicBool,
}

/// A task that was claimed, with what it follows.
struct Claimed {
    row: Row,
    event: Option<(events::Event, Option<String>)>,
}

impl TaskRunner {
    pub(super) fn new(shared: Arc<Shared>) -> Arc<Self> {
        let name = format!("{}-tasks-{}", std::process::id(), Uuid::new_v4().simple());
        Arc::new(Self { shared, name, in_hand: Mutex::default(), stranded: AtomicBool::new(false) })
    }

    fn in_hand(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs what is due until nothing is left; how many attempts that were.
    pub(super) fn run_until_idle(self: &Arc<Self>) -> Result<usize, Error> {
        let mut attempts = 0;
        runtime()?.block_on(async {
            loop {
                let claimed = self.claim(self.shared.task_places).await?;
                if claimed.is_empty() {
                    return Ok(attempts);
                }
                attempts += claimed.len();
                let mut running = JoinSet::new();
                claimed.into_iter().for_each(|task| self.start(&mut running, task));
                running.join_all().await;
            }
        })
    }

    /// Runs tasks until the process stops; then waits for those that run until `stop_by` has passed.
    pub(super) fn run(self: &Arc<Self>) {
        match runtime() {
            Ok(runtime) => {
                runtime.block_on(self.go_on());
                // A task that blocks its thread would be waited for.
                runtime.shutdown_background();
            }
            Err(error) => tracing::error!(%error, "tasks cannot run"),
        }
    }

    async fn go_on(self: &Arc<Self>) {
        let mut running = JoinSet::new();
        let mut renewed = Instant::now();
        while !self.shared.stopping.load(Ordering::Relaxed) {
            let free = self.shared.task_places.saturating_sub(running.len());
            let claimed = match free {
                0 => Vec::new(),
                _ if self.stranded.load(Ordering::Relaxed) && !self.give_back().await => Vec::new(),
                _ => self.claim(free).await.unwrap_or_else(|error| {
                    tracing::error!(%error, "could not look for tasks; trying again");
                    self.stranded.store(true, Ordering::Relaxed);
                    Vec::new()
                }),
            };
            let found = !claimed.is_empty();
            claimed.into_iter().for_each(|task| self.start(&mut running, task));
            while running.try_join_next().is_some() {}
            if renewed.elapsed() > Duration::from_millis(LEASE as u64 / 4) {
                self.renew().await;
                renewed = Instant::now();
            }
            if !found {
                self.wait(&mut running).await;
            }
        }
        self.stop(running).await;
    }

    // Until one ends, word comes, or it is time to look again.
    async fn wait(&self, running: &mut JoinSet<()>) {
        let alarm = self.shared.tasks_alarm.clone();
        let rung = tokio::task::spawn_blocking(move || alarm.wait(POLL));
        let one_ended = async {
            if running.join_next().await.is_none() {
                std::future::pending::<()>().await;
            }
        };
        futures_util::future::select(Box::pin(one_ended), rung).await;
    }

    async fn stop(&self, mut running: JoinSet<()>) {
        let left = self.shared.left_to_stop();
        let ended = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(left, ended).await.is_err() {
            tracing::warn!("some tasks did not finish in time; they begin again elsewhere");
        }
        running.abort_all();
        self.in_hand().clear();
        self.give_back().await;
    }

    // What it has and does not run; whether that was possible.
    async fn give_back(&self) -> bool {
        let name = self.name.clone();
        let kept: Vec<i64> = self.in_hand().iter().copied().collect();
        let released = self.write(move |conn| Ok(tasks::release(conn, &name, &kept)?)).await;
        if let Err(error) = &released {
            tracing::warn!(%error, "could not give tasks back");
        }
        self.stranded.store(released.is_err(), Ordering::Relaxed);
        released.is_ok()
    }

    async fn renew(&self) {
        let (name, until) = (self.name.clone(), self.shared.clock.now_millis() + LEASE);
        if let Err(error) = self.write(move |conn| Ok(tasks::renew(conn, &name, until)?)).await {
            tracing::warn!(%error, "could not hold on to tasks");
        }
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut tollgate_models::AnyConnection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let database = self.shared.database.clone();
        let written = tokio::task::spawn_blocking(move || database.write(Lane::Ordinary, work)).await;
        written.unwrap_or_else(|error| Err(Error::Unavailable(error.to_string())))
    }

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, Error> {
        let (database, name, now) = (self.shared.database.clone(), self.name.clone(), self.shared.clock.now_millis());
        let handlers = self.shared.task_names();
        let claimed = tokio::task::spawn_blocking(move || claim(&database, &name, &handlers, now, limit)).await;
        claimed.unwrap_or_else(|error| Err(Error::Unavailable(error.to_string())))
    }

    fn start(self: &Arc<Self>, running: &mut JoinSet<()>, claimed: Claimed) {
        let (runner, id) = (Arc::clone(self), claimed.row.id);
        self.in_hand().insert(id);
        running.spawn(async move {
            let recorded = runner.attempt(claimed).await;
            runner.in_hand().remove(&id);
            if !recorded {
                runner.stranded.store(true, Ordering::Relaxed);
            }
        });
    }

    // Whether its end could be recorded.
    async fn attempt(&self, claimed: Claimed) -> bool {
        let (started_at, started) = (self.shared.clock.now_millis(), Instant::now());
        let row = claimed.row.clone();
        let entry = self.shared.handlers.find(&row.handler).cloned();
        let (outcome, failure) = match (&entry, self.task(claimed)) {
            (None, _) => (Outcome::Failed, Some(attempt::Failure::again(no_such_handler(&row.handler)))),
            (_, Err(failure)) => (Outcome::Failed, Some(failure)),
            (Some(entry), Ok(task)) => self.call(entry, task).await,
        };
        let delays = entry.and_then(|entry| entry.retries).unwrap_or_else(|| self.shared.retry_delays.clone());
        let now = self.shared.clock.now_millis();
        let ended = ended(&row, failure.as_ref(), &delays, now);
        let run = NewRun {
            event_id: row.event_id.clone(),
            handler: row.handler.clone(),
            attempt: ended.attempts,
            outcome,
            error: failure.map(|failure| failure.text),
            cause: row.cause,
            started_at,
            duration_us: i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX),
            task_id: Some(row.id),
        };
        self.record(row, ended, run).await
    }

    // Runs it as a task of the runtime's own, so that a panic or a deadline ends it alone.
    async fn call(&self, entry: &HandlerEntry, task: Task) -> (Outcome, Option<attempt::Failure>) {
        let started = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| entry.start(task)));
        let future = match started {
            Ok(Some(future)) => future,
            Ok(None) => return (Outcome::Failed, Some(attempt::Failure::last("it is no task any more"))),
            Err(panic) => return panicked(&*panic),
        };
        let deadline = entry.deadline.unwrap_or(self.shared.task_deadline);
        let mut running = tokio::spawn(future);
        match tokio::time::timeout(deadline, &mut running).await {
            Ok(Ok(Ok(()))) => (Outcome::Succeeded, None),
            Ok(Ok(Err(error))) => (Outcome::Failed, Some(attempt::Failure::again(text::chain(error.as_ref())))),
            Ok(Err(error)) => match error.try_into_panic() {
                Ok(panic) => panicked(&*panic),
                Err(error) => (Outcome::Failed, Some(attempt::Failure::again(error.to_string()))),
            },
            Err(_) => {
                running.abort();
                let text = format!("it had not ended after {} s", deadline.as_secs_f32());
                (Outcome::TimedOut, Some(attempt::Failure::again(text)))
            }
        }
    }

    fn task(&self, claimed: Claimed) -> Result<Task, attempt::Failure> {
        let payload: Value =
            claimed.row.payload.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let (row, body) = claimed.event.unzip();
        let own = OWN_EVENTS.iter().any(|own| payload["type"] == **own && payload["object"] == "event");
        let event = match body.flatten() {
            _ if own => Event::from_value(payload.clone()),
            Some(body) => Event::parse(body.as_bytes()),
            None => return Err(attempt::Failure::last("the event's payload is no longer kept")),
        };
        Ok(Task {
            event: event.map_err(|error| attempt::Failure::last(format!("the payload cannot be read: {error}")))?,
            account: row.and_then(|row| row.account),
            payload,
            attempt: claimed.row.attempts.saturating_add(1),
            idempotency_key: claimed.row.idempotency_key,
            db: Db::new(self.shared.database.clone()),
        })
    }

    async fn record(&self, row: Row, ended: Ended, run: NewRun) -> bool {
        let deaths = if ended.status == Status::Dead { self.death(&row, &ended) } else { Vec::new() };
        let since = Instant::now();
        loop {
            match self.record_once(row.id, ended.clone(), run.clone(), deaths.clone()).await {
                Ok(()) => {
                    self.shared.metrics.work().ran(&run);
                    self.shared.metrics.work().task_ended(&run.handler, ended.status);
                    if !deaths.is_empty() {
                        self.shared.tasks_alarm.ring();
                    }
                    return true;
                }
                // What it did outside is done: rather than doing it again, it waits for the database, but not for ever.
                Err(error) if since.elapsed() < RECORD_FOR && !matches!(error, Error::LostClaim) => {
                    tracing::warn!(%error, "could not record a task's end; trying again");
                    tokio::time::sleep(POLL).await;
                }
                Err(error) => {
                    tracing::error!(%error, "could not record a task's end; it is run again");
                    return false;
                }
            }
        }
    }

    async fn record_once(&self, id: i64, ended: Ended, run: NewRun, deaths: Vec<tasks::NewTask>) -> Result<(), Error> {
        let name = self.name.clone();
        self.write(move |conn| {
            runs::insert(conn, &[run])?;
            tasks::insert(conn, &deaths)?;
            if tasks::finish(conn, id, &name, &ended)? { Ok(()) } else { Err(Error::LostClaim) }
        })
        .await
    }

    fn death(&self, row: &Row, ended: &Ended) -> Vec<tasks::NewTask> {
        // What tells of deaths does not tell of its own.
        if row.payload.as_deref().is_some_and(|payload| OWN_EVENTS.iter().any(|own| payload.contains(own))) {
            return Vec::new();
        }
        let object = json!({
            "id": row.id.to_string(), "object": "tollgate.task", "handler": row.handler, "event": row.event_id,
            "attempts": ended.attempts, "error": ended.error,
        });
        own_event(&self.shared, "tollgate.task.dead", &row.event_id, object, false, ended.at)
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("tasks")
        .enable_all()
        .build()
        .map_err(|error| Error::Unavailable(format!("could not start a runtime: {error}")))
}

fn claim(
    database: &Database,
    worker: &str,
    handlers: &[String],
    now: i64,
    limit: usize,
) -> Result<Vec<Claimed>, Error> {
    // Mostly nothing is due, and looking costs SQLite's writer nothing.
    if !database.read(|conn| tasks::any_due(conn, handlers, now))? {
        return Ok(Vec::new());
    }
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let claim = Claim { worker, now, until: now + LEASE };
    let rows = database.write(Lane::Ordinary, |conn| tasks::claim(conn, claim, handlers, limit))?;
    database.read(|conn| {
        rows.into_iter()
            .map(|row| {
                let event = match events::find(conn, &row.event_id)? {
                    Some(event) => Some((event, events::payload(conn, &row.event_id)?)),
                    None => None,
                };
                Ok::<_, Error>(Claimed { row, event })
            })
            .collect()
    })
}

fn no_such_handler(name: &str) -> String {
    format!("this process has no handler {name}: deploy it everywhere, or delete the task")
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> (Outcome, Option<attempt::Failure>) {
    let text = format!("the handler panicked: {}", text::of_panic(panic));
    (Outcome::Panicked, Some(attempt::Failure::again(text)))
}

fn ended(row: &Row, failure: Option<&attempt::Failure>, delays: &[Duration], now: i64) -> Ended {
    let attempts = row.attempts.saturating_add(1);
    let delay = usize::try_from(attempts - 1).ok().and_then(|index| delays.get(index));
    let (status, wait) = match (failure, delay) {
        (None, _) => (Status::Succeeded, 0),
        (Some(failure), Some(delay)) if !failure.is_final => (Status::Failed, attempt::with_jitter(*delay)),
        _ => (Status::Dead, 0),
    };
    Ended { status, attempts, next_attempt_at: now + wait, error: failure.map(|failure| failure.text.clone()), at: now }
}
