//! Waiting for a condition, for so long and no longer.

use std::time::{Duration, Instant};

const LONGEST: Duration = Duration::from_secs(30);

/// Waits until a condition answers something.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut condition: impl FnMut() -> F) -> T {
    let started = Instant::now();
    loop {
        if let Some(met) = condition().await {
            return met;
        }
        assert!(started.elapsed() < LONGEST, "waited {LONGEST:?} in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
