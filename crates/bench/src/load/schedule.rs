//! Who posts what, and when: as fast as answers come, or at a fixed rate whatever the answers do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// A turn to post one event.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Which event.
    pub index: usize,
    /// When it should have been sent: latency counts from then, so that a slow server cannot hide by slowing us down.
    pub intended: Instant,
}

/// Hands out turns to all connections.
#[derive(Debug)]
pub struct Schedule {
    start: Instant,
    next: AtomicUsize,
    count: usize,
    until: Option<Instant>,
    pace: Option<Pace>,
    stop: Stop,
}

/// Ends a load from another thread.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// No event is posted any more.
    pub fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Pace {
    interval: Duration,
    due: Arc<Semaphore>,
}

impl Schedule {
    /// Starts the clock on so many events, at a rate if one is given, for no longer than the limit.
    pub fn start(count: usize, rate: Option<u32>, limit: Option<Duration>, stop: Stop) -> Self {
        let start = Instant::now();
        let pace = rate.map(|rate| Pace::start(start, count, rate, stop.clone()));
        Self { start, next: AtomicUsize::new(0), count, until: limit.map(|limit| start + limit), pace, stop }
    }

    /// How long ago the clock was started.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Waits for the next turn; none when all is done.
    pub async fn next(&self) -> Option<Turn> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        if index >= self.count {
            return None;
        }
        let intended = match &self.pace {
            Some(pace) => pace.wait_for(self.start, index).await?,
            None => Instant::now(),
        };
        let goes_on = self.until.is_none_or(|until| intended < until) && !self.stop.is_set();
        goes_on.then_some(Turn { index, intended })
    }
}

impl Pace {
    // A thread of its own, because the runtime's timer is only as fine as a millisecond.
    fn start(start: Instant, count: usize, rate: u32, stop: Stop) -> Self {
        let interval = Duration::from_secs(1) / rate.max(1);
        let due = Arc::new(Semaphore::new(0));
        let tick = Arc::clone(&due);
        std::thread::spawn(move || {
            for index in 0..count {
                std::thread::sleep(after(start, interval, index).saturating_duration_since(Instant::now()));
                tick.add_permits(1);
                if stop.is_set() {
                    // Whoever still waits for a turn is let go.
                    tick.close();
                    break;
                }
            }
        });
        Self { interval, due }
    }

    async fn wait_for(&self, start: Instant, index: usize) -> Option<Instant> {
        self.due.acquire().await.ok()?.forget();
        Some(after(start, self.interval, index))
    }
}

fn after(start: Instant, interval: Duration, index: usize) -> Instant {
    start + interval * u32::try_from(index).unwrap_or(u32::MAX)
}
