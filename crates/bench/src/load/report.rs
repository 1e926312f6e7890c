//! What came of a load: counts, the rate, and how long acknowledgements took.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde::Serialize;

use super::Load;
use crate::error::Error;
use crate::event::{Numbering, REST};

/// What came of a load.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Answers of 2xx.
    pub acknowledged: usize,
    /// Answers of other statuses.
    pub refused: BTreeMap<u16, usize>,
    /// Posts without an answer.
    pub failed: usize,
    /// Why the first of those failed.
    pub first_failure: Option<String>,
    /// From the first post to the last answer.
    pub seconds: f64,
    /// Acknowledged events a second.
    pub rate: f64,
    /// The rate that was asked for; none is as fast as answers come.
    pub intended_rate: Option<u32>,
    /// Keep-alive connections.
    pub connections: u32,
    /// The size of each body in bytes.
    pub body_bytes: usize,
    /// Half of the acknowledgements took no longer, in milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 acknowledgements took no longer, in milliseconds.
    pub p99_ms: f64,
    /// The slowest acknowledgement, in milliseconds.
    pub max_ms: f64,
}

impl Report {
    /// Whether every event got its 2xx.
    pub fn all_acknowledged(&self) -> bool {
        self.failed == 0 && self.refused.is_empty()
    }

    /// The report of a load that lost nothing; there is no figure for another one.
    ///
    /// # Errors
    /// When an event was not acknowledged.
    pub fn complete(self) -> Result<Self, Error> {
        if self.all_acknowledged() {
            return Ok(self);
        }
        let (refused, failed) = (self.refused.values().sum::<usize>(), self.failed);
        let mut text =
            format!("not every event was acknowledged: {refused} refused {:?}, {failed} failed", self.refused);
        if let Some(first) = &self.first_failure {
            text.push_str(&format!(", the first because {first}"));
        }
        Err(Error::Wrong(text))
    }
}

/// The counts of one connection, or of several together.
#[derive(Debug, Default)]
pub struct Tally {
    acknowledged: Vec<Duration>,
    refused: BTreeMap<u16, usize>,
    failed: usize,
    first_failure: Option<String>,
}

impl Tally {
    /// Counts an answer.
    pub fn answered(&mut self, status: u16, took: Duration) {
        if (200..300).contains(&status) {
            self.acknowledged.push(took);
        } else {
            *self.refused.entry(status).or_default() += 1;
        }
    }

    /// Counts a post without an answer.
    pub fn failed(&mut self, error: &io::Error) {
        self.failed += 1;
        self.first_failure.get_or_insert_with(|| error.to_string());
    }

    /// Adds another connection's counts.
    pub fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        for (status, count) in other.refused {
            *self.refused.entry(status).or_default() += count;
        }
        self.failed += other.failed;
        self.first_failure = self.first_failure.take().or(other.first_failure);
    }

    /// Sums everything up.
    pub fn report(mut self, load: &Load, elapsed: Duration) -> Report {
        self.acknowledged.sort_unstable();
        let sorted = &self.acknowledged;
        let seconds = elapsed.as_secs_f64();
        Report {
            acknowledged: sorted.len(),
            refused: self.refused,
            failed: self.failed,
            first_failure: self.first_failure,
            seconds: round(seconds),
            rate: round(sorted.len() as f64 / seconds),
            intended_rate: load.rate,
            connections: load.connections,
            body_bytes: Numbering { run: "000000000000", objects: 1, now: 1_000_000_000 }.start(0).len() + REST.len(),
            p50_ms: millis(percentile(sorted, 50)),
            p99_ms: millis(percentile(sorted, 99)),
            max_ms: millis(percentile(sorted, 100)),
        }
    }
}

// The nearest rank: a value that was really measured.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

fn millis(duration: Duration) -> f64 {
    round(duration.as_secs_f64() * 1000.0)
}

fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let sorted: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        let at = |percent| percentile(&sorted, percent).as_millis();
        assert_eq!((at(50), at(99), at(100)), (100, 198, 200));
        assert_eq!(percentile(&sorted[..1], 99).as_millis(), 1);
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }

    #[test]
    fn a_load_that_lost_an_event_has_no_figure() {
        let load = Load {
            url: "http://127.0.0.1:1/".parse().unwrap(),
            secret: tollgate_stripe_client::WebhookSecret::parse("whsec_bench").unwrap(),
            connections: 1,
            rate: None,
            amount: crate::load::Amount::Events(2),
            objects: 1,
        };
        let mut tally = Tally::default();
        tally.answered(200, Duration::ZERO);
        tally.answered(400, Duration::ZERO);
        let error = tally.report(&load, Duration::from_secs(1)).complete().unwrap_err().to_string();
        assert!(error.contains("1 refused {400: 1}"), "{error}");
    }

    #[test]
    fn the_first_failure_is_kept() {
        let mut all = Tally::default();
        let mut part = Tally::default();
        part.failed(&io::Error::other("the first"));
        part.failed(&io::Error::other("the second"));
        part.answered(400, Duration::ZERO);
        all.add(part);
        assert_eq!((all.failed, all.first_failure.as_deref()), (2, Some("the first")));
        assert_eq!(all.refused, BTreeMap::from([(400, 1)]));
    }
}
