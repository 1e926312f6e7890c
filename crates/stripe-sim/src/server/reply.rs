//! What goes back over the wire: Stripe's answers, and the broken ones.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, UNIX_EPOCH};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use hyper::body::{Body as HttpBody, Frame};

use crate::failure::Failure;
use crate::faults::ApiFault;
use crate::state::idempotency::Reply as KeptReply;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// The first second of the year 10000.
const LAST_DATE: i64 = 253_402_300_800;

/// An answer before it is sent.
pub(super) struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    fn new(status: u16, request_id: &str, content_type: HeaderValue, body: String) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type)]);
        Self { status, headers, body: body.into() }.with_header("request-id", request_id)
    }

    /// A refusal in the form that callers of `path` know.
    pub(super) fn refusal(request_id: &str, path: &str, refusal: Failure) -> Self {
        let refusal = if path.starts_with("/v2/") { refusal.in_version_2() } else { refusal };
        let reply = Self::new(refusal.status, request_id, JSON, refusal.body(request_id).to_string());
        match refusal.reason {
            Some(reason) => reply.with_header("stripe-rate-limited-reason", reason),
            None => reply,
        }
    }

    /// An outcome that a call has each time it is made with the same idempotency key.
    pub(super) fn kept(kept: &KeptReply, request_id: &str) -> Self {
        Self::new(kept.status, request_id, JSON, kept.body.to_string())
    }

    pub(super) fn replayed(request_id: &str, key: &str, kept: &KeptReply) -> Self {
        Self::kept(kept, request_id)
            .with_header("idempotent-replayed", "true")
            .with_header("original-request", &kept.request_id)
            .with_header("idempotency-key", key)
    }

    /// The answer to a call that a fault keeps from being carried out.
    pub(super) fn instead(fault: &ApiFault, request_id: &str, path: &str) -> Option<Self> {
        match fault {
            ApiFault::Status(status, body) => Some(Self::new(*status, request_id, JSON, body.to_string())),
            ApiFault::Html(status) => {
                let page = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
                Some(Self::new(*status, request_id, HTML, page))
            }
            ApiFault::RateLimited { retry_after } => {
                let reply = Self::refusal(request_id, path, Failure::rate_limited("global-rate"));
                let seconds = retry_after.map(|seconds| seconds.to_string());
                Some(seconds.iter().fold(reply, |reply, seconds| reply.with_header(RETRY_AFTER.as_str(), seconds)))
            }
            ApiFault::Locked => Some(Self::refusal(request_id, path, Failure::locked())),
            ApiFault::KeyInUse => Some(Self::refusal(request_id, path, Failure::key_in_use())),
            ApiFault::Error500 => Some(Self::refusal(request_id, path, Failure::internal())),
            ApiFault::Timeout(_) | ApiFault::Truncated => None,
        }
    }

    /// Adds a header; a value that no header can hold is left out, since it came from the request anyway.
    pub(super) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Dates it by the simulator's clock.
    pub(super) fn dated(self, now: i64) -> Self {
        let date = UNIX_EPOCH + Duration::from_secs(u64::try_from(now).unwrap_or(0));
        // Later dates than that cannot be written.
        if now < LAST_DATE { self.with_header("date", &httpdate::fmt_http_date(date)) } else { self }
    }

    pub(super) fn into_response(self) -> Response {
        let body = Body::from(self.body.clone());
        self.respond(body)
    }

    /// Announces the whole body and breaks off after half of it.
    pub(super) fn into_truncated_response(mut self) -> Response {
        self.headers.insert(CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        let body = Body::new(Half { rest: Some(self.body.slice(..self.body.len() / 2)) });
        self.respond(body)
    }

    fn respond(self, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = self.headers;
        response
    }
}

/// A body that ends before what its length promised, so that the server breaks the connection.
struct Half {
    rest: Option<Bytes>,
}

impl HttpBody for Half {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.rest.take().map(|half| Ok(Frame::data(half))))
    }
}
