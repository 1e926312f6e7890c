//! The client: sends requests with the key, in time, again where that helps, and reads the answers.

mod answer;
mod builder;
mod reply;
mod stripe_time;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::budget::{Budget, Permit, Priority};
use crate::error::Error;
use crate::key::ApiKey;
use crate::request::Request;
use crate::retry::{Attempt, Backoff, Outcome, Retry};

use answer::Answer;
pub use builder::ClientBuilder;
pub use reply::Reply;
use stripe_time::Dated;

const STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");
const STRIPE_ACCOUNT: HeaderName = HeaderName::from_static("stripe-account");
const STRIPE_CONTEXT: HeaderName = HeaderName::from_static("stripe-context");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A connection pool to Stripe that acts with one key; cloning is cheap and shares the pool.
///
/// Redirects are never followed, plain HTTP carries no live key off this machine, and no error or `Debug` text holds
/// the key. `with_account`, `with_priority`, `with_deadline` and `with_budget` give the same client for another purpose:
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use tollgate_stripe_client::{ApiKey, Client, Priority};
///
/// let client = Client::builder(ApiKey::parse("rk_test_4eC39HqLyjWDarjtT1zdp7dc")?).build()?;
/// let for_a_page = client.with_priority(Priority::Person).with_deadline(Duration::from_secs(8));
/// let for_a_branch = client.with_account("acct_123");
/// assert_eq!((for_a_branch.account(), client.account()), (Some("acct_123"), None));
/// # drop(for_a_page);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    account: Option<Arc<str>>,
    budget: Option<Budget>,
    priority: Priority,
    deadline: Option<Duration>,
}

struct Shared {
    http: reqwest::Client,
    key: ApiKey,
    base_url: Url,
    api_version: String,
    timeout: Duration,
    max_retries: u32,
    backoff: Backoff,
    /// When the last answer came, by its own date.
    dated: Dated,
}

impl Client {
    /// Starts a client that acts with `key`.
    pub fn builder(key: ApiKey) -> ClientBuilder {
        ClientBuilder::new(key)
    }

    /// The same client acting for a connected account (`Stripe-Account`, on v2 paths `Stripe-Context`).
    pub fn with_account(&self, account: &str) -> Self {
        Self { account: Some(Arc::from(account)), ..self.clone() }
    }

    /// The same client with another place in the queue when the budget is short.
    pub fn with_priority(&self, priority: Priority) -> Self {
        Self { priority, ..self.clone() }
    }

    /// The same client, giving up a call after this time: waits and all attempts together.
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        Self { deadline: Some(deadline), ..self.clone() }
    }

    /// The same client within another budget, such as that of the connected account it acts for.
    pub fn with_budget(&self, budget: Budget) -> Self {
        Self { budget: Some(budget), ..self.clone() }
    }

    /// The budget that its requests come out of, if there is one.
    pub fn budget(&self) -> Option<&Budget> {
        self.budget.as_ref()
    }

    /// The connected account acted for, if any.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// The key acted with; it shows itself masked.
    pub fn key(&self) -> &ApiKey {
        &self.shared.key
    }

    /// The API version asked for.
    pub fn api_version(&self) -> &str {
        &self.shared.api_version
    }

    /// The address requests go to.
    pub fn base_url(&self) -> &Url {
        &self.shared.base_url
    }

    /// Sends a request, again where Stripe's rules say so, and returns the answer with its fields in Stripe's order.
    ///
    /// All attempts carry the same idempotency key, so a POST takes effect once.
    ///
    /// # Errors
    /// [`Error::Api`] when Stripe refuses, [`Error::InvalidRequest`] when nothing was sent, the others when there is
    /// no usable answer.
    pub async fn send(&self, request: Request) -> Result<Value, Error> {
        self.call(request).await.map(|reply| reply.value)
    }

    /// Like [`send`](Self::send), with what Stripe tells beside the answer: the id of the request, and whether the
    /// answer is that of an earlier request with the same idempotency key.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub async fn call(&self, request: Request) -> Result<Reply, Error> {
        let prepared = self.prepare(&request)?;
        let deadline = self.deadline.map(|limit| Instant::now() + limit);
        let (mut number, mut last) = (1, None);
        loop {
            let permit = match self.permit(deadline).await {
                Ok(permit) => permit,
                // What Stripe said to the attempt before tells more than that there was no room for another.
                Err(error) => return Err(last.unwrap_or(error)),
            };
            let answer = self.attempt(&prepared, permit, deadline, number).await;
            let attempt = Attempt {
                number,
                max_retries: self.shared.max_retries,
                repeatable: prepared.repeatable,
                paced: self.budget.is_some(),
            };
            let wait = match self.shared.backoff.decide(attempt, answer.outcome, rand::random()) {
                Retry::After(wait) if deadline.is_none_or(|deadline| Instant::now() + wait < deadline) => wait,
                _ => return answer.result,
            };
            (number, last) = (number + 1, answer.result.err());
            tokio::time::sleep(wait).await;
        }
    }

    async fn permit(&self, deadline: Option<Instant>) -> Result<Option<Permit>, Error> {
        match &self.budget {
            Some(budget) => budget.acquire(self.priority, deadline).await.map(Some),
            None => Ok(None),
        }
    }

    async fn attempt(
        &self,
        prepared: &Prepared,
        permit: Option<Permit>,
        deadline: Option<Instant>,
        number: u32,
    ) -> Answer {
        let started = Instant::now();
        let left = deadline.map(|deadline| deadline.saturating_duration_since(started).min(self.shared.timeout));
        let answer = answer::receive(prepared.builder(&self.shared.http, left)).await;
        if let (Some(permit), Outcome::Answer { limited: Some(limited), retry_after, .. }) = (permit, answer.outcome) {
            permit.slow_down(limited, retry_after);
        }
        if let Some(date) = answer.date {
            self.shared.dated.note(date);
        }
        tracing::debug!(
            method = %prepared.method, path = prepared.url.path(), attempt = number, outcome = ?answer.outcome,
            millis = started.elapsed().as_millis(), request_id = answer.request_id, "stripe call"
        );
        answer
    }

    fn prepare(&self, request: &Request) -> Result<Prepared, Error> {
        let key = request.key_to_send()?;
        let (content_type, body) = match request.json_body() {
            Some(fields) => (Some("application/json"), Value::Object(fields.clone()).to_string()),
            None if request.form_body().is_empty() => (None, String::new()),
            None => (Some("application/x-www-form-urlencoded"), request.form_body().encode()),
        };
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, self.bearer()?);
        headers.insert(STRIPE_VERSION, header_value("API version", &self.shared.api_version)?);
        // Version 2 of the API has the context alone; the two headers never go together.
        let account_header = if request.is_v2() { STRIPE_CONTEXT } else { STRIPE_ACCOUNT };
        match (request.context_value(), self.account()) {
            (Some(context), _) => headers.insert(STRIPE_CONTEXT, header_value("context", context)?),
            (None, Some(account)) => headers.insert(account_header, header_value("account", account)?),
            (None, None) => None,
        };
        if let Some(key) = &key {
            headers.insert(IDEMPOTENCY_KEY, header_value("idempotency key", key)?);
        }
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let repeatable = key.is_some() || request.method() != reqwest::Method::POST;
        let url = request.url(&self.shared.base_url)?;
        Ok(Prepared { method: request.method().clone(), url, headers, body, repeatable })
    }

    fn bearer(&self) -> Result<HeaderValue, Error> {
        let mut value = header_value("API key", &format!("Bearer {}", self.shared.key.expose()))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// A request with everything decided: each attempt sends these same bytes.
struct Prepared {
    method: reqwest::Method,
    url: Url,
    headers: HeaderMap,
    body: String,
    repeatable: bool,
}

impl Prepared {
    /// One attempt, within `left` if that is less than the usual time-out.
    fn builder(&self, http: &reqwest::Client, left: Option<Duration>) -> reqwest::RequestBuilder {
        let mut builder = http.request(self.method.clone(), self.url.clone()).headers(self.headers.clone());
        if let Some(left) = left {
            builder = builder.timeout(left);
        }
        if self.method == reqwest::Method::GET { builder } else { builder.body(self.body.clone()) }
    }
}

fn header_value(what: &str, text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).ok().filter(|_| !text.is_empty()).ok_or_else(|| {
        Error::InvalidRequest(format!("the {what} is empty or has characters that a header cannot carry"))
    })
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("key", &self.shared.key)
            .field("base_url", &self.shared.base_url.as_str())
            .field("api_version", &self.shared.api_version)
            .field("account", &self.account)
            .field("priority", &self.priority)
            .finish_non_exhaustive()
    }
}

/// The time-outs a client has unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
