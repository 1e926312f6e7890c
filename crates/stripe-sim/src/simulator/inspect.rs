//! Questions that a test asks: what is registered, stored, sent and received.

use serde_json::{Value, json};
use tollgate_stripe_client::event::Kind;

use super::Simulator;
use crate::delivery::DeliveryRecord;
use crate::requests::RecordedRequest;
use crate::shapes;
use crate::state::Scope;
use crate::state::endpoints::SimEndpoint;

impl Simulator {
    /// Every registered endpoint, oldest first.
    pub fn endpoints(&self) -> Vec<SimEndpoint> {
        self.shared.lock().endpoints.iter().map(|endpoint| endpoint.view()).collect()
    }

    /// The newest signing secret of an endpoint, for a test that signs by itself.
    pub fn endpoint_secret(&self, id: &str) -> Option<String> {
        self.shared.lock().endpoint(id).map(|endpoint| endpoint.secret.clone())
    }

    /// An event of either kind as the API shows it.
    pub fn event(&self, id: &str) -> Option<Value> {
        let state = self.shared.lock();
        let event = state.events.find(id)?;
        Some(event.render(&state.settings.api_version, state.accounts.default_id(), event.waiting.len()))
    }

    /// The ids of all snapshot events, oldest first.
    pub fn event_ids(&self) -> Vec<String> {
        self.shared.lock().events.ids(Kind::Snapshot)
    }

    /// The ids of all thin events, oldest first.
    pub fn thin_event_ids(&self) -> Vec<String> {
        self.shared.lock().events.ids(Kind::Thin)
    }

    /// An object as the API shows it; a deleted one is its id and that it is gone.
    pub fn object(&self, id: &str) -> Option<Value> {
        let state = self.shared.lock();
        let stored = state.store.find(id)?;
        Some(shapes::render(&stored.value, &state.settings.api_version))
    }

    /// The objects of a kind in every account and mode, oldest first; deleted ones are left out.
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        let state = self.shared.lock();
        state.store.all(kind).map(|object| shapes::render(object, &state.settings.api_version)).collect()
    }

    /// Makes the API serve an object of the default account's test mode, without an event.
    pub fn put_object(&self, object: Value) {
        let mut state = self.shared.lock();
        state.has_foreign_objects = true;
        let livemode = object["livemode"] == json!(true);
        let scope = Scope { account: state.accounts.default_id().to_owned(), livemode };
        state.store.put(&scope, object);
    }

    /// The last API requests, oldest first.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.lock().requests.all()
    }

    /// The last delivery attempts, oldest first.
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        self.shared.lock().deliveries.all()
    }
}
