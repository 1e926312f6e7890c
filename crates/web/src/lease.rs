//! A work that only one process may do at a time, and the hold that this one has on it.

use std::sync::atomic::{AtomicI64, Ordering};

use tollgate_models::{AnyConnection, Database, Error, Lane, QueryResult, leases};
use uuid::Uuid;

use crate::Clock;

/// The hold on a work, for one thread of this process.
pub(crate) struct Lease {
    name: &'static str,
    /// How long it lasts unless it is held longer, in milliseconds.
    span: i64,
    holder: String,
    /// Until when this thread knows that it has it, in unix milliseconds.
    until: AtomicI64,
}

impl Lease {
    pub(crate) fn new(name: &'static str, span: i64) -> Self {
        let holder = format!("{}-{}", std::process::id(), Uuid::new_v4().simple());
        Self { name, span, holder, until: AtomicI64::new(i64::MIN) }
    }

    /// Takes it, or holds it longer; whether this thread has it. While half of its time is left nothing is written.
    pub(crate) fn hold(&self, database: &Database, clock: &Clock) -> Result<bool, Error> {
        let now = clock.now_millis();
        if self.until.load(Ordering::Relaxed) > now.saturating_add(self.span / 2) {
            return Ok(true);
        }
        let taken = database.write(Lane::Ordinary, |conn| self.take(conn, now))?;
        self.until.store(if taken { now + self.span } else { i64::MIN }, Ordering::Relaxed);
        Ok(taken)
    }

    /// The same in the caller's transaction, which writes it in any case; `now` in unix milliseconds.
    pub(crate) fn take(&self, conn: &mut AnyConnection, now: i64) -> QueryResult<bool> {
        leases::take(conn, self.name, &self.holder, now, now.saturating_add(self.span))
    }

    /// Lets another process take it at once. If that fails, others take it when its time is over.
    pub(crate) fn give_back(&self, database: &Database) {
        self.until.store(i64::MIN, Ordering::Relaxed);
        if let Err(error) = database.write(Lane::Ordinary, |conn| leases::give_back(conn, self.name, &self.holder)) {
            tracing::debug!(%error, lease = self.name, "could not give a lease back; others take it when it ends");
        }
    }
}

#[cfg(test)]
mod tests {
    use tollgate_models::testing::TestDb;

    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    #[test]
    fn one_has_it_until_it_gives_it_back_or_its_time_is_over() {
        let database = TestDb::new();
        let database = database.open();
        let (a, b) = (Lease::new("work", 1000), Lease::new("work", 1000));
        let clock = Clock::fixed(NOW);
        let hold = |lease: &Lease, at| lease.hold(&database, &Clock::fixed(at)).unwrap();
        assert_eq!([a.hold(&database, &clock).unwrap(), hold(&b, NOW)], [true, false]);
        // Held again while half of the time is left, and longer afterwards.
        assert_eq!([hold(&a, NOW + 400), hold(&a, NOW + 600), hold(&b, NOW + 1100)], [true, true, false]);
        assert_eq!([hold(&b, NOW + 1600), hold(&a, NOW + 1700)], [true, false]);
        b.give_back(&database);
        assert_eq!([hold(&a, NOW + 1700), hold(&b, NOW + 1701)], [true, false]);
    }
}
