//! The workers: threads that claim events, mirror their objects and run the handlers, each event in a transaction of its own.

mod alarm;
mod attempt;
mod authenticity;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rand::RngExt;
use tollgate_models::claims::{self, Claim, Claimed, Ended};
use tollgate_models::events::{Cause, Status};
use tollgate_models::{Database, Lane, runs};
use uuid::Uuid;

use crate::keyring::Keyring;
use crate::stripe_keys::StripeKeys;
use crate::{Clock, Config, Handlers};

pub(crate) use alarm::Alarm;
use attempt::Attempt;
use authenticity::Authenticity;

/// Events claimed at a time.
const BATCH: i64 = 64;
/// How long a claim holds, in milliseconds; a worker that dies gives its events back after this time.
const LEASE: i64 = 5 * 60 * 1000;
/// How long one transaction goes on to the next event; then it commits and lets others write.
const LONGEST_TRANSACTION: Duration = Duration::from_millis(50);
/// How often a worker looks for events that nobody announced: retries that are due, and other processes' deliveries.
const POLL: Duration = Duration::from_secs(1);

/// The threads that process events.
pub struct Workers {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    wanted: usize,
}

struct Shared {
    database: Database,
    handlers: Arc<Handlers>,
    clock: Clock,
    retry_delays: Vec<Duration>,
    stripe: StripeKeys,
    alarm: Alarm,
    stopping: AtomicBool,
}

impl Workers {
    pub(crate) fn new(
        database: &Database,
        handlers: &Arc<Handlers>,
        config: &Config,
        clock: &Clock,
        keyring: &Keyring,
    ) -> Self {
        let shared = Shared {
            database: database.clone(),
            handlers: Arc::clone(handlers),
            clock: clock.clone(),
            retry_delays: config.retry_delays.clone(),
            stripe: StripeKeys::new(config, keyring),
            alarm: Alarm::default(),
            stopping: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), threads: Mutex::default(), wanted: config.workers }
    }

    pub(crate) fn alarm(&self) -> Alarm {
        self.shared.alarm.clone()
    }

    pub(crate) fn start(&self) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for number in 0..self.wanted {
            let shared = Arc::clone(&self.shared);
            let spawned =
                std::thread::Builder::new().name(format!("worker-{number}")).spawn(move || Worker::new(shared).run());
            match spawned {
                Ok(thread) => threads.push(thread),
                Err(error) => tracing::error!(%error, "could not start a worker"),
            }
        }
    }

    /// Whether every worker that was started is still there.
    pub fn are_alive(&self) -> bool {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).iter().all(|thread| !thread.is_finished())
    }

    /// Processes what is due now, in this thread, until nothing is left; how many attempts that took. For tests, and
    /// for applications that run their own loop.
    ///
    /// # Errors
    /// When the database fails.
    pub fn run_until_idle(&self) -> Result<usize, tollgate_models::Error> {
        let worker = Worker::new(Arc::clone(&self.shared));
        let mut attempts = 0;
        loop {
            match worker.run_once() {
                Ok(0) => return Ok(attempts),
                Ok(more) => attempts += more,
                Err(error) => {
                    worker.give_back();
                    return Err(error);
                }
            }
        }
    }

    /// Claims nothing more, and waits for what is under way, for at most `deadline`.
    pub(crate) fn stop(&self, deadline: Duration) {
        let started = Instant::now();
        self.shared.stopping.store(true, Ordering::Relaxed);
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            self.shared.alarm.ring();
            while !thread.is_finished() && started.elapsed() < deadline {
                self.shared.alarm.ring();
                std::thread::sleep(Duration::from_millis(5));
            }
            if !thread.is_finished() {
                tracing::warn!("a worker did not finish in time; its events come back when its lease ends");
            } else if thread.join().is_err() {
                tracing::error!("a worker had panicked");
            }
        }
    }
}

struct Worker {
    shared: Arc<Shared>,
    name: String,
    authenticity: Authenticity,
}

impl Worker {
    fn new(shared: Arc<Shared>) -> Self {
        let name = format!("{}-{}", std::process::id(), Uuid::new_v4().simple());
        Self { authenticity: Authenticity::new(shared.stripe.clone()), shared, name }
    }

    fn run(&self) {
        // Whether it has events that it does not work on. While the database is gone they cannot be given back either.
        let mut stranded = false;
        while !self.stopping() {
            if !stranded {
                match self.run_once() {
                    Ok(0) => self.shared.alarm.wait(POLL),
                    Ok(_) => {}
                    Err(error) => {
                        tracing::error!(%error, "a worker could not go on; it tries again");
                        stranded = true;
                    }
                }
            }
            if stranded {
                stranded = !self.give_back();
                self.shared.alarm.wait(POLL);
            }
        }
        self.give_back();
    }

    fn stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Relaxed)
    }

    // Whether that was possible; if never again, the events come back when the lease ends.
    fn give_back(&self) -> bool {
        let released = self.shared.database.write(Lane::Ordinary, |conn| claims::release(conn, &self.name));
        if let Err(error) = &released {
            tracing::warn!(%error, "could not give events back");
        }
        released.is_ok()
    }

    /// Claims one batch and processes it; how many events that were.
    fn run_once(&self) -> Result<usize, tollgate_models::Error> {
        let now = self.shared.clock.now_millis();
        let claim = Claim { worker: &self.name, now, until: now + LEASE };
        let mut claimed = self.shared.database.write(Lane::Ordinary, |conn| claims::claim(conn, claim, BATCH))?;
        let count = claimed.len();
        claimed.reverse();
        while !claimed.is_empty() && !self.stopping() {
            self.process_some(&mut claimed)?;
        }
        Ok(count)
    }

    // Takes events off the end until the transaction has gone on long enough, or the intake wants to write.
    fn process_some(&self, claimed: &mut Vec<Claimed>) -> Result<(), tollgate_models::Error> {
        let Some(first) = claimed.last() else { return Ok(()) };
        // Asking Stripe takes long: never inside a transaction.
        let mut verdict = Some(self.authenticity.of(&self.shared.database, first)?);
        let started = Instant::now();
        let (mut ended, mut done_runs, mut on_commit) = (Vec::new(), Vec::new(), Vec::new());
        let now = self.shared.clock.now_millis();
        self.shared.database.write(Lane::Ordinary, |conn| -> Result<(), tollgate_models::Error> {
            for next in claimed.iter().rev() {
                let verdict = match verdict.take() {
                    Some(verdict) => verdict,
                    None if self.authenticity.needs_stripe(next) => break,
                    None => authenticity::Verdict::Genuine,
                };
                let mut attempt = Attempt::new(&self.shared.handlers, &self.shared.clock, next, verdict);
                attempt.run(conn);
                ended.push((next.event.seq, self.ended(next, &attempt, now)));
                done_runs.append(&mut attempt.runs);
                on_commit.append(&mut attempt.on_commit);
                let enough = started.elapsed() > LONGEST_TRANSACTION || self.shared.database.intake_waits();
                if enough {
                    break;
                }
            }
            runs::insert(conn, &done_runs)?;
            if !claims::finish_all(conn, &self.name, &ended)? {
                // Another worker has one of them by now; what this one did must not count twice.
                return Err(tollgate_models::Error::LostClaim);
            }
            if ended.len() < claimed.len() {
                claims::renew(conn, &self.name, now + LEASE)?;
            }
            Ok(())
        })?;
        claimed.truncate(claimed.len() - ended.len());
        on_commit.into_iter().for_each(attempt::call_back);
        Ok(())
    }

    // Those that end alike in one transaction are recorded alike, so they share `now`, in unix milliseconds.
    fn ended(&self, claimed: &Claimed, attempt: &Attempt<'_>, now: i64) -> Ended {
        let attempts = claimed.event.attempts + 1;
        let Some(failure) = &attempt.failure else {
            return Ended {
                status: if attempt.ignored { Status::Ignored } else { Status::Processed },
                attempts,
                cause: claimed.event.cause,
                next_attempt_at: now,
                superseded: attempt.superseded,
                error: None,
                at: now,
            };
        };
        let delay = usize::try_from(attempts - 1).ok().and_then(|index| self.shared.retry_delays.get(index));
        let (status, cause, wait) = match delay {
            Some(delay) if !failure.is_final => (Status::Failed, Cause::Retry, with_jitter(*delay)),
            _ => (Status::Dead, claimed.event.cause, 0),
        };
        Ended {
            status,
            attempts,
            cause,
            next_attempt_at: now + wait,
            superseded: false,
            error: Some(failure.text.clone()),
            at: now,
        }
    }
}

// Between 80 and 120 per cent, so that events that failed together do not come back together. In milliseconds.
fn with_jitter(delay: Duration) -> i64 {
    let millis = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX / 2);
    millis * rand::rng().random_range(80..=120) / 100
}
