//! Chance: what happens next, to whom, and what they choose.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use crate::engine::Act;
use crate::state::Cause;

/// The business's own chance, apart from that of ids and faults.
pub(crate) struct Dice(StdRng);

impl Dice {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }
}

impl Act<'_> {
    /// A number from zero up to `end`, `end` left out.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        self.state.dice.0.random_range(0..end.max(1))
    }

    /// True in so many of a hundred cases.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<T: Clone>(&mut self, items: &[T]) -> Option<T> {
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        if count == 0 { None } else { items.get(self.below(count) as usize).cloned() }
    }

    /// One of the account's objects of a kind, if any is fit.
    pub(super) fn pick_object(&mut self, kind: &str, fit: impl Fn(&Value) -> bool) -> Option<Value> {
        let mut ids = self.ids_of(kind, fit);
        ids.reverse();
        let id = self.pick(&ids)?;
        self.state.store.get(&id).cloned()
    }

    /// From now on a request causes what happens: one by the shop, or by a customer in Checkout.
    pub(super) fn begin_request(&mut self) {
        let key = self.state.ids.text(32).to_lowercase();
        self.cause = Cause { id: Some(self.id("req")), idempotency_key: Some(key) };
    }
}
