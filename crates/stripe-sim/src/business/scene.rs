//! Where the business happens: the state, the account, and the dice.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::objects::{Made, text};
use crate::state::{Cause, Scope, State};

/// The business's own chance, apart from that of ids and faults.
pub(crate) struct Dice(StdRng);

impl Dice {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }
}

/// The state while something happens.
pub(super) struct Scene<'a> {
    pub(super) state: &'a mut State,
    pub(super) scope: Scope,
    pub(super) now: i64,
}

impl<'a> Scene<'a> {
    pub(super) fn new(state: &'a mut State) -> Self {
        let scope = Scope { account: state.accounts.default_id().to_owned(), livemode: false };
        let now = state.now();
        Self { state, scope, now }
    }

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
        let found: Vec<&Value> = self.state.store.newest(&self.scope, kind).filter(|object| fit(object)).collect();
        let ids: Vec<String> = found.into_iter().map(|object| text(object, "/id").to_owned()).collect();
        let id = self.pick(&ids)?;
        self.state.store.get(&id).cloned()
    }

    /// An object as it is now; null when there is none.
    pub(super) fn object(&self, id: &str) -> Value {
        self.state.store.get(id).cloned().unwrap_or_default()
    }

    pub(super) fn id(&mut self, prefix: &str) -> String {
        self.state.ids.id(prefix)
    }

    pub(super) fn made<'b>(&self, id: &'b str) -> Made<'b> {
        Made { id, created: self.now, livemode: self.scope.livemode }
    }

    /// A request by the shop or by a customer in Checkout.
    pub(super) fn request(&mut self) -> Cause {
        let key = self.state.ids.text(32).to_lowercase();
        Cause { id: Some(self.id("req")), idempotency_key: Some(key) }
    }

    pub(super) fn create(&mut self, cause: &Cause, event_type: &str, object: Value) {
        self.state.create(&self.scope, cause, event_type, object);
    }

    pub(super) fn update(&mut self, cause: &Cause, id: &str, event_type: &str, change: impl FnOnce(&mut Value)) {
        self.state.update(&self.scope, cause, id, event_type, change);
    }

    pub(super) fn announce(&mut self, cause: &Cause, event_type: &str, id: &str) {
        self.state.announce(&self.scope, cause, event_type, id);
    }

    /// Marks a customer as owing money, or not any more.
    pub(super) fn set_delinquent(&mut self, customer: &str, delinquent: bool) {
        self.update(&Cause::default(), customer, "customer.updated", |customer| {
            customer["delinquent"] = json!(delinquent);
        });
    }
}
