//! How a simulator is started.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tollgate_stripe_client::catalogue;
use url::Url;

use super::Simulator;
use crate::clock::Clock;
use crate::delivery::http::Sender;
use crate::delivery::{Courier, Outbox, Policy};
use crate::described::{self, Description};
use crate::server::{self, App};
use crate::state::{Settings, Shared, State};
use crate::tasks::Tasks;

/// The compressed form of Stripe's three days of retries, in seconds.
const RETRIES: [u64; 6] = [1, 2, 4, 8, 16, 32];

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address would be reachable from other machines.
    #[error("the simulator listens on loopback only, not on {0}; choose an address like 127.0.0.1:0")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The description of Stripe's API cannot be read.
    #[error("{path} is no description of Stripe's API: {reason}")]
    Description {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The address has no URL.
    #[error("cannot make a URL of the address: {0}")]
    Url(#[from] url::ParseError),
}

/// How a simulator is started; each method has a default that suits tests.
#[derive(Clone, Debug)]
pub struct Builder {
    seed: u64,
    listen: SocketAddr,
    clock: Clock,
    settings: Settings,
    policy: Policy,
    description: Option<PathBuf>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            seed: 0,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: Clock::System,
            settings: Settings {
                allow_loopback_urls: true,
                endpoint_cap: 16,
                api_version: catalogue::NEWEST.to_owned(),
                rate_limit: None,
                path_rate_limit: None,
                base: String::new(),
                description: None,
            },
            policy: Policy {
                retries: RETRIES.map(Duration::from_secs).to_vec(),
                timeout: Duration::from_secs(10),
                concurrency: 64,
            },
            description: std::env::var_os(described::VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from),
        }
    }
}

impl Builder {
    /// What ids, secrets, faults and the business are drawn from.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Where the API listens; 127.0.0.1 with a free port unless set.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// What everything is dated by; the machine's clock unless set.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Whether endpoints may point to this machine, which Stripe refuses; they may unless set.
    pub fn allow_loopback_urls(mut self, allow: bool) -> Self {
        self.settings.allow_loopback_urls = allow;
        self
    }

    /// How many endpoints an account may have in each mode; 16 unless set.
    pub fn endpoint_cap(mut self, cap: usize) -> Self {
        self.settings.endpoint_cap = cap;
        self
    }

    /// The accounts' default API version; the newest one unless set.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.settings.api_version = version.into();
        self
    }

    /// Answers 429 beyond so many requests of one account and mode in one second; there is no limit unless set.
    ///
    /// Stripe takes 100 in live mode and 25 in a sandbox.
    pub fn rate_limit(mut self, requests_per_second: u32) -> Self {
        self.settings.rate_limit = Some(requests_per_second);
        self
    }

    /// Answers 429 beyond so many requests to one path in one second; there is no limit unless set. Stripe takes 25.
    pub fn path_rate_limit(mut self, requests_per_second: u32) -> Self {
        self.settings.path_rate_limit = Some(requests_per_second);
        self
    }

    /// The waits between delivery attempts: 1, 2, 4, 8, 16, 32 s unless set; none means one attempt.
    pub fn retries(mut self, waits: impl Into<Vec<Duration>>) -> Self {
        self.policy.retries = waits.into();
        self
    }

    /// How long an endpoint may take to answer a delivery; 10 s unless set.
    pub fn delivery_timeout(mut self, timeout: Duration) -> Self {
        self.policy.timeout = timeout;
        self
    }

    /// How many deliveries are under way at once: 64 unless set; one keeps them in order.
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.policy.concurrency = concurrency;
        self
    }

    /// Refuses requests, and answers 501 in place of answers, that are not as this file says: Stripe's OpenAPI description,
    /// plain or as `.gz`. The one that the environment variable `STRIPE_OPENAPI` names unless set.
    pub fn description(mut self, path: impl Into<PathBuf>) -> Self {
        self.description = Some(path.into());
        self
    }

    /// Starts it on the current tokio runtime.
    ///
    /// # Errors
    /// When the address is not on this machine or cannot be listened on, or when the description cannot be read.
    pub async fn start(self) -> Result<Simulator, StartError> {
        if !self.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(self.listen));
        }
        let failed = |source| StartError::Listen { address: self.listen, source };
        let listener = TcpListener::bind(self.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let tasks = Tasks::new();
        let (outbox, jobs) = Outbox::new();
        let description = self.description.as_deref().map(read_description).transpose()?;
        let settings = Settings { base: format!("http://{address}"), description, ..self.settings };
        let state = State::new(self.seed, self.clock.clone(), settings, outbox.clone());
        let shared = Arc::new(Shared::new(state));
        let sender = Sender::new();
        let simulator = Simulator {
            shared: Arc::clone(&shared),
            tasks: tasks.clone(),
            sender: sender.clone(),
            timeout: self.policy.timeout,
            url: Url::parse(&format!("http://{address}"))?,
            clock: self.clock,
        };
        let app = Arc::new(App { shared: Arc::clone(&shared), tasks: tasks.clone() });
        let serve = axum::serve(listener, server::router(app)).with_graceful_shutdown(tasks.stopped());
        tasks.spawn(async move {
            if let Err(error) = serve.await {
                tracing::error!(%error, "the simulator stopped listening");
            }
        });
        let courier = Courier { shared, sender, policy: self.policy, tasks: tasks.clone(), outbox };
        tasks.spawn(Arc::new(courier).run(jobs));
        Ok(simulator)
    }
}

fn read_description(path: &Path) -> Result<Arc<Description>, StartError> {
    Description::read(path).map_err(|reason| StartError::Description { path: path.display().to_string(), reason })
}
