//! The threads of a process: started together, replaced when one is given up, and stopped in good order.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tollgate_models::{Database, Error, Lane, claims, tasks};

use super::slot::Slot;
use super::task_runner::TaskRunner;
use super::{Announcement, Shared, Waits, Worker, keeper, word};
use crate::keyring::Keyring;
use crate::metrics::Metrics;
use crate::stripe_keys::StripeKeys;
use crate::{Clock, Config, Handlers};

/// The threads that process events and run tasks.
pub struct Workers {
    pool: Arc<Pool>,
    wanted: usize,
}

/// The workers of a process, for the thread that looks after them.
pub(super) struct Pool {
    pub(super) shared: Arc<Shared>,
    members: Mutex<Vec<Member>>,
    guests: Mutex<Vec<Arc<Slot>>>,
    abandoned: Mutex<Vec<Weak<Slot>>>,
    others: Mutex<Vec<JoinHandle<()>>>,
}

/// A worker for one call.
pub(super) struct Guest {
    pool: Arc<Pool>,
    slot: Arc<Slot>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.pool.guests().retain(|guest| !Arc::ptr_eq(guest, &self.slot));
    }
}

struct Member {
    slot: Arc<Slot>,
    thread: JoinHandle<()>,
}

impl Pool {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Member>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn guests(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Slot>>> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn slots(&self) -> Vec<Arc<Slot>> {
        let mut slots: Vec<_> = self.lock().iter().map(|member| Arc::clone(&member.slot)).collect();
        slots.extend(self.guests().iter().cloned());
        slots
    }

    /// Starts a worker in the place of one that is given up.
    pub(super) fn replace(&self, slot: &Arc<Slot>) {
        let mut members = self.lock();
        let before = members.len();
        members.retain(|member| !Arc::ptr_eq(&member.slot, slot));
        let gone = members.len() < before;
        drop(members);
        self.guests().retain(|guest| !Arc::ptr_eq(guest, slot));
        if gone {
            self.add();
        }
    }

    /// Notes a worker that is given up; how many there are that have not ended yet.
    pub(super) fn abandoned(&self, slot: &Arc<Slot>) -> usize {
        let mut abandoned = self.abandoned.lock().unwrap_or_else(PoisonError::into_inner);
        abandoned.retain(|slot| slot.strong_count() > 0);
        abandoned.push(Arc::downgrade(slot));
        abandoned.len()
    }

    fn add(&self) {
        let worker = Worker::new(Arc::clone(&self.shared));
        let slot = Arc::clone(&worker.slot);
        if let Some(thread) = spawn("worker", move || worker.run()) {
            self.lock().push(Member { slot, thread });
        }
    }

    fn also(&self, thread: Option<JoinHandle<()>>) {
        self.others.lock().unwrap_or_else(PoisonError::into_inner).extend(thread);
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.inspect_err(|error| tracing::error!(%error, name, "could not start a thread")).ok()
}

impl Workers {
    pub(crate) fn new(
        database: &Database,
        handlers: &Arc<Handlers>,
        config: &Config,
        clock: &Clock,
        keyring: &Keyring,
        metrics: &Metrics,
    ) -> Self {
        let shared = Arc::new(Shared::new(database, handlers, config, clock, keyring, metrics));
        let pool = Pool {
            shared,
            members: Mutex::default(),
            guests: Mutex::default(),
            abandoned: Mutex::default(),
            others: Mutex::default(),
        };
        let workers = Self { pool: Arc::new(pool), wanted: config.workers };
        if !database.url().is_sqlite() {
            let shared = Arc::clone(&workers.pool.shared);
            workers.pool.also(spawn("tell", move || word::tell(&shared, &shared.told)));
        }
        workers
    }

    /// What is rung when there are new events.
    pub(crate) fn announcement(&self) -> Announcement {
        Announcement { here: self.pool.shared.alarm.clone(), told: self.pool.shared.told.clone() }
    }

    /// Where requests wait for their events.
    pub(crate) fn waits(&self) -> Waits {
        self.pool.shared.waits.clone()
    }

    /// Wakes whoever runs tasks: somebody asked for one.
    pub(crate) fn new_tasks(&self) {
        self.pool.shared.tasks_alarm.ring();
    }

    /// Wakes whoever does the work beside the events.
    pub(crate) fn new_chores(&self) {
        self.pool.shared.chores_alarm.ring();
    }

    /// Wakes whoever works backfills off.
    pub(crate) fn new_sync(&self) {
        self.pool.shared.syncs_alarm.ring();
    }

    /// Wakes whoever fetches missed events.
    pub(crate) fn new_sweep(&self) {
        self.pool.shared.sweeps_alarm.ring();
    }

    /// The keys as the workers use them, so that pages and workers share one request budget for each key.
    pub(crate) fn stripe_keys(&self) -> StripeKeys {
        self.pool.shared.stripe.clone()
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.pool.shared
    }

    /// Has a worker looked after that is no thread of the pool's, until the answer is dropped.
    pub(super) fn guest(&self, slot: &Arc<Slot>) -> Guest {
        self.pool.guests().push(Arc::clone(slot));
        Guest { pool: Arc::clone(&self.pool), slot: Arc::clone(slot) }
    }

    pub(crate) fn start(&self) -> Result<(), Error> {
        let shared = &self.pool.shared;
        if shared.database.url().is_sqlite() {
            // No other process works on this file: whoever has something is gone.
            let (events, begun) = shared.database.write(Lane::Ordinary, |conn| -> Result<_, Error> {
                Ok((claims::take_back_all(conn)?, tasks::release_all(conn)?))
            })?;
            shared.metrics.work().taken_back(events);
            if events + begun > 0 {
                tracing::warn!(events, tasks = begun, "took over events and tasks of a process that is gone");
            }
        }
        (0..self.wanted).for_each(|_| self.pool.add());
        let pool = Arc::clone(&self.pool);
        self.pool.also(spawn("keeper", move || keeper::keep(&pool)));
        let chores = Arc::clone(shared);
        self.pool.also(spawn("chores", move || super::chores::run(&chores)));
        let syncs = Arc::clone(shared);
        self.pool.also(spawn("syncs", move || super::syncs::run(&syncs)));
        let truth = Arc::clone(shared);
        self.pool.also(spawn("truth", move || super::truth::run(&truth)));
        let sweeps = Arc::clone(shared);
        self.pool.also(spawn("sweeps", move || super::sweeps::run(&sweeps)));
        if !shared.task_names().is_empty() {
            let runner = TaskRunner::new(Arc::clone(shared));
            self.pool.also(spawn("task-runner", move || runner.run()));
        }
        if !shared.database.url().is_sqlite() {
            let shared = Arc::clone(shared);
            self.pool.also(spawn("hear", move || word::hear(&shared)));
        }
        Ok(())
    }

    /// Whether every worker that was started is still there.
    pub fn are_alive(&self) -> bool {
        self.pool.lock().iter().all(|member| !member.thread.is_finished())
    }

    /// The handlers that have run for longer than their time limit and have not ended yet: their name, the event, and for how
    /// long.
    pub fn overdue(&self) -> Vec<(String, String, Duration)> {
        let limit = self.pool.shared.handler_deadline;
        let slots = self.pool.slots().into_iter();
        let overdue = slots.filter_map(|slot| slot.running_over(limit));
        overdue.map(|running| (running.handler, running.event.id, running.since.elapsed())).collect()
    }

    /// Processes what is due now and runs the tasks that follow, in this thread, until nothing is left; how many attempts
    /// that took. For tests, and for applications that run their own loop.
    ///
    /// # Errors
    /// When the database fails.
    pub fn run_until_idle(&self) -> Result<usize, Error> {
        let worker = Worker::new(Arc::clone(&self.pool.shared));
        let tasks = TaskRunner::new(Arc::clone(&self.pool.shared));
        keeper::take_back(&self.pool.shared);
        let mut attempts = 0;
        loop {
            let more = match worker.run_once() {
                Ok(0) => tasks.run_until_idle()?,
                Ok(more) => more,
                Err(error) => {
                    worker.give_back();
                    return Err(error);
                }
            };
            if more == 0 {
                return Ok(attempts);
            }
            attempts += more;
        }
    }

    /// Looks after the mirror in this thread: finds gaps, samples and missing references that are due, and fetches what is
    /// wanted; how many objects were fetched. For tests, and for applications that run their own loop.
    ///
    /// # Errors
    /// When the database fails.
    pub fn look_after_mirror(&self) -> Result<usize, crate::Error> {
        super::truth::run_once(&self.pool.shared)
    }

    /// Claims nothing more, and waits for what is under way, for at most `deadline`; what has not ended then is given back.
    pub(crate) fn stop(&self, deadline: Duration) {
        let shared = &self.pool.shared;
        let stop_by = Instant::now() + deadline;
        *shared.stop_by.lock().unwrap_or_else(PoisonError::into_inner) = Some(stop_by);
        shared.stopping.store(true, Ordering::Relaxed);
        let members = std::mem::take(&mut *self.pool.lock());
        let others = std::mem::take(&mut *self.pool.others.lock().unwrap_or_else(PoisonError::into_inner));
        let alarms = [
            &shared.alarm,
            &shared.tasks_alarm,
            &shared.chores_alarm,
            &shared.sweeps_alarm,
            &shared.truth_alarm,
            &shared.syncs_alarm,
            &shared.told,
            &shared.stop_bell,
        ];
        let ended = |thread: &JoinHandle<()>| {
            while !thread.is_finished() && Instant::now() < stop_by {
                alarms.iter().for_each(|alarm| alarm.ring());
                std::thread::sleep(Duration::from_millis(5));
            }
            thread.is_finished()
        };
        for member in members {
            if !ended(&member.thread) {
                tracing::warn!("a worker did not finish in time; its events are given back");
                give_back(shared, &member.slot);
            } else if member.thread.join().is_err() {
                tracing::error!("a worker had panicked");
            }
        }
        for thread in others {
            if ended(&thread) && thread.join().is_err() {
                tracing::error!("a thread beside the workers had panicked");
            }
        }
    }
}

// Should the worker end after all, it finds its claims gone, and what it did is rolled back.
fn give_back(shared: &Shared, slot: &Slot) {
    let released = shared.database.write(Lane::Ordinary, |conn| claims::release(conn, &slot.name));
    if let Err(error) = released {
        tracing::warn!(%error, "could not give events back; they come back when the lease ends");
    }
}
