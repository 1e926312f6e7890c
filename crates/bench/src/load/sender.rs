//! Sending: many connections on one thread, each taking the next event when it is free and the event is due.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::LocalSet;

use super::connection::Connection;
use super::request::{Requests, Target};
use crate::error::Error;

/// When events are due.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Events a second; without it an event is due when a connection is free.
    pub rate: Option<u32>,
    /// No event is sent after this time.
    pub longest: Option<Duration>,
}

impl Pace {
    /// How long after the start event number `number` is due.
    fn due(&self, number: u64) -> Duration {
        self.rate.map_or(Duration::ZERO, |rate| Duration::from_nanos(number * 1_000_000_000 / u64::from(rate)))
    }
}

/// What came of the events.
#[derive(Debug, Default)]
pub struct Tally {
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Events without an answer that could be read.
    pub unanswered: u64,
    /// How long each 2xx took, in microseconds, in no order.
    pub latencies: Vec<u32>,
    /// From the first event to the last answer.
    pub elapsed: Duration,
}

impl Tally {
    fn count(&mut self, status: Option<u16>, took: Duration) {
        match status {
            Some(status) => *self.statuses.entry(status).or_default() += 1,
            None => self.unanswered += 1,
        }
        if status.is_some_and(|status| (200..300).contains(&status)) {
            self.latencies.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
        }
    }

    fn add(&mut self, other: Self) {
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.unanswered += other.unanswered;
        self.latencies.extend(other.latencies);
    }
}

struct Run {
    requests: Requests,
    pace: Pace,
    next: Cell<u64>,
    start: Instant,
    /// One permit for each event that has become due; nobody waits on it without a rate.
    due: Arc<Semaphore>,
}

/// Opens the connections, then sends all requests, and counts what comes of them.
///
/// # Errors
/// [`Error::Connect`] when a connection cannot be opened at the start.
pub async fn send(target: &Target, requests: Requests, pace: Pace, connections: u32) -> Result<Tally, Error> {
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(&target.address).await?);
    }
    let open_connections = open.len();
    let due = Arc::new(Semaphore::new(0));
    let start = Instant::now();
    if pace.rate.is_some() {
        let (events, due) = (requests.count(), Arc::clone(&due));
        std::thread::Builder::new().name("pace".to_owned()).spawn(move || {
            keep_pace(pace, events, start, &due);
            // Each connection finds one more permit but no more event, and ends.
            due.add_permits(open_connections);
        })?;
    }
    let run = Rc::new(Run { requests, pace, next: Cell::new(0), start, due });
    let local = LocalSet::new();
    let tasks: Vec<_> =
        open.into_iter().map(|connection| local.spawn_local(Rc::clone(&run).work(connection))).collect();
    let mut total = Tally::default();
    local
        .run_until(async {
            for task in tasks {
                total.add(task.await.map_err(std::io::Error::other)?);
            }
            Ok::<(), Error>(())
        })
        .await?;
    total.elapsed = start.elapsed();
    Ok(total)
}

impl Run {
    async fn work(self: Rc<Self>, mut connection: Connection) -> Tally {
        let mut tally = Tally::default();
        let mut request = Vec::new();
        while let Some(number) = self.take().await {
            if !self.requests.write(number, &mut request) {
                break;
            }
            let sent = if self.pace.rate.is_some() { self.start + self.pace.due(number) } else { Instant::now() };
            let status = connection.post(&request).await;
            tally.count(status, sent.elapsed());
        }
        tally
    }

    /// The next event's number, when it is due; nothing when the time is over.
    async fn take(&self) -> Option<u64> {
        if self.pace.rate.is_some() {
            self.due.acquire().await.ok()?.forget();
        } else if self.pace.longest.is_some_and(|longest| self.start.elapsed() >= longest) {
            return None;
        }
        let number = self.next.get();
        self.next.set(number + 1);
        (number < self.requests.count()).then_some(number)
    }
}

/// Lets events become due, on a thread of its own: the runtime's timers are no finer than a millisecond.
fn keep_pace(pace: Pace, events: u64, start: Instant, due: &Semaphore) {
    for number in 0..events {
        if let Some(wait) = pace.due(number).checked_sub(start.elapsed()) {
            std::thread::sleep(wait);
        }
        due.add_permits(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_due_at_even_distances() {
        let pace = Pace { rate: Some(1000), longest: None };
        assert_eq!(pace.due(1500), Duration::from_millis(1500));
        assert_eq!(Pace { rate: None, longest: None }.due(1500), Duration::ZERO);
    }
}
