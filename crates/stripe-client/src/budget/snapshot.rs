//! What a budget shows of itself.

use std::time::Duration;

use super::Priority;

/// How a [`Budget`](super::Budget) stands at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapshot {
    /// Requests that could leave at once.
    pub tokens: f64,
    /// Requests a second at present; less than the limit after Stripe complained.
    pub rate: f64,
    /// Requests under way.
    pub in_flight: u32,
    /// Requests that may be under way at present.
    pub most_in_flight: u32,
    /// Calls that wait, in the order of [`Priority::ALL`].
    pub waiting: [usize; Priority::ALL.len()],
    /// How long nothing will leave, if Stripe asked for a pause.
    pub paused_for: Option<Duration>,
    /// Requests that were let through so far.
    pub granted: u64,
    /// Times that Stripe answered 429 so far.
    pub limited: u64,
}

impl Snapshot {
    /// Calls of one priority that wait.
    pub fn waiting_at(&self, priority: Priority) -> usize {
        self.waiting[priority as usize]
    }
}
