//! Waiting for a condition, for so long and no longer.

use std::time::{Duration, Instant};

/// Waits until a condition answers something.
pub async fn until<T>(what: &str, longest: Duration, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(met) = condition().await {
            return met;
        }
        assert!(started.elapsed() < longest, "waited {longest:?} in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What a proof waits and sends in.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
