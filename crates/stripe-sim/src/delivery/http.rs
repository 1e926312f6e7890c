//! One delivery on the wire: signed as Stripe does, and only ever to this machine.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Map, Value};
use tollgate_stripe_client::webhook::{WebhookSecret, sign, sign_with};
use url::{Host, Url};

use super::{DeliveryResult, Signature};
use crate::state::endpoints::Endpoint;

/// The header that carries the signature.
const SIGNATURE: &str = "stripe-signature";
/// What each delivery carries beside it.
const HEADERS: [(&str, &str); 3] = [
    ("Content-Type", "application/json; charset=utf-8"),
    ("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)"),
    ("Accept", "*/*; q=0.5, application/xml"),
];
/// How much of an answer is kept, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;
/// What a forger would sign with.
const WRONG_SECRET: &str = "whsec_this_is_not_the_secret_of_any_endpoint";

/// A request ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    url: String,
    signature: Option<String>,
    pub(crate) body: Bytes,
}

impl Post {
    /// Signs `body` at `timestamp`; nothing if the secret cannot be used, which the simulator's own always can.
    pub(crate) fn signed(endpoint: &Endpoint, body: Bytes, signature: &Signature, timestamp: i64) -> Option<Self> {
        let livemode = endpoint.scope.livemode;
        let header = match signature {
            Signature::Good => Some(header(endpoint.live_secrets(timestamp), livemode, timestamp, &body)?),
            Signature::WrongSecret => Some(header([WRONG_SECRET].into_iter(), livemode, timestamp, &body)?),
            Signature::Missing => None,
            Signature::Junk => Some("I'm not even a real signature header".to_owned()),
        };
        Some(Self { url: endpoint.url.clone(), signature: header, body })
    }

    /// The headers that Stripe sends.
    pub(crate) fn headers(&self) -> Map<String, Value> {
        let signature = self.signature.iter().map(|signature| ("Stripe-Signature", signature.as_str()));
        let all = HEADERS.into_iter().chain(signature);
        all.map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    }

    fn into_request(self) -> Result<Request<Full<Bytes>>, String> {
        let uri = loopback(&self.url)?;
        let mut request = Request::new(Full::new(self.body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        for (name, value) in HEADERS {
            if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
        if let Some(signature) = self.signature.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(SIGNATURE, signature);
        }
        Ok(request)
    }
}

/// One `v1` for each secret. Test events carry a `v0` as well, which means nothing and must be ignored.
fn header<'a>(secrets: impl Iterator<Item = &'a str>, livemode: bool, timestamp: i64, body: &[u8]) -> Option<String> {
    let secrets = secrets.map(WebhookSecret::parse).collect::<Result<Vec<_>, _>>().ok()?;
    let good = sign_with(&secrets.iter().collect::<Vec<_>>(), timestamp, body);
    if livemode {
        return Some(good);
    }
    let fake = sign(&WebhookSecret::parse("fake_scheme_for_test_events").ok()?, timestamp, body);
    let (_, fake) = fake.split_once("v1=")?;
    Some(format!("{good},v0={fake}"))
}

/// The address if it is plain HTTP on this machine; the simulator must never reach out.
fn loopback(url: &str) -> Result<Uri, String> {
    let parsed = Url::parse(url).map_err(|error| format!("{url} is not a URL: {error}"))?;
    if parsed.scheme() != "http" {
        return Err(format!("the simulator delivers plain http only, not {url}"));
    }
    let local = match parsed.host() {
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if !local {
        return Err(format!("the simulator delivers to this machine only, not {url}"));
    }
    parsed.as_str().parse().map_err(|error| format!("{url} is not a URL: {error}"))
}

/// Sends deliveries over kept-alive connections; it never follows a redirect.
#[derive(Clone, Debug)]
pub(crate) struct Sender(Client<HttpConnector, Full<Bytes>>);

impl Sender {
    pub(crate) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    pub(crate) async fn send(&self, post: Post, timeout: Duration) -> DeliveryResult {
        let start = Instant::now();
        let answer = match post.into_request() {
            Ok(request) => match tokio::time::timeout(timeout, self.exchange(request)).await {
                Ok(answer) => answer,
                Err(_) => Err(format!("no answer within {} s", timeout.as_secs_f32())),
            },
            Err(refusal) => Err(refusal),
        };
        let millis = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        match answer {
            Ok((status, body)) => DeliveryResult { status: Some(status), body, millis, error: None },
            Err(error) => DeliveryResult { status: None, body: String::new(), millis, error: Some(error) },
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(u16, String), String> {
        let response = self.0.request(request).await.map_err(|error| format!("no connection: {error}"))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await;
        let body = body.map_err(|error| format!("the answer broke off: {error}"))?.to_bytes();
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::loopback;

    #[test]
    fn only_plain_http_on_this_machine_is_reached() {
        for url in ["http://127.0.0.1:80/a", "http://localhost:1/", "http://[::1]:2/x", "http://127.8.9.1/"] {
            assert!(loopback(url).is_ok(), "{url}");
        }
        for url in ["https://127.0.0.1/", "http://example.com/", "http://10.0.0.1/", "http://127.0.0.1.nip.io/", "x"] {
            assert!(loopback(url).is_err(), "{url}");
        }
    }
}
