//! Keeps the mirror true in the background: looks for gaps, samples and missing references, and fetches what is wanted.

mod gaps;
mod references;
mod samples;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tollgate_models::refetches::{self, Refetch, Status};
use tollgate_models::{Error as DbError, Lane};
use tollgate_stripe_client::{Error as StripeError, Priority};

use super::Shared;
use crate::Error;
use crate::lease::Lease;
use crate::refetch::{Fetcher, Outcome};

/// The lease of the process that does it.
const LEASE: &str = "truth";
/// How long a process has it, in milliseconds, unless it takes it longer.
const LEASE_FOR: i64 = 60_000;
/// How often it is looked whether there is something to do.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Work that reads much leaves the database to others for so many times as long as it took.
const SHARE_LEFT: u32 = 9;
/// Objects that are fetched in a row, and at the same time.
const IN_A_ROW: i64 = 32;
const AT_ONCE: usize = 4;
/// How long after each failed attempt the next one follows; after the last, it is given up.
const DELAYS: [Duration; 4] =
    [Duration::from_secs(60), Duration::from_secs(300), Duration::from_secs(1800), Duration::from_secs(10_800)];

/// Works until the process stops.
pub(super) fn run(shared: &Arc<Shared>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return tracing::error!(%error, "the mirror cannot be looked after"),
    };
    let keeper = Keeper::new(shared);
    while !shared.stopping.load(Ordering::Relaxed) {
        let pause = keeper.step(&runtime).unwrap_or_else(|error| {
            tracing::warn!(%error, "could not look after the mirror; trying again");
            LOOK_EVERY
        });
        shared.truth_alarm.wait(pause);
    }
    keeper.lease.give_back(&shared.database);
}

/// Looks at everything that is there to look at, and fetches what is due; how many objects were fetched.
pub(super) fn run_once(shared: &Shared) -> Result<usize, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
    let keeper = Keeper::new(shared);
    let mut fetched = 0;
    loop {
        let looked = keeper.look()?;
        match keeper.fetch_due(&runtime)? {
            0 if !looked => return Ok(fetched),
            some => fetched += some,
        }
    }
}

/// Looks after the mirror.
struct Keeper<'a> {
    shared: &'a Shared,
    lease: Lease,
    fetcher: Fetcher,
}

impl<'a> Keeper<'a> {
    fn new(shared: &'a Shared) -> Self {
        let fetcher = Fetcher {
            database: shared.database.clone(),
            stripe: shared.stripe.clone(),
            clock: shared.clock.clone(),
            priority: Priority::Reconcile,
        };
        Self { shared, lease: Lease::new(LEASE, LEASE_FOR), fetcher }
    }

    /// Takes the next step; how long to wait for another one.
    fn step(&self, runtime: &tokio::runtime::Runtime) -> Result<Duration, Error> {
        if !self.lease.hold(&self.shared.database, &self.shared.clock)? {
            return Ok(LOOK_EVERY);
        }
        let started = Instant::now();
        let looked = self.look()?;
        let spent = started.elapsed();
        let fetched = self.fetch_due(runtime)?;
        Ok(match (fetched, looked) {
            (0, false) => LOOK_EVERY,
            (0, true) => spent * SHARE_LEFT,
            _ => Duration::ZERO,
        })
    }

    fn look(&self) -> Result<bool, DbError> {
        Ok(gaps::look(self.shared)? | samples::look(self.shared)? | references::look(self.shared)?)
    }

    /// Fetches what is due; how many that were.
    fn fetch_due(&self, runtime: &tokio::runtime::Runtime) -> Result<usize, Error> {
        let now = self.shared.clock.now_millis();
        let due = self.shared.database.read(|conn| refetches::due(conn, now, IN_A_ROW))?;
        let count = due.len();
        let fetches = due.into_iter().map(|refetch| async {
            let fetched = self.fetcher.fetch(refetch.subject()).await;
            (refetch, fetched)
        });
        let mut fetches = futures_util::stream::iter(fetches).buffer_unordered(AT_ONCE);
        runtime.block_on(async {
            while let Some((refetch, fetched)) = fetches.next().await {
                self.record(&refetch, fetched)?;
            }
            Ok::<_, DbError>(())
        })?;
        Ok(count)
    }

    fn record(&self, refetch: &Refetch, fetched: Result<Outcome, Error>) -> Result<(), DbError> {
        let (database, now) = (&self.shared.database, self.shared.clock.now_millis());
        let result = match fetched {
            Ok(Outcome { status, differing, .. }) => {
                let finish = |conn: &mut _| refetches::finish(conn, refetch.id, status, &differing, None, now);
                database.write(Lane::Ordinary, finish)?;
                status.as_str()
            }
            Err(error) => {
                let text = error.to_string();
                match delay(&error, refetch.attempts) {
                    Some(delay) => {
                        let at = now + i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
                        database.write(Lane::Ordinary, |conn| refetches::try_again(conn, refetch.id, &text, at))?;
                        "again"
                    }
                    None => {
                        let finish =
                            |conn: &mut _| refetches::finish(conn, refetch.id, Status::Failed, &[], Some(&text), now);
                        database.write(Lane::Ordinary, finish)?;
                        Status::Failed.as_str()
                    }
                }
            }
        };
        self.shared.metrics.work().refetched(result);
        Ok(())
    }
}

// None when another attempt cannot help.
fn delay(error: &Error, attempts: i32) -> Option<Duration> {
    let hopeless = match error {
        Error::Stripe(StripeError::InvalidRequest(_)) => true,
        Error::Stripe(StripeError::Api(api)) => !matches!(api.status, 401 | 409 | 429 | 500..),
        _ => false,
    };
    let next = usize::try_from(attempts).ok().and_then(|attempts| DELAYS.get(attempts));
    next.copied().filter(|_| !hopeless)
}
