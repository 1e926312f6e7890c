//! A server that stands where Stripe does and answers as told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tollgate_stripe_client::retry::Backoff;
use tollgate_stripe_client::{ApiKey, Client, ClientBuilder};
use url::Url;

pub const KEY: &str = "sk_test_4eC39HqLyjWDarjtT1zdp7dc";

/// What one request looked like.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub uri: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// One answer to give; `silent` never gives it.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    silent: bool,
}

impl Answer {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, &body.to_string()).with("request-id", "req_test")
    }

    pub fn text(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.as_bytes().to_vec(), silent: false }
    }

    pub fn error(status: u16, error: &Value) -> Self {
        Self::json(status, &json!({ "error": error }))
    }

    pub fn silence() -> Self {
        Self { silent: true, ..Self::text(200, "") }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// A server that gives each answer once, in order, and remembers what it was asked. It ends when dropped.
pub struct Server {
    pub url: Url,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn with(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers: Arc<Mutex<VecDeque<Answer>>> = Arc::new(Mutex::new(answers.into_iter().collect()));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (prepared, remembered) = (Arc::clone(&answers), Arc::clone(&seen));
        let app = Router::new().fallback(move |request: Request| {
            let (answers, seen) = (Arc::clone(&prepared), Arc::clone(&remembered));
            async move {
                let (head, body) = request.into_parts();
                let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
                let (method, uri) = (head.method.to_string(), head.uri.to_string());
                seen.lock().unwrap().push(Seen { method, uri, headers: head.headers, body });
                let answer = answers.lock().unwrap().pop_front();
                give(answer.unwrap_or_else(|| Answer::text(410, "no answer was prepared"))).await
            }
        });
        let (listener, url) = listen().await;
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, answers, seen, task }
    }

    /// Adds answers that name the server's own address.
    pub fn then(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.answers.lock().unwrap().extend(answers);
        self
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn client(&self) -> Client {
        builder(&self.url).build().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn give(answer: Answer) -> Response<Body> {
    if answer.silent {
        std::future::pending::<()>().await;
    }
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap()
}

/// An address on which nothing listens.
pub async fn nobody() -> Url {
    listen().await.1
}

/// A client's settings with waits short enough for tests.
pub fn builder(url: &Url) -> ClientBuilder {
    let (first, longest) = (Duration::from_millis(1), Duration::from_millis(4));
    let backoff = Backoff { first, longest, longest_asked: Duration::from_secs(2) };
    Client::builder(ApiKey::parse(KEY).unwrap()).base_url(url.clone()).backoff(backoff)
}

pub async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    (listener, url)
}
