//! A whole Tollgate for one test: a fresh database, a simulated Stripe, a server on a free port.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use tollgate::audit::Actor;
use tollgate::endpoints::{self, Draft};
use tollgate::models::endpoints::Endpoint;
use tollgate::models::testing::TestDb;
use tollgate::models::{deliveries, events, page::Cursor, runs};
use tollgate::stripe::{WebhookSecret, webhook};
use tollgate::{Clock, Config, Handlers, Tollgate, keys};
use tollgate_stripe_sim::Simulator;

use crate::http::{self, Answer};

/// The root key of every test.
pub const ROOT_KEY: &str = "dGhlIGtleSBvZiB0aGUgYnJvd3NlciB0ZXN0cyAhISE=";

/// A running Tollgate; everything ends when it is dropped.
pub struct App {
    pub tollgate: Tollgate,
    pub sim: Simulator,
    pub database: TestDb,
    pub base: String,
    pub clock: Clock,
    server: actix_web::dev::ServerHandle,
}

/// How an [`App`] differs from the usual one.
pub struct Setup {
    pub handlers: Handlers,
    pub legacy_secret: Option<&'static str>,
    pub workers: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self { handlers: Handlers::new(), legacy_secret: None, workers: false }
    }
}

impl App {
    /// One without handlers, whose events are processed when the test says so.
    pub async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    /// One with handlers, whose events are processed when the test says so.
    pub async fn handling(handlers: Handlers) -> Self {
        Self::with(Setup { handlers, ..Setup::default() }).await
    }

    pub async fn with(setup: Setup) -> Self {
        let database = TestDb::new();
        let sim = Simulator::builder().seed(1).retries([]).concurrency(1).start().await.unwrap();
        let mut config = config(&database, &sim);
        config.legacy_webhook_secret = setup.legacy_secret.map(|secret| WebhookSecret::parse(secret).unwrap());
        let clock = Clock::fixed(Clock::System.now_millis());
        let builder = Tollgate::builder(config).handlers(setup.handlers).clock(clock.clone());
        let builder = if setup.workers { builder } else { builder.without_workers() };
        let tollgate = builder.build().await.unwrap();
        let routes = tollgate.routes();
        let server = actix_web::HttpServer::new(move || actix_web::App::new().configure(routes.clone()))
            .workers(2)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        let base = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { tollgate, sim, database, base, clock, server: handle }
    }

    /// An endpoint made on the simulated Stripe, as an operator makes one.
    pub async fn endpoint(&self) -> Endpoint {
        self.add_key().await;
        endpoints::create(&self.tollgate, Draft::new(self.base.clone()), &Actor::cli()).await.unwrap()
    }

    /// The default test mode key.
    pub async fn add_key(&self) -> i64 {
        let secret = self.sim.api_key(&self.sim.account(), false);
        keys::add(&self.tollgate, "Test", &secret, &Actor::cli()).await.unwrap().id
    }

    /// Signs a body for an endpoint with the secret that Stripe has for it, and posts it now.
    pub async fn post_signed(&self, endpoint: &Endpoint, body: &[u8]) -> Answer {
        let signature = self.signature(endpoint, self.clock.now_seconds(), body);
        self.post(endpoint, body, &[("Stripe-Signature", &signature)]).await
    }

    /// The signature header that Stripe would send.
    pub fn signature(&self, endpoint: &Endpoint, timestamp: i64, body: &[u8]) -> String {
        let id = endpoint.stripe_id.as_deref().unwrap();
        let secret = WebhookSecret::parse(&self.sim.endpoint_secret(id).unwrap()).unwrap();
        webhook::sign(&secret, timestamp, body)
    }

    pub async fn post(&self, endpoint: &Endpoint, body: &[u8], headers: &[(&str, &str)]) -> Answer {
        http::post(&format!("{}/stripe/webhooks/{}", self.base, endpoint.uuid), body, headers).await
    }

    /// Processes everything that is due, and answers how many attempts that took.
    pub async fn run_workers(&self) -> usize {
        let tollgate = self.tollgate.clone();
        actix_web::web::block(move || tollgate.workers().run_until_idle()).await.unwrap().unwrap()
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        let Clock::Fixed(millis) = &self.clock else { unreachable!("tests have a fixed clock") };
        millis.fetch_add(i64::try_from(time.as_millis()).unwrap(), std::sync::atomic::Ordering::Relaxed);
    }

    pub async fn event(&self, id: &str) -> Option<events::Event> {
        let id = id.to_owned();
        self.tollgate.db().read(move |conn| events::find(conn, &id)).await.unwrap()
    }

    pub async fn runs(&self, id: &str) -> Vec<runs::Run> {
        let id = id.to_owned();
        let mut runs = self.tollgate.db().read(move |conn| runs::of_event(conn, &id, 1000)).await.unwrap();
        runs.reverse();
        runs
    }

    /// All deliveries, oldest first.
    pub async fn deliveries(&self) -> Vec<deliveries::Delivery> {
        let list = move |conn: &mut _| deliveries::list(conn, &deliveries::Filter::default(), Cursor::Newest, 1000);
        let mut rows = self.tollgate.db().read(list).await.unwrap().rows;
        rows.reverse();
        rows
    }

    pub async fn mirrored(&self, object: &'static str, id: &str) -> Option<Value> {
        let id = id.to_owned();
        let find = move |conn: &mut _| tollgate::models::mirror::find(conn, object, &id);
        self.tollgate.db().read(find).await.unwrap().map(|object| object.json())
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // Stopping is only asked for here; the runtime of the test ends with it.
        drop(self.server.stop(false));
    }
}

/// The configuration of a test.
pub fn config(database: &TestDb, sim: &Simulator) -> Config {
    let config = Config::for_database("sqlite://unused.db").unwrap();
    Config {
        database_url: database.url().clone(),
        secret_key: Some(SecretString::from(ROOT_KEY)),
        stripe_api_base: sim.url().clone(),
        stripe_timeout: Duration::from_secs(2),
        ..config
    }
}

/// An event about a customer.
pub fn customer_event(id: &str, created: i64, email: &str) -> Value {
    event(id, "customer.updated", created, json!({ "id": "cus_1", "object": "customer", "email": email, "created": 1 }))
}

/// A test mode event.
pub fn event(id: &str, event_type: &str, created: i64, object: Value) -> Value {
    json!({
        "id": id, "object": "event", "type": event_type, "created": created, "livemode": false,
        "api_version": "2026-10-28.endive", "pending_webhooks": 1, "request": { "id": null, "idempotency_key": null },
        "data": { "object": object },
    })
}
