//! Everything the simulator knows, behind one lock: accounts, endpoints, objects, events, faults.

pub(crate) mod accounts;
pub(crate) mod endpoints;
pub(crate) mod events;
pub(crate) mod idempotency;
pub(crate) mod listeners;
pub(crate) mod rates;
pub(crate) mod store;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::business::Dice;
use crate::clock::Clock;
use crate::delivery::{DeliveryLog, Outbox};
use crate::described::Description;
use crate::faults::Faults;
use crate::ids::Ids;
use crate::requests::RequestLog;
use accounts::Accounts;
use endpoints::Endpoint;
use events::EventLog;
use idempotency::Replies;
use listeners::Listener;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rates::Rates;
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
    /// How many requests an account and mode may make in a second, at all and to one path.
    pub(crate) rate_limit: Option<u32>,
    pub(crate) path_rate_limit: Option<u32>,
    /// Where the API is found; known once it listens.
    pub(crate) base: String,
    /// What requests and answers are checked against, if anything.
    pub(crate) description: Option<Arc<Description>>,
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
    /// A test brought objects of its own; they need not be whole, so answers are no longer checked.
    pub(crate) has_foreign_objects: bool,
    pub(crate) accounts: Accounts,
    pub(crate) endpoints: Vec<Endpoint>,
    /// The sessions of Stripe's CLI.
    pub(crate) listeners: Vec<Listener>,
    pub(crate) events: EventLog,
    pub(crate) store: Store,
    pub(crate) replies: Replies,
    pub(crate) requests: RequestLog,
    pub(crate) deliveries: DeliveryLog,
    pub(crate) faults: Faults,
    pub(crate) outbox: Outbox,
    pub(crate) rates: Rates,
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
            has_foreign_objects: false,
            endpoints: Vec::new(),
            listeners: Vec::new(),
            events: EventLog::default(),
            store: Store::default(),
            replies: Replies::default(),
            requests: RequestLog::default(),
            deliveries: DeliveryLog::default(),
            outbox,
            rates: Rates::default(),
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
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
