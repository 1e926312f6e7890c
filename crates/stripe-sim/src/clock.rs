//! The simulator's clock: the machine's own, or one that a test moves by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Where the simulator reads the time; clones of a manual clock move together.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands still until it is moved; it holds unix seconds.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `unix` seconds.
    pub fn manual(unix: i64) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(unix)))
    }

    /// The time in unix seconds.
    pub fn now(&self) -> i64 {
        match self {
            Self::System => system_seconds(),
            Self::Manual(seconds) => seconds.load(Ordering::Relaxed),
        }
    }

    /// Moves a manual clock by `seconds`; the machine's clock stays as it is.
    pub fn advance(&self, seconds: i64) {
        if let Self::Manual(now) = self {
            now.fetch_add(seconds, Ordering::Relaxed);
        }
    }
}

/// Unix seconds as version 2 of the API writes them; the epoch for what no date can say.
pub(crate) fn rfc3339(unix: i64) -> String {
    OffsetDateTime::from_unix_timestamp(unix).unwrap_or(OffsetDateTime::UNIX_EPOCH).format(&Rfc3339).unwrap_or_default()
}

/// Unix seconds of a time as version 2 of the API takes it.
pub(crate) fn unix(rfc3339: &str) -> Option<i64> {
    OffsetDateTime::parse(rfc3339, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp)
}

/// The day as a line of an invoice says it: `25 Nov 2026`.
pub(crate) fn day(unix: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(unix).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let month = at.month().to_string();
    format!("{} {} {}", at.day(), &month[..3], at.year())
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everything else takes the time from")]
fn system_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Clock, day, rfc3339, unix};

    #[test]
    fn times_are_written_as_they_are_read() {
        assert_eq!(rfc3339(1_790_000_000), "2026-09-21T14:13:20Z");
        assert_eq!(unix("2026-09-21T16:13:20.5+02:00"), Some(1_790_000_000));
        assert_eq!((unix("yesterday"), unix("1790000000")), (None, None));
        assert_eq!(rfc3339(i64::MAX), rfc3339(0));
        assert_eq!(day(1_790_000_000), "21 Sep 2026");
    }

    #[test]
    fn clones_of_a_manual_clock_move_together() {
        let clock = Clock::manual(1_000);
        clock.clone().advance(7);
        assert_eq!(clock.now(), 1_007);
    }
}
