//! What a proof counted, told whether it holds or not.

use std::fmt::{Display, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The counts of one proof; they are kept when this is dropped, so also if the proof fails.
pub struct Counts {
    claim: &'static str,
    begun: Instant,
    counts: String,
}

impl Counts {
    pub fn of(claim: &'static str) -> Self {
        Self { claim, begun: Instant::now(), counts: String::new() }
    }

    /// Counts something.
    pub fn add(&mut self, what: &str, count: impl Display) {
        write!(self.counts, ", {what} {count}").unwrap();
    }

    /// The median and the longest of some times.
    pub fn times(&mut self, what: &str, times: &[Duration]) {
        let mut times = times.to_vec();
        times.sort();
        if let (Some(median), Some(longest)) = (times.get(times.len() / 2), times.last()) {
            self.add(what, format!("{} ms (median) {} ms (longest)", median.as_millis(), longest.as_millis()));
        }
    }
}

impl Drop for Counts {
    fn drop(&mut self) {
        let state = if std::thread::panicking() { "FAILED" } else { "holds" };
        let seconds = self.begun.elapsed().as_secs();
        let line = format!("proof {}: {state} after {seconds} s{}", self.claim, self.counts);
        TOLD.lock().unwrap().push(line);
    }
}

/// Prints what the proofs counted.
pub fn print() {
    for line in TOLD.lock().unwrap().drain(..) {
        println!("{line}");
    }
}
