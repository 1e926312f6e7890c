//! What came of deliveries.

use std::collections::VecDeque;

/// How many attempts are remembered.
const REMEMBERED: usize = 100_000;

/// The answer to one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryResult {
    /// The status of the answer; none when there was no answer.
    pub status: Option<u16>,
    /// The body of the answer; one of more than 64 KiB counts as no answer.
    pub body: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Why there was no answer.
    pub error: Option<String>,
}

impl DeliveryResult {
    /// Whether Stripe would count it as delivered: only 2xx is, a redirect is not.
    pub fn accepted(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// One attempt and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// The event's id.
    pub event: String,
    /// The endpoint's id.
    pub endpoint: String,
    /// Counts from zero.
    pub attempt: usize,
    /// When the answer came, in unix seconds of the simulator's clock.
    pub at: i64,
    /// The answer.
    pub result: DeliveryResult,
}

impl DeliveryRecord {
    pub(crate) fn new(event: &str, endpoint: &str, attempt: usize, at: i64, result: DeliveryResult) -> Self {
        Self { event: event.to_owned(), endpoint: endpoint.to_owned(), attempt, at, result }
    }
}

/// The last attempts, oldest first.
#[derive(Debug, Default)]
pub(crate) struct DeliveryLog(VecDeque<DeliveryRecord>);

impl DeliveryLog {
    pub(crate) fn push(&mut self, record: DeliveryRecord) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(record);
    }

    pub(crate) fn all(&self) -> Vec<DeliveryRecord> {
        self.0.iter().cloned().collect()
    }
}
