//! What happens at Stripe: the same for an API call, for a clock that moves on, and for the business.

pub(crate) mod changes;
pub(crate) mod charges;
pub(crate) mod checkout;
pub(crate) mod customers;
pub(crate) mod discounts;
pub(crate) mod disputes;
pub(crate) mod drafts;
pub(crate) mod due;
pub(crate) mod invoices;
pub(crate) mod payments;
pub(crate) mod payouts;
pub(crate) mod previews;
pub(crate) mod refunds;
pub(crate) mod setups;
pub(crate) mod subscriptions;

use serde_json::Value;

use crate::diff;
use crate::objects::{Made, text};
use crate::state::events::EmitOptions;
use crate::state::{Cause, Scope, State};

/// The customer authenticates a payment intent or a setup intent, or fails to; whether that was asked.
pub(crate) fn authenticate(state: &mut State, intent: &str, passed: bool) -> bool {
    let Some(stored) = state.store.find(intent) else { return false };
    let (scope, is_setup) = (stored.scope.clone(), stored.kind() == "setup_intent");
    let mut act = Act::new(state, scope, Cause::default());
    let done = if is_setup { setups::authenticate } else { payments::authenticate };
    done(&mut act, intent, passed).is_ok()
}

/// The state while something happens: for whom, because of what, and when.
pub(crate) struct Act<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) scope: Scope,
    /// The request that causes it; nothing for what Stripe does by itself.
    pub(crate) cause: Cause,
    /// The time by the test clock of whomever it concerns; the simulator's own without one.
    pub(crate) now: i64,
    /// That test clock's id.
    pub(crate) clock: Option<String>,
}

impl<'a> Act<'a> {
    pub(crate) fn new(state: &'a mut State, scope: Scope, cause: Cause) -> Self {
        let now = state.now();
        Self { state, scope, cause, now, clock: None }
    }

    /// From now on it is as late as by the test clock that an object stands on, if it stands on one.
    pub(crate) fn by_clock_of(&mut self, object: &Value) {
        let clock = object["test_clock"].as_str();
        let frozen = clock.and_then(|id| self.state.store.get(id)).and_then(|clock| clock["frozen_time"].as_i64());
        self.now = frozen.unwrap_or_else(|| self.state.now());
        self.clock = clock.map(str::to_owned);
    }

    pub(crate) fn id(&mut self, prefix: &str) -> String {
        self.state.ids.id(prefix)
    }

    pub(crate) fn made<'b>(&self, id: &'b str) -> Made<'b> {
        Made { id, created: self.now, livemode: self.scope.livemode }
    }

    /// Payments and what hangs on them are dated by the simulator's own clock, on a test clock too
    /// (<https://github.com/stripe/stripe-python/issues/1183>).
    pub(crate) fn made_by_day<'b>(&self, id: &'b str) -> Made<'b> {
        Made { id, created: self.state.now(), livemode: self.scope.livemode }
    }

    /// An object as it is now; null when there is none.
    pub(crate) fn object(&self, id: &str) -> Value {
        self.state.store.get(id).cloned().unwrap_or_default()
    }

    /// Keeps an object without an event.
    pub(crate) fn put(&mut self, object: Value) {
        let id = text(&object, "/id").to_owned();
        self.state.store.put(&self.scope, object);
        self.state.store.bring_to_life(&id);
    }

    /// Stores a new object and tells of it.
    pub(crate) fn create(&mut self, event_type: &str, object: Value) {
        self.put(object.clone());
        self.tell(event_type, object, None);
    }

    /// Changes an object and tells of it with the attributes as they were; nothing is told when nothing changed.
    pub(crate) fn update(&mut self, id: &str, told: &str, change: impl FnOnce(&mut Value)) {
        let Some(before) = self.state.store.get(id).cloned() else { return };
        let mut after = before.clone();
        change(&mut after);
        if diff::previous(&before, &after).is_empty() {
            return;
        }
        self.put(after.clone());
        // Stripe gives `previous_attributes` with `*.updated` alone.
        let before = told.ends_with(".updated").then_some(before);
        self.tell(told, after, before);
    }

    /// Changes an object without an event, as Stripe does with what an event that follows tells.
    pub(crate) fn amend(&mut self, id: &str, change: impl FnOnce(&mut Value)) {
        if let Some(object) = self.state.store.get_mut(id) {
            change(object);
        }
    }

    /// Changes an object and tells of it as it is then.
    pub(crate) fn become_and_tell(&mut self, id: &str, told: &str, change: impl FnOnce(&mut Value)) {
        self.amend(id, change);
        self.announce(told, id);
    }

    /// Tells of an object as it is stored.
    pub(crate) fn announce(&mut self, event_type: &str, id: &str) {
        if let Some(object) = self.state.store.get(id).cloned() {
            self.tell(event_type, object, None);
        }
    }

    pub(crate) fn tell(&mut self, event_type: &str, object: Value, before: Option<Value>) {
        let options = self.options();
        self.state.emit(event_type, object, before, options);
    }

    /// Tells of a change of something that is kept elsewhere.
    pub(crate) fn tell_change(&mut self, event_type: &str, after: Value, before: Value) {
        let options = EmitOptions { store: false, ..self.options() };
        self.state.emit(event_type, after, Some(before), options);
    }

    /// Tells of an object that the API does not serve.
    pub(crate) fn tell_only(&mut self, event_type: &str, object: Value) {
        let options = EmitOptions { store: false, ..self.options() };
        self.state.emit(event_type, object, None, options);
    }

    fn options(&self) -> EmitOptions {
        EmitOptions {
            account: Some(self.scope.account.clone()),
            livemode: self.scope.livemode,
            request: Some(self.cause.clone()),
            ..EmitOptions::default()
        }
    }

    /// The ids of the account's objects of a kind that are fit, oldest first.
    pub(crate) fn ids_of(&self, kind: &str, fit: impl Fn(&Value) -> bool) -> Vec<String> {
        let newest = self.state.store.newest(&self.scope, kind).filter(|object| fit(object));
        let mut ids: Vec<String> = newest.map(|object| text(object, "/id").to_owned()).collect();
        ids.reverse();
        ids
    }

    /// Deletes an object and tells of it as it was.
    pub(crate) fn remove(&mut self, event_type: &str, id: &str) {
        let object = self.object(id);
        self.state.store.delete(id);
        self.tell(event_type, object, None);
    }
}
