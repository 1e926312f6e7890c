//! What happens as time passes, and what a test decides in a customer's place.

use std::future::Future;
use std::time::Duration;

use super::Simulator;
use crate::engine::{self, due};

/// How often [`Simulator::keep_time`] looks.
const TICK: Duration = Duration::from_secs(1);

impl Simulator {
    /// Lets a manual clock go on, and does what comes due meanwhile, each thing at its time: subscriptions renew, trials
    /// end, declined payments are tried again, banks answer, payouts arrive.
    ///
    /// Objects that the API or the business made live on by themselves; those of [`put_object`](Self::put_object) do not.
    pub fn advance(&self, seconds: i64) {
        let until = self.clock.now().saturating_add(seconds);
        due::run(&mut self.shared.lock(), None, until);
        self.clock.advance(until - self.clock.now());
    }

    /// Does what has come due by the machine's clock, until `stop` is done.
    pub async fn keep_time(&self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            due::run(&mut self.shared.lock(), None, self.clock.now());
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    /// The customer authenticates a payment intent or a setup intent, or fails to; gives whether that was asked.
    pub fn authenticate(&self, intent: &str, passed: bool) -> bool {
        engine::authenticate(&mut self.shared.lock(), intent, passed)
    }
}
