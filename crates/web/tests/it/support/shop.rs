//! A Tollgate with a simulated Stripe, and a key of the simulator's default account stored in it.

use tollgate::audit::Actor;
use tollgate::endpoints::{self, Draft, EndpointError, Refusal};
use tollgate::keys;
use tollgate::models::api_keys::ApiKey as StoredKey;
use tollgate::models::audit;
use tollgate::models::endpoints::{self as rows, Endpoint};
use tollgate::models::page::Cursor;
use tollgate::stripe::{ApiKey, Client};
use tollgate_stripe_sim::{ApiFault, Clock, RecordedRequest, Simulator};

use super::{SECONDS, Setup, TestApp};

/// Where the simulator has its endpoints.
pub const PATH: &str = "/v1/webhook_endpoints";
/// Where the simulator has its event destinations.
pub const DESTINATIONS: &str = "/v2/core/event_destinations";
/// How often a call is made before its failure counts.
pub const ATTEMPTS: u32 = 2;

/// Both sides.
pub struct Shop {
    pub sim: Simulator,
    pub app: TestApp,
    pub key: StoredKey,
}

impl Shop {
    pub async fn start() -> Self {
        Self::start_with(Setup::bare()).await
    }

    pub async fn start_with(setup: Setup) -> Self {
        Self::start_at(simulator().await, setup).await
    }

    /// With another simulator.
    pub async fn start_at(sim: Simulator, setup: Setup) -> Self {
        let app = setup.stripe(&sim).start().await;
        let secret = sim.api_key(&sim.account(), false);
        let key = keys::add(&app.tollgate, "Shop", &secret, &Actor::cli()).await.unwrap();
        Self { sim, app, key }
    }

    /// A draft for an endpoint that the simulator can reach.
    pub fn draft(&self) -> Draft {
        Draft { api_key_id: Some(self.key.id), ..Draft::new(self.app.base()) }
    }

    pub async fn try_create(&self, draft: Draft) -> Result<Endpoint, EndpointError> {
        endpoints::create(&self.app.tollgate, draft, &Actor::cli()).await
    }

    pub async fn create(&self) -> Endpoint {
        self.try_create(self.draft()).await.unwrap()
    }

    /// Lets the answers to the next calls get lost on their way, though Stripe does what is asked.
    pub fn lose_answers(&self) {
        self.sim.fail_next("POST", PATH, ApiFault::Truncated, ATTEMPTS);
    }

    pub async fn create_with_lost_answer(&self) -> Endpoint {
        self.lose_answers();
        let error = self.try_create(self.draft()).await.unwrap_err();
        let EndpointError::Pending { uuid, .. } = error else { panic!("not pending: {error:?}") };
        self.row(&uuid)
    }

    /// The endpoints here.
    pub fn rows(&self) -> Vec<Endpoint> {
        self.app.read(rows::list)
    }

    pub fn row(&self, uuid: &str) -> Endpoint {
        self.app.read(|conn| rows::find(conn, uuid)).unwrap()
    }

    /// Calls to change something about endpoints at Stripe.
    pub fn writes(&self) -> Vec<RecordedRequest> {
        let is_write = |request: &RecordedRequest| {
            let about_endpoints = [PATH, DESTINATIONS].iter().any(|path| request.path.starts_with(path));
            about_endpoints && request.method != "GET"
        };
        self.sim.requests().into_iter().filter(is_write).collect()
    }

    /// Somebody at Stripe's dashboard.
    pub fn dashboard(&self) -> Client {
        let key = ApiKey::parse(&self.sim.api_key(&self.sim.account(), false)).unwrap();
        Client::builder(key).base_url(self.sim.url().clone()).build().unwrap()
    }

    /// Makes something happen at Stripe, and waits until it is delivered; gives the event's id.
    pub async fn happens(&self, customer: &str) -> String {
        let object = serde_json::json!({ "id": customer, "object": "customer", "created": 1 });
        let id = self.sim.emit("customer.created", object);
        self.sim.settled().await;
        id
    }

    /// What the audit log says about something, newest first: who did what.
    pub fn audit(&self, subject: &str) -> Vec<(String, String)> {
        let page = self.app.read(|conn| audit::list(conn, Some(subject), Cursor::Newest, 100));
        page.rows.into_iter().map(|entry| (entry.actor, entry.action)).collect()
    }
}

/// A simulator whose clock stands where the tests' does, and that does not retry.
pub async fn simulator() -> Simulator {
    Simulator::builder().seed(7).clock(Clock::manual(SECONDS)).retries([]).start().await.unwrap()
}

/// The refusals of an operation that must have been refused.
pub fn refusals<T: std::fmt::Debug>(result: Result<T, EndpointError>) -> Vec<Refusal> {
    match result {
        Err(EndpointError::Refused(refusals)) => refusals,
        other => panic!("not refused: {other:?}"),
    }
}
