//! The clock: the one place that asks the machine what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where Tollgate gets the time from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine.
    #[default]
    System,
    /// A time that stands until it is set, in unix milliseconds; for tests.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at a time, in unix milliseconds.
    pub fn fixed(millis: i64) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(millis)))
    }

    /// Now, in unix milliseconds.
    pub fn now_millis(&self) -> i64 {
        match self {
            Self::System => system_millis(),
            Self::Fixed(millis) => millis.load(Ordering::Relaxed),
        }
    }

    /// Now, in unix seconds.
    pub fn now_seconds(&self) -> i64 {
        self.now_millis().div_euclid(1000)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn system_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
