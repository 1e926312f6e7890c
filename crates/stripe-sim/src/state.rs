//! Everything the simulator knows, behind one lock: accounts, endpoints, objects, events, faults.

pub(crate) mod accounts;
pub(crate) mod endpoints;
pub(crate) mod events;
pub(crate) mod idempotency;
pub(crate) mod store;

use std::sync::{Mutex, MutexGuard, PoisonError};

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;

use crate::business::Dice;
use crate::clock::Clock;
use crate::delivery::{DeliveryLog, Outbox};
use crate::diff;
use crate::faults::Faults;
use crate::ids::Ids;
use crate::requests::RequestLog;
use accounts::Accounts;
use endpoints::Endpoint;
use events::{EmitOptions, EventLog};
use idempotency::Replies;
use store::Store;

/// One account in one mode: what a key sees.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    pub(crate) account: String,
    pub(crate) livemode: bool,
}

/// The API request that caused something, as events name it; nothing for what Stripe does by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// The request's id, `req_…`; none for what happens by itself.
    pub id: Option<String>,
    /// The idempotency key that the request carried.
    pub idempotency_key: Option<String>,
}

/// What the builder sets once.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) allow_loopback_urls: bool,
    pub(crate) endpoint_cap: usize,
    pub(crate) api_version: String,
    pub(crate) requests_per_second: Option<u32>,
}

/// The whole state; [`Shared`] locks it. It holds keys and secrets, so it has no `Debug`.
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) dice: Dice,
    /// Apart from `ids`: clients decide how many requests there are, and that must not change the objects' ids.
    pub(crate) request_ids: Ids,
    /// Apart from `ids`, so that nobody's ids depend on which events have a thin twin.
    pub(crate) thin_ids: Ids,
    pub(crate) settings: Settings,
    pub(crate) accounts: Accounts,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) events: EventLog,
    pub(crate) store: Store,
    pub(crate) replies: Replies,
    pub(crate) requests: RequestLog,
    pub(crate) deliveries: DeliveryLog,
    pub(crate) faults: Faults,
    pub(crate) outbox: Outbox,
    /// The second that `requests_this_second` counts.
    pub(crate) second: i64,
    pub(crate) requests_this_second: u32,
}

impl State {
    pub(crate) fn new(seed: u64, clock: Clock, settings: Settings, outbox: Outbox) -> Self {
        let mut ids = Ids::seeded(seed);
        let now = clock.now();
        Self {
            accounts: Accounts::new(&mut ids, now),
            ids,
            request_ids: Ids::seeded(seed.wrapping_add(1)),
            thin_ids: Ids::seeded(seed.wrapping_add(4)),
            dice: Dice::seeded(seed.wrapping_add(3)),
            faults: Faults::new(StdRng::seed_from_u64(seed.wrapping_add(2))),
            clock,
            settings,
            endpoints: Vec::new(),
            events: EventLog::default(),
            store: Store::default(),
            replies: Replies::default(),
            requests: RequestLog::default(),
            deliveries: DeliveryLog::default(),
            outbox,
            second: 0,
            requests_this_second: 0,
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Stores a new object and tells of it.
    pub(crate) fn create(&mut self, scope: &Scope, cause: &Cause, event_type: &str, object: Value) {
        self.store.put(scope, object.clone());
        self.tell(scope, cause, event_type, object, None);
    }

    /// Changes an object and tells of it with the attributes as they were; nothing is told when nothing changed.
    pub(crate) fn update(
        &mut self,
        scope: &Scope,
        cause: &Cause,
        id: &str,
        told: &str,
        change: impl FnOnce(&mut Value),
    ) {
        let Some(before) = self.store.get(id).cloned() else { return };
        let mut after = before.clone();
        change(&mut after);
        if diff::previous(&before, &after).is_empty() {
            return;
        }
        self.store.put(scope, after.clone());
        // Stripe gives `previous_attributes` with `*.updated` alone.
        let before = told.ends_with(".updated").then_some(before);
        self.tell(scope, cause, told, after, before);
    }

    /// Changes an object without an event, as Stripe does with fields that no event tells of.
    pub(crate) fn amend(&mut self, id: &str, change: impl FnOnce(&mut Value)) {
        if let Some(object) = self.store.get_mut(id) {
            change(object);
        }
    }

    /// Tells of an object as it is stored.
    pub(crate) fn announce(&mut self, scope: &Scope, cause: &Cause, event_type: &str, id: &str) {
        if let Some(object) = self.store.get(id).cloned() {
            self.tell(scope, cause, event_type, object, None);
        }
    }

    pub(crate) fn tell(
        &mut self,
        scope: &Scope,
        cause: &Cause,
        event_type: &str,
        object: Value,
        before: Option<Value>,
    ) {
        let options = EmitOptions {
            account: Some(scope.account.clone()),
            livemode: scope.livemode,
            request: Some(cause.clone()),
            ..EmitOptions::default()
        };
        self.emit(event_type, object, before, options);
    }
}

/// The state and its lock.
pub(crate) struct Shared(Mutex<State>);

impl Shared {
    pub(crate) fn new(state: State) -> Self {
        Self(Mutex::new(state))
    }

    /// A panic under the lock leaves the state usable: each change is complete in memory.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
