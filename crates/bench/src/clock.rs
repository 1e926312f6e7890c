//! The clock: the one place that asks the machine what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in unix seconds.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
