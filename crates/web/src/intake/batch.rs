//! Group commit: deliveries that arrive while a batch is being written go together into the next one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tollgate_models::deliveries::{self, Outcome};
use tollgate_models::intake::{self, Arrival, Stored};
use tollgate_models::{Database, Lane, endpoints};

use super::refusals::{Place, Refusals};
use crate::metrics::{Lags, Metrics, Unavailable};
use crate::worker::Announcement;
use crate::{Clock, Error};

/// Deliveries that may wait for a batch; beyond that Stripe is asked to come back.
const QUEUE: usize = 4096;
/// Deliveries in one batch at the most.
const BATCH: usize = 512;
/// Bytes of bodies in one batch at the most.
const BATCH_BYTES: usize = 8 << 20;
/// The use of a secret is recorded at most this often, in milliseconds.
const SECRET_USE_EVERY: i64 = 60_000;

/// The delivery could not be made durable, and why; Stripe is to send it again.
#[derive(Debug)]
pub(super) struct NotStored(pub(super) Unavailable);

struct Waiting {
    arrival: Arrival,
    answer: oneshot::Sender<Result<Stored, NotStored>>,
}

/// Hands deliveries to the threads that write them.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Waiting>,
    closed: Arc<AtomicBool>,
}

impl Writer {
    pub(super) fn start(
        database: &Database,
        clock: &Clock,
        alarm: Announcement,
        metrics: &Metrics,
    ) -> Result<Self, Error> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared {
            database: database.clone(),
            clock: clock.clone(),
            alarm,
            metrics: metrics.clone(),
            waiting: Mutex::new(waiting),
            refusals: Mutex::new(Refusals::default()),
            secret_uses: Mutex::new(HashMap::new()),
        });
        // While one batch is on its way to a PostgreSQL server, another can be gathered; SQLite has one writer.
        let threads = if database.url().is_sqlite() { 1 } else { 2 };
        for number in 0..threads {
            let shared = Arc::clone(&shared);
            let name = format!("intake-{number}");
            std::thread::Builder::new().name(name).spawn(move || shared.run()).map_err(Error::internal)?;
        }
        Ok(Self { queue, closed: Arc::default() })
    }

    /// Answers once the delivery is committed, or when it is not by the given time.
    pub(super) async fn store(&self, arrival: Arrival, by: Instant) -> Result<Stored, NotStored> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(NotStored(Unavailable::Closing));
        }
        let (answer, stored) = oneshot::channel();
        self.queue.try_send(Waiting { arrival, answer }).map_err(|_| NotStored(Unavailable::QueueFull))?;
        let late = |_| NotStored(Unavailable::Database);
        tokio::time::timeout_at(by, stored).await.map_err(late)?.unwrap_or(Err(NotStored(Unavailable::Database)))
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}

struct Shared {
    database: Database,
    clock: Clock,
    alarm: Announcement,
    metrics: Metrics,
    waiting: Mutex<mpsc::Receiver<Waiting>>,
    refusals: Mutex<Refusals>,
    secret_uses: Mutex<HashMap<i64, i64>>,
}

impl Shared {
    // Ends when every sender is gone.
    fn run(&self) {
        while let Some(batch) = self.gather() {
            let (arrivals, answers): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|waiting| (waiting.arrival, waiting.answer)).unzip();
            let (lags, started) = (Lags::of(arrivals.iter()), Instant::now());
            match self.write(arrivals) {
                Ok(stored) => {
                    self.metrics.intake().committed(started.elapsed(), &stored, &lags);
                    if stored.iter().any(|stored| matches!(stored.outcome, Outcome::Accepted | Outcome::Duplicate)) {
                        self.alarm.ring();
                    }
                    for (answer, stored) in answers.into_iter().zip(stored) {
                        // Whoever waited may have hung up; what is stored is stored.
                        drop(answer.send(Ok(stored)));
                    }
                }
                Err(error) => {
                    tracing::error!(%error, deliveries = answers.len(), "could not store deliveries; Stripe will send them again");
                    for answer in answers {
                        drop(answer.send(Err(NotStored(Unavailable::Database))));
                    }
                }
            }
        }
    }

    // Waits for the first delivery, then takes along what is there already: no wait when idle, larger batches under load.
    fn gather(&self) -> Option<Vec<Waiting>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let first = waiting.blocking_recv()?;
        let mut bytes = first.arrival.delivery.body_size;
        let mut batch = vec![first];
        while batch.len() < BATCH && bytes < BATCH_BYTES as i64 {
            let Ok(next) = waiting.try_recv() else { break };
            bytes += next.arrival.delivery.body_size;
            batch.push(next);
        }
        // Those that hung up meanwhile were told nothing, and are not stored for nothing.
        batch.retain(|waiting| !waiting.answer.is_closed());
        Some(batch)
    }

    fn write(&self, arrivals: Vec<Arrival>) -> Result<Vec<Stored>, tollgate_models::Error> {
        let now = self.clock.now_millis();
        let places = self.places(&arrivals, now);
        let uses = self.secret_uses(&arrivals, now);
        let Laid { rows, at } = lay_out(arrivals, &places);
        let endpoints: Vec<Option<String>> = rows.iter().map(|row| row.delivery.endpoint_uuid.clone()).collect();
        let stored = self.database.write(Lane::Intake, |conn| -> Result<_, tollgate_models::Error> {
            let stored = if rows.is_empty() { Vec::new() } else { intake::store(conn, rows, now)? };
            for (row, times) in counted(&places) {
                deliveries::add_repeats(conn, row, times)?;
            }
            for secret in uses {
                endpoints::record_secret_use(conn, secret, now)?;
            }
            Ok(stored)
        })?;
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        for (stored, endpoint) in stored.iter().zip(&endpoints) {
            if stored.outcome == Outcome::Refused {
                refusals.stored(endpoint.as_deref(), stored.delivery_id);
            }
        }
        let outcome = Outcome::Refused;
        Ok(at
            .iter()
            .filter_map(|at| match at {
                At::New(index) => stored.get(*index).copied(),
                At::Old(row) => Some(Stored { delivery_id: *row, outcome }),
            })
            .collect())
    }

    fn places(&self, arrivals: &[Arrival], now: i64) -> Vec<Place> {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.iter().map(|arrival| refusals.place(arrival, now)).collect()
    }

    fn secret_uses(&self, arrivals: &[Arrival], now: i64) -> Vec<i64> {
        let mut known = self.secret_uses.lock().unwrap_or_else(PoisonError::into_inner);
        let mut uses = Vec::new();
        for secret in arrivals.iter().filter_map(|arrival| arrival.delivery.secret_id) {
            let recorded = known.entry(secret).or_insert(i64::MIN / 2);
            if now - *recorded >= SECRET_USE_EVERY {
                *recorded = now;
                uses.push(secret);
            }
        }
        uses
    }
}

/// Arrivals as rows to insert.
struct Laid {
    rows: Vec<Arrival>,
    /// For each arrival, where it is.
    at: Vec<At>,
}

enum At {
    /// In one of the new rows.
    New(usize),
    /// On a row that was there.
    Old(i64),
}

fn lay_out(arrivals: Vec<Arrival>, places: &[Place]) -> Laid {
    let mut laid = Laid { rows: Vec::with_capacity(arrivals.len()), at: Vec::with_capacity(arrivals.len()) };
    for (arrival, place) in arrivals.into_iter().zip(places) {
        let last = match place {
            Place::CountedOnLast => laid.last_refusal(&arrival),
            Place::Row | Place::CountedOn(_) => None,
        };
        laid.at.push(match (place, last) {
            (Place::CountedOn(row), _) => At::Old(*row),
            (_, Some(index)) => {
                laid.rows[index].delivery.repeats += 1;
                At::New(index)
            }
            // Also if the rows that it could be counted on are in a batch that another thread is writing.
            (_, None) => {
                laid.rows.push(arrival);
                At::New(laid.rows.len() - 1)
            }
        });
    }
    laid
}

impl Laid {
    fn last_refusal(&self, arrival: &Arrival) -> Option<usize> {
        self.rows.iter().rposition(|row| {
            row.delivery.outcome == Outcome::Refused && row.delivery.endpoint_uuid == arrival.delivery.endpoint_uuid
        })
    }
}

fn counted(places: &[Place]) -> HashMap<i64, i64> {
    let mut counted = HashMap::new();
    for place in places {
        if let Place::CountedOn(row) = place {
            *counted.entry(*row).or_default() += 1;
        }
    }
    counted
}
