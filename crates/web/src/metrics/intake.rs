//! What is counted of deliveries.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tollgate_models::deliveries::Outcome;
use tollgate_models::intake::{Arrival, Stored};

use super::families::{Counters, DURATIONS, LAGS, counter, counters, sizes, times};

/// The reason codes of refusals.
const REASONS: [&str; 13] = [
    "missing_signature",
    "malformed_signature",
    "no_matching_signature",
    "timestamp_too_old",
    "timestamp_in_future",
    "no_secret",
    "body_too_large",
    "incomplete_body",
    "slow_body",
    "malformed_body",
    "wrong_mode",
    "wrong_account",
    "endpoint_disabled",
];

/// Why Stripe was asked to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unavailable {
    /// As many bodies as may be read at the same time are being read.
    TooManyBodies,
    /// As many deliveries as may wait for a batch are waiting.
    QueueFull,
    /// The database did not commit it, or not in time.
    Database,
    /// The server is stopping.
    Closing,
}

impl Unavailable {
    const ALL: [Self; 4] = [Self::TooManyBodies, Self::QueueFull, Self::Database, Self::Closing];

    const fn as_str(self) -> &'static str {
        match self {
            Self::TooManyBodies => "too_many_bodies",
            Self::QueueFull => "queue_full",
            Self::Database => "database",
            Self::Closing => "closing",
        }
    }
}

/// The series of the intake.
pub(crate) struct Intake {
    received: Counter,
    bytes: Counter,
    stored: Counters,
    refused: Counters,
    unavailable: Counters,
    inline: Counters,
    batch: Histogram,
    commit: Histogram,
    lag: Histogram,
}

/// How old the events of a batch are, in the order of its deliveries.
pub(crate) struct Lags(Vec<Option<f64>>);

impl Lags {
    pub(crate) fn of<'a>(arrivals: impl Iterator<Item = &'a Arrival>) -> Self {
        let lag = |arrival: &Arrival| {
            let event = arrival.event.as_ref()?;
            // The sender's clock may be ahead of ours.
            Some((event.received_at - event.created.saturating_mul(1000)).max(0) as f64 / 1000.0)
        };
        Self(arrivals.map(lag).collect())
    }
}

impl Intake {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let bytes = Counter::default();
        registry.register_with_unit("delivery_body", "Bytes of bodies that were read", Unit::Bytes, bytes.clone());
        Self {
            bytes,
            received: counter(registry, "deliveries_received", "Deliveries to endpoints that exist"),
            stored: counters(
                registry,
                "deliveries_stored",
                "Deliveries that were acknowledged, by whether their event was new",
                "outcome",
                [Outcome::Accepted, Outcome::Duplicate, Outcome::Shadow].map(Outcome::as_str),
            ),
            refused: counters(registry, "deliveries_refused", "Deliveries that were refused", "reason", REASONS),
            unavailable: counters(
                registry,
                "deliveries_unavailable",
                "Deliveries that were answered with 503",
                "cause",
                Unavailable::ALL.map(Unavailable::as_str),
            ),
            inline: counters(
                registry,
                "deliveries_inline",
                "Deliveries that were answered after their handlers, by what had become of the event",
                "outcome",
                ["processed", "failed", "queued"],
            ),
            batch: sizes(registry, "intake_batch_deliveries", "Deliveries that were committed together"),
            commit: times(registry, "intake_commit", "How long a batch took to be committed", DURATIONS),
            lag: times(registry, "event_lag", "From an event's creation at Stripe to its first arrival", LAGS),
        }
    }

    /// A delivery begins.
    pub(crate) fn received(&self) {
        self.received.inc();
    }

    /// Its body, or as much of it as there was, has been read.
    pub(crate) fn read(&self, bytes: usize) {
        self.bytes.inc_by(bytes as u64);
    }

    /// It is refused.
    pub(crate) fn refused(&self, reason: &str) {
        self.refused.add(reason, 1);
    }

    /// It is answered with 503.
    pub(crate) fn unavailable(&self, cause: Unavailable) {
        self.unavailable.add(cause.as_str(), 1);
    }

    /// It is answered after its handlers, or after waiting for them.
    pub(crate) fn answered_inline(&self, outcome: &str) {
        self.inline.add(outcome, 1);
    }

    /// A batch is committed.
    pub(crate) fn committed(&self, took: Duration, stored: &[Stored], lags: &Lags) {
        if stored.is_empty() {
            return;
        }
        self.batch.observe(stored.len() as f64);
        self.commit.observe(took.as_secs_f64());
        for (stored, lag) in stored.iter().zip(&lags.0) {
            self.stored.add(stored.outcome.as_str(), 1);
            if let (Outcome::Accepted, Some(lag)) = (stored.outcome, lag) {
                self.lag.observe(*lag);
            }
        }
    }
}
