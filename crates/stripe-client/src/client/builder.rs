//! Settings of a client, checked once when it is built.

use std::sync::Arc;
use std::time::Duration;

use url::{Host, Url};

use super::stripe_time::Dated;
use super::{CONNECT_TIMEOUT, Client, Shared, TIMEOUT};
use crate::budget::{Budget, Priority};
use crate::catalogue::NEWEST;
use crate::error::Error;
use crate::key::ApiKey;
use crate::retry::Backoff;

/// Collects the settings of a [`Client`].
#[derive(Debug)]
pub struct ClientBuilder {
    key: ApiKey,
    base_url: Option<Url>,
    api_version: String,
    account: Option<String>,
    budget: Option<Budget>,
    priority: Priority,
    deadline: Option<Duration>,
    timeout: Duration,
    connect_timeout: Duration,
    max_retries: u32,
    backoff: Backoff,
    app_info: Option<String>,
}

const STRIPE: &str = "https://api.stripe.com/";

impl ClientBuilder {
    pub(super) fn new(key: ApiKey) -> Self {
        Self {
            key,
            base_url: None,
            api_version: NEWEST.to_owned(),
            account: None,
            budget: None,
            priority: Priority::default(),
            deadline: None,
            timeout: TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            max_retries: 2,
            backoff: Backoff::default(),
            app_info: None,
        }
    }

    /// Where requests go instead of `https://api.stripe.com`; for simulators and tests.
    #[must_use]
    pub fn base_url(mut self, base_url: Url) -> Self {
        self.base_url = Some(base_url);
        self
    }

    /// The API version to ask for (`Stripe-Version`) instead of [`NEWEST`].
    #[must_use]
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = version.into();
        self
    }

    /// Acts for a connected account (`Stripe-Account`).
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// The budget that requests come out of: give the same one to every client that acts for the account.
    ///
    /// Without it a client of `https://api.stripe.com` has a [`Budget::for_mode`] of its own; any other base URL is
    /// asked without limit.
    #[must_use]
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// The place in the queue when the budget is short; [`Priority::Worker`] by default.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// How long a call may take with all its waits and attempts; no limit by default.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How long one attempt may take, from connecting to the answer's last byte; 30 s by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long connecting may take, within the time-out of the attempt; 5 s by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How many times a request is sent again at most; 2 by default.
    #[must_use]
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.max_retries = max_retries;
        self
    }

    /// The waits between attempts.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Names the application in the `User-Agent`, as Stripe asks of plugins; version and URL may be empty.
    #[must_use]
    pub fn app_info(mut self, name: &str, version: &str, url: &str) -> Self {
        let version = if version.is_empty() { String::new() } else { format!("/{version}") };
        let url = if url.is_empty() { String::new() } else { format!(" ({url})") };
        self.app_info = Some(format!(" {name}{version}{url}"));
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the base URL or the application's name is not usable, or when a live key would
    /// leave this machine over plain HTTP.
    pub fn build(self) -> Result<Client, Error> {
        let base_url = match self.base_url {
            Some(url) => url,
            None => Url::parse(STRIPE).map_err(|error| Error::InvalidRequest(error.to_string()))?,
        };
        check_base(&base_url, &self.key)?;
        let own_budget = || (base_url.as_str() == STRIPE).then(|| Budget::for_mode(self.key.livemode()));
        let budget = self.budget.or_else(own_budget);
        let app_info = self.app_info.unwrap_or_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(self.timeout)
            .connect_timeout(self.connect_timeout.min(self.timeout))
            .user_agent(format!("Tollgate/{}{app_info}", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::InvalidRequest(super::answer::chain(&error)))?;
        let shared = Shared {
            http,
            key: self.key,
            base_url,
            api_version: self.api_version,
            timeout: self.timeout,
            max_retries: self.max_retries,
            backoff: self.backoff,
            dated: Dated::default(),
        };
        Ok(Client {
            shared: Arc::new(shared),
            account: self.account.map(Arc::from),
            budget,
            priority: self.priority,
            deadline: self.deadline,
        })
    }
}

fn check_base(url: &Url, key: &ApiKey) -> Result<(), Error> {
    let refuse = |reason: &str| Err(Error::InvalidRequest(format!("the API base URL {reason}")));
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return refuse("may have no user, password, query or fragment");
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) || !key.livemode() => Ok(()),
        "http" => refuse("must use https, because a live key goes there"),
        _ => refuse("must use https"),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use crate::{ApiKey, Client, Error};

    fn build(key: &str, base: &str) -> Result<Client, Error> {
        Client::builder(ApiKey::parse(key).unwrap()).base_url(Url::parse(base).unwrap()).build()
    }

    #[test]
    fn a_live_key_never_leaves_over_plain_http() {
        let cases = [
            ("sk_live_abc", "https://api.stripe.com", true),
            ("sk_live_abc", "http://127.0.0.1:9", true),
            ("sk_live_abc", "http://[::1]:9", true),
            ("sk_live_abc", "http://localhost:9", true),
            ("sk_live_abc", "http://stripe-mock:9", false),
            ("sk_test_abc", "http://stripe-mock:9", true),
            ("sk_test_abc", "ftp://127.0.0.1", false),
            ("sk_test_abc", "https://user:pass@127.0.0.1", false),
            ("sk_test_abc", "https://127.0.0.1/?x=1", false),
        ];
        for (key, base, expected) in cases {
            assert_eq!(build(key, base).is_ok(), expected, "{key} {base}");
        }
    }

    #[test]
    fn only_stripe_itself_is_paced_unasked() {
        let rate = |key, base| build(key, base).unwrap().budget().map(|budget| budget.snapshot().rate);
        assert_eq!(rate("sk_live_abc", "https://api.stripe.com"), Some(80.0));
        assert_eq!(rate("rk_test_abc", "https://api.stripe.com"), Some(20.0));
        assert_eq!(rate("sk_test_abc", "http://127.0.0.1:9"), None);
    }

    #[test]
    fn debug_shows_no_key() {
        let client = build("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "https://api.stripe.com").unwrap();
        let shown = format!("{client:?} {client:#?}");
        assert!(shown.contains("sk_live_…p7dc") && !shown.contains("4eC39"), "{shown}");
    }
}
