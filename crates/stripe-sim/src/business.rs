//! A business whose customers do believable things.

mod aftermath;
mod lifecycle;
mod people;
mod purchase;
mod scene;
mod shelf;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Act;
use crate::state::{Cause, Scope, Shared};
pub(crate) use scene::Dice;

/// Makes one thing after the other happen, each with all the events that Stripe would send for it.
///
/// What happens is drawn from the simulator's seed. Every handle of one simulator leads the same business.
#[derive(Clone)]
pub struct Business {
    shared: Arc<Shared>,
}

/// Something that may happen: whether it did, for it may find nobody to happen to.
type Move = fn(&mut Act) -> bool;

/// How often each thing happens beside the others, and what it is called.
const MOVES: [(u32, &str, Move); 17] = [
    (14, "a customer signed up", purchase::subscribe),
    (8, "a customer started a trial", purchase::start_trial),
    (20, "a subscription renewed", lifecycle::renew),
    (6, "a renewal was declined", lifecycle::renew_with_a_declined_card),
    (10, "an overdue payment was tried again", lifecycle::try_again),
    (5, "a trial is about to end", lifecycle::warn_of_trial_end),
    (6, "a trial became a paid subscription", lifecycle::convert_trial),
    (8, "a customer changed plans", lifecycle::change_plan),
    (5, "a customer asked to leave", lifecycle::ask_to_leave),
    (4, "a subscription ended", lifecycle::leave),
    (12, "a customer bought something once", purchase::buy_once),
    (6, "a charge was refunded", aftermath::refund),
    (3, "a charge was disputed", aftermath::dispute),
    (4, "a dispute moved on", aftermath::move_dispute_on),
    (8, "a customer's details changed", people::change_details),
    (2, "money went to the bank", aftermath::pay_out),
    (2, "a payout arrived", aftermath::payout_arrives),
];

impl Business {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Lets one thing happen and says what; the first is that the shop opens.
    pub async fn step(&self) -> &'static str {
        let mut state = self.shared.lock();
        let scope = Scope { account: state.accounts.default_id().to_owned(), livemode: false };
        let mut act = Act::new(&mut state, scope, Cause::default());
        if shelf::open(&mut act) {
            return "the shop opened";
        }
        loop {
            let (name, happen) = draw(&mut act);
            // Signing up always works, so this ends.
            if happen(&mut act) {
                return name;
            }
        }
    }

    /// Lets one thing happen after each `interval` until `stop` is done.
    pub async fn run(self, interval: Duration, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            let what = self.step().await;
            tracing::debug!(what, "the business moved on");
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(interval) => {}
            }
        }
    }
}

fn draw(act: &mut Act) -> (&'static str, Move) {
    let total: u32 = MOVES.iter().map(|(weight, ..)| weight).sum();
    let mut point = act.below(total);
    for (weight, name, happen) in MOVES {
        if point < weight {
            return (name, happen);
        }
        point -= weight;
    }
    let (_, name, happen) = MOVES[0];
    (name, happen)
}
