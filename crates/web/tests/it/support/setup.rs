//! How a test's Tollgate is made: settings, endpoints and handlers first, then it is built and served.

use actix_web::web::ServiceConfig;
use secrecy::SecretString;
use tollgate::keyring::{Keyring, Place};
use tollgate::models::endpoints::{self, Endpoint, Object, Payload, Status, Validation};
use tollgate::models::testing::TestDb;
use tollgate::models::{Error, Lane};
use tollgate::{Clock, Config, Handlers, Tollgate};
use tollgate_stripe_sim::Simulator;

use super::server::Server;
use super::{NOW, TestApp};

/// The endpoint that every test has unless it says otherwise.
pub const ENDPOINT: &str = "5f1c1f8e-4f0a-4f0e-9c39-1d2b7c1f0a11";
/// That endpoint's signing secret.
pub const SECRET: &str = "whsec_it_quietRiversRunFar";
const ROOT_KEY: &str = "dGhlIHJvb3Qga2V5IG9mIHRoZSB0ZXN0cyEhISEhISE=";

/// A Tollgate to be.
pub struct Setup {
    config: Config,
    clock: Clock,
    handlers: Handlers,
    endpoints: Vec<(Endpoint, Vec<&'static str>)>,
    work: bool,
    db: TestDb,
}

impl Setup {
    /// One enabled endpoint, a clock that stands, no handlers, no workers of its own.
    pub fn new() -> Self {
        Self::bare().endpoint(row(ENDPOINT), [SECRET])
    }

    /// As [`Self::new`] without an endpoint.
    pub fn bare() -> Self {
        let db = TestDb::new();
        let mut config = Config::for_database(&db.url_text()).unwrap();
        config.secret_key = Some(SecretString::from(ROOT_KEY));
        Self { config, clock: Clock::fixed(NOW), handlers: Handlers::new(), endpoints: Vec::new(), work: false, db }
    }

    /// An endpoint with its secrets, oldest first.
    pub fn endpoint<const N: usize>(mut self, row: Endpoint, secrets: [&'static str; N]) -> Self {
        self.endpoints.push((row, secrets.to_vec()));
        self
    }

    pub fn handlers(self, handlers: Handlers) -> Self {
        Self { handlers, ..self }
    }

    /// The machine's clock, and threads that process events.
    pub fn live(self) -> Self {
        Self { clock: Clock::System, work: true, ..self }
    }

    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Calls of the API go to the simulator.
    pub fn stripe(self, sim: &Simulator) -> Self {
        let url = sim.url().clone();
        self.config(|config| config.stripe_api_base = url)
    }

    pub fn db(&self) -> &TestDb {
        &self.db
    }

    pub async fn start(self) -> TestApp {
        self.start_with(Tollgate::routes).await
    }

    /// Serves other routes than Tollgate's alone.
    pub async fn start_with<R>(self, routes: impl FnOnce(&Tollgate) -> R) -> TestApp
    where
        R: FnOnce(&mut ServiceConfig) + Clone + Send + 'static,
    {
        self.insert_endpoints();
        let tollgate = build(self.config, self.clock.clone(), self.handlers, self.work).await;
        let server = Server::start(tollgate.clone(), routes(&tollgate));
        TestApp::new(server, tollgate, self.clock, self.db)
    }

    // Before it is built, so that the intake knows them from the start.
    fn insert_endpoints(&self) {
        let keyring = Keyring::parse(ROOT_KEY).unwrap();
        self.db
            .open()
            .write(Lane::Ordinary, |conn| -> Result<(), Error> {
                for (row, secrets) in &self.endpoints {
                    endpoints::insert(conn, row)?;
                    for secret in secrets {
                        let place = Place { table: "endpoint_secrets", column: "sealed", row: &row.uuid };
                        endpoints::insert_secret(conn, &row.uuid, &keyring.seal(place, secret).unwrap(), NOW)?;
                    }
                }
                Ok(())
            })
            .unwrap();
    }
}

/// Builds one on a database that may have one already.
pub async fn build(config: Config, clock: Clock, handlers: Handlers, work: bool) -> Tollgate {
    let builder = Tollgate::builder(config).clock(clock).handlers(handlers);
    let builder = if work { builder } else { builder.without_workers() };
    builder.build().await.unwrap()
}

/// An enabled test mode endpoint that verifies signatures.
pub fn row(uuid: &str) -> Endpoint {
    Endpoint {
        uuid: uuid.to_owned(),
        stripe_id: Some(format!("we_{}", &uuid[..8])),
        api_key_id: None,
        account: Some("acct_ours".to_owned()),
        livemode: false,
        connect: false,
        url: format!("https://pay.example.com/stripe/webhooks/{uuid}"),
        description: String::new(),
        enabled_events: r#"["*"]"#.to_owned(),
        api_version: None,
        tolerance_seconds: 300,
        validation: Validation::VerifySignature,
        status: Status::Enabled,
        idempotency_key: format!("key-{uuid}"),
        last_error: None,
        created_by: "test".to_owned(),
        created_at: NOW,
        updated_at: NOW,
        deleted_at: None,
        object: Object::WebhookEndpoint,
        payload: Payload::Snapshot,
        inline_events: "[]".to_owned(),
        replaces: None,
        retire_at: None,
    }
}
