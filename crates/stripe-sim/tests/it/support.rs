//! A raw API client and a receiver of webhooks.

mod receiver;
pub mod shop;

use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tollgate_stripe_sim::{Builder, Clock, Simulator};

pub use receiver::{Received, Receiver};

/// When the tests' clock starts, in unix seconds.
pub const NOW: i64 = 1_790_000_000;

/// A simulator whose clock stands still, that delivers in order and does not retry.
pub fn builder() -> Builder {
    Simulator::builder().seed(7).clock(Clock::manual(NOW)).concurrency(1).retries([])
}

pub async fn start() -> (Simulator, Api) {
    let sim = builder().start().await.unwrap();
    let api = Api::of(&sim);
    (sim, api)
}

/// One answer of the API.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status, code, message and param of a refusal.
    pub fn refusal(&self) -> (u16, Option<&str>, &str, Option<&str>) {
        let error = &self.body["error"];
        (self.status, error["code"].as_str(), error["message"].as_str().unwrap_or_default(), error["param"].as_str())
    }

    /// The ids of a list.
    pub fn ids(&self) -> Vec<&str> {
        self.body["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
    }
}

/// A client without any knowledge of Stripe.
pub struct Api {
    client: Client<HttpConnector, Full<bytes::Bytes>>,
    base: String,
    pub key: String,
    pub headers: Vec<(&'static str, String)>,
}

impl Api {
    pub fn of(sim: &Simulator) -> Self {
        Self::with_key(sim, &sim.api_key(&sim.account(), false))
    }

    pub fn with_key(sim: &Simulator, key: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let base = sim.url().as_str().trim_end_matches('/').to_owned();
        Self { client, base, key: key.to_owned(), headers: Vec::new() }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "").await.unwrap()
    }

    pub async fn post(&self, path: &str, form: &str) -> Answer {
        self.call("POST", path, form).await.unwrap()
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, "").await.unwrap()
    }

    /// The answer, or why there is none.
    pub async fn call(&self, method: &str, path: &str, form: &str) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if !self.key.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.key));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::from(form.to_owned())).unwrap();
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let body = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// The same client with the version header that version 2 of the API demands.
    pub fn v2(self) -> Self {
        self.header("stripe-version", "2026-10-28.endive")
    }

    /// Registers a destination for some event types, changed by `more`, and gives the answer, secret included.
    pub async fn register_destination(&self, url: &str, payload: &str, events: &[&str], more: Value) -> Value {
        let mut body = json!({
            "name": "Shop", "type": "webhook_endpoint", "event_payload": payload, "enabled_events": events,
            "webhook_endpoint": {"url": url}, "include": ["webhook_endpoint.signing_secret"],
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.post("/v2/core/event_destinations", &body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// Registers an endpoint for some event types and gives the answer, secret included.
    pub async fn register(&self, url: &str, events: &str, more: &str) -> Value {
        let events: String = events.split(',').map(|event| format!("&enabled_events[]={event}")).collect();
        let answer = self.post("/v1/webhook_endpoints", &format!("url={url}{events}{more}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }
}
