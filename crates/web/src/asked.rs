//! When Stripe was asked for an object: events tell of what happened since.

use std::time::Instant;

use tollgate_stripe_client::Client;

use crate::Clock;

/// How far this machine's clock may be from Stripe's before Stripe's is taken, in seconds: its `Date` has whole ones.
const TRUSTED: u64 = 2;

/// The moment at which Stripe was asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    moment: Instant,
    /// In unix seconds, by this machine's clock.
    ours: i64,
}

impl Asked {
    pub(crate) fn now(clock: &Clock) -> Self {
        Self { moment: Instant::now(), ours: clock.now_seconds() }
    }

    /// That moment as Stripe dates events, in unix seconds, once it has answered: by this machine's clock unless that is
    /// wrong. A content that was dated ahead would keep out what happens until then.
    pub(crate) fn at_stripe(self, client: &Client) -> i64 {
        let theirs = client.stripe_time_at(self.moment);
        theirs.filter(|theirs| theirs.abs_diff(self.ours) > TRUSTED).unwrap_or(self.ours)
    }
}
