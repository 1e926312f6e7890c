//! The handle: what a test or a demo does with the simulator.

mod builder;
mod inspect;
mod time;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use crate::business::Business;
use crate::clock::Clock;
use crate::delivery::http::{Post, Sender};
use crate::delivery::{DeliverOptions, DeliveryRecord, DeliveryResult};
use crate::faults::{ApiFault, FaultPlan};
use crate::state::Shared;
use crate::state::events::EmitOptions;
use crate::tasks::Tasks;
pub use builder::{Builder, StartError};

/// A running simulator; it ends when it is dropped.
pub struct Simulator {
    shared: Arc<Shared>,
    tasks: Tasks,
    sender: Sender,
    timeout: Duration,
    url: Url,
    clock: Clock,
}

/// Shows where it listens; keys and secrets stay out of logs.
impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl Simulator {
    /// How to start one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where the API listens: the base URL for a client.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The clock that everything is dated by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The default account.
    pub fn account(&self) -> String {
        self.shared.lock().accounts.default_id().to_owned()
    }

    /// Makes an account that is connected to the default one, with keys and endpoints of its own; gives its id.
    pub fn create_account(&self, name: &str) -> String {
        let mut state = self.shared.lock();
        let now = state.now();
        let state = &mut *state;
        state.accounts.create(&mut state.ids, name, now)
    }

    /// The secret key of an account in a mode; the same one each time.
    pub fn api_key(&self, account: &str, livemode: bool) -> String {
        let mut state = self.shared.lock();
        let state = &mut *state;
        state.accounts.issue(&mut state.ids, account, livemode)
    }

    /// Leaves a key these permissions only, such as `rak_webhook_write`; the right to write includes that to read.
    pub fn restrict_key(&self, key: &str, permissions: &[&str]) {
        let granted = permissions.iter().map(|permission| (*permission).to_owned()).collect();
        self.shared.lock().accounts.change_key(key, |key| key.permissions = Some(granted));
    }

    /// Makes a key answer 401 `api_key_expired` from now on.
    pub fn revoke_key(&self, key: &str) {
        self.shared.lock().accounts.change_key(key, |key| key.revoked = true);
    }

    /// Rolls an endpoint's secret as Stripe's dashboard does and gives the new one; none for an unknown endpoint.
    ///
    /// The old one lives on for `overlap` of the simulator's clock: until then each delivery carries one `v1` for each
    /// live secret. Stripe's dashboard offers up to 24 hours.
    pub fn roll_secret(&self, endpoint: &str, overlap: Duration) -> Option<String> {
        let overlap = i64::try_from(overlap.as_secs()).unwrap_or(i64::MAX);
        self.shared.lock().roll_secret(endpoint, overlap)
    }

    /// Stores an event in the default account's test mode and delivers it; gives its id.
    pub fn emit(&self, event_type: &str, object: Value) -> String {
        self.emit_with(event_type, object, EmitOptions::default())
    }

    /// Stores an event and delivers it to whoever listens; gives its id.
    pub fn emit_with(&self, event_type: &str, object: Value, options: EmitOptions) -> String {
        let mut state = self.shared.lock();
        state.has_foreign_objects = true;
        state.emit(event_type, object, None, options)
    }

    /// Sends an event once more, by hand; the fault plan and retries have no part in it.
    ///
    /// The results are in the order of sending; there are none when the event or the endpoint is unknown.
    pub async fn deliver(&self, event: &str, options: DeliverOptions) -> Vec<DeliveryResult> {
        let mut results = Vec::new();
        for endpoint in self.recipients(event, &options) {
            for _ in 0..options.times {
                let Some(post) = self.prepare(event, &endpoint, &options) else { continue };
                let result = self.sender.send(post, self.timeout).await;
                self.note(event, &endpoint, &result);
                results.push(result);
            }
        }
        results
    }

    fn recipients(&self, event: &str, options: &DeliverOptions) -> Vec<String> {
        let state = self.shared.lock();
        match (&options.to, state.events.find(event)) {
            (Some(endpoint), _) => vec![endpoint.clone()],
            (None, Some(event)) => state.audience(event).into_iter().map(|endpoint| endpoint.id).collect(),
            (None, None) => Vec::new(),
        }
    }

    fn prepare(&self, event: &str, endpoint: &str, options: &DeliverOptions) -> Option<Post> {
        let state = self.shared.lock();
        let endpoint = state.endpoint(endpoint)?;
        let body = match &options.body {
            Some(body) => body.clone().into(),
            None => state.body_for(event, endpoint)?,
        };
        Post::signed(endpoint, body, &options.signature, state.now() + options.skew_seconds)
    }

    fn note(&self, event: &str, endpoint: &str, result: &DeliveryResult) {
        let mut state = self.shared.lock();
        if result.accepted() {
            state.events.taken(event, endpoint);
        }
        let at = state.now();
        state.deliveries.push(DeliveryRecord::new(event, endpoint, 0, at, result.clone()));
    }

    /// Lets go of what the fault plan holds back, and waits until no delivery is under way or waits for a retry.
    pub async fn settled(&self) {
        let mut pending = {
            let mut state = self.shared.lock();
            state.release_held();
            state.outbox.pending.subscribe()
        };
        // An error means that the simulator is gone, and then nothing is pending.
        let _ = pending.wait_for(|count| *count == 0).await;
    }

    /// What goes wrong with deliveries now.
    pub fn faults(&self) -> FaultPlan {
        self.shared.lock().faults.plan.clone()
    }

    /// Sets what goes wrong with deliveries; what the old plan held back is let go.
    pub fn set_faults(&self, plan: FaultPlan) {
        let mut state = self.shared.lock();
        state.release_held();
        state.faults.plan = plan;
    }

    /// Makes the next `times` calls of a method to a path that starts with `path_prefix` go wrong.
    pub fn fail_next(&self, method: &str, path_prefix: &str, fault: ApiFault, times: u32) {
        self.shared.lock().faults.plan_api(method, path_prefix, fault, times);
    }

    /// A business whose customers do believable things, in the default account's test mode.
    pub fn business(&self) -> Business {
        Business::new(Arc::clone(&self.shared))
    }

    /// Ends everything and waits for it.
    pub async fn stop(self) {
        self.tasks.stop();
        self.tasks.ended().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}
