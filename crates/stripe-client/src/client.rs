//! The client: sends requests with the key, in time, again where that helps, and reads the answers.

mod answer;
mod builder;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use crate::error::Error;
use crate::key::ApiKey;
use crate::request::{Body, Request};
use crate::retry::{Attempt, Backoff, Retry};

pub use builder::ClientBuilder;

const STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");
const STRIPE_ACCOUNT: HeaderName = HeaderName::from_static("stripe-account");
const STRIPE_CONTEXT: HeaderName = HeaderName::from_static("stripe-context");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A connection pool to Stripe that acts with one key; cloning is cheap and shares the pool.
///
/// Redirects are never followed, plain HTTP carries no live key off this machine, and no error or `Debug` text holds
/// the key.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    account: Option<Arc<str>>,
}

struct Shared {
    http: reqwest::Client,
    key: ApiKey,
    base_url: Url,
    api_version: String,
    max_retries: u32,
    backoff: Backoff,
}

impl Client {
    /// Starts a client that acts with `key`.
    pub fn builder(key: ApiKey) -> ClientBuilder {
        ClientBuilder::new(key)
    }

    /// The same client acting for a connected account (`Stripe-Account`, on v2 paths `Stripe-Context`).
    pub fn with_account(&self, account: &str) -> Self {
        Self { shared: Arc::clone(&self.shared), account: Some(Arc::from(account)) }
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
        let prepared = self.prepare(&request)?;
        let mut number = 1;
        loop {
            let started = Instant::now();
            let answer = answer::receive(prepared.builder(&self.shared.http)).await;
            let attempt = Attempt { number, max_retries: self.shared.max_retries, repeatable: prepared.repeatable };
            let decision = self.shared.backoff.decide(attempt, answer.outcome, rand::random());
            tracing::debug!(
                method = %request.method(), path = request.path(), attempt = number, outcome = ?answer.outcome,
                millis = started.elapsed().as_millis(), request_id = answer.request_id, "stripe call"
            );
            match decision {
                Retry::Stop => return answer.result,
                Retry::After(wait) => tokio::time::sleep(wait).await,
            }
            number += 1;
        }
    }

    fn prepare(&self, request: &Request) -> Result<Prepared, Error> {
        let key = request.key_to_send()?;
        let (content_type, body) = match request.body() {
            Body::None => (None, String::new()),
            Body::Form(form) => (Some("application/x-www-form-urlencoded"), form.encode()),
            Body::Json(value) => (Some("application/json"), value.to_string()),
        };
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, self.bearer()?);
        headers.insert(STRIPE_VERSION, header_value("API version", &self.shared.api_version)?);
        // Version 2 of the API has the context alone; the two headers never go together.
        let account_header = if request.path().starts_with("/v2/") { STRIPE_CONTEXT } else { STRIPE_ACCOUNT };
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
    fn builder(&self, http: &reqwest::Client) -> reqwest::RequestBuilder {
        let builder = http.request(self.method.clone(), self.url.clone()).headers(self.headers.clone());
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
            .finish_non_exhaustive()
    }
}

/// The time-outs a client has unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
