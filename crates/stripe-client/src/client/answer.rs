//! One attempt: sends, reads the answer within bounds, and says what it was.

use std::error::Error as _;
use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use super::Reply;
use crate::error::{ApiError, Error, Limited};
use crate::retry::Outcome;
use crate::scrub::scrub;

/// Larger than any list of 100 objects; what is beyond is not Stripe.
const LARGEST: usize = 16 * 1024 * 1024;
/// How much of an answer that is not JSON is worth showing, in characters.
const EXCERPT: usize = 200;

/// What came of one attempt.
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) request_id: Option<String>,
    /// When it was given, by the sender's clock, in unix seconds.
    pub(super) date: Option<i64>,
    pub(super) result: Result<Reply, Error>,
}

/// Sends one attempt.
pub(super) async fn receive(request: reqwest::RequestBuilder) -> Answer {
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return broken(&error, None),
    };
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let request_id = text(&headers, "request-id");
    if (300..400).contains(&status) {
        return Answer { outcome: stop(status), request_id, date: None, result: Err(Error::Redirect { status }) };
    }
    let body = match read(response).await {
        Ok(body) => body,
        Err(Stopped::TooLarge) => {
            return Answer { outcome: stop(status), request_id, date: None, result: Err(Error::TooLarge) };
        }
        Err(Stopped::Broken(error)) => return broken(&error, request_id),
    };
    let result = understand(status, &headers, &body);
    // Whoever answers in Stripe's place need not know the time.
    let date = date(&headers).filter(|_| !matches!(result, Err(Error::NotJson { .. })));
    Answer { outcome: outcome(status, &headers, &result), request_id, date, result }
}

fn outcome(status: u16, headers: &HeaderMap, result: &Result<Reply, Error>) -> Outcome {
    // A good answer that was cut off where nobody noticed: the same request brings it whole.
    if matches!(result, Err(Error::Connect(_))) {
        return Outcome::Broken;
    }
    let limited = result.as_ref().err().and_then(Error::api).map_or(Some(Limited::Rate), ApiError::limited);
    Outcome::Answer {
        status,
        should_retry: text(headers, "stripe-should-retry").and_then(|wish| wish.parse().ok()),
        retry_after: text(headers, RETRY_AFTER.as_str()).and_then(|wait| wait.parse().ok()).map(Duration::from_secs),
        limited: limited.filter(|_| status == 429),
    }
}

/// An outcome that is final whatever the status says.
fn stop(status: u16) -> Outcome {
    Outcome::Answer { status, should_retry: Some(false), retry_after: None, limited: None }
}

fn broken(error: &reqwest::Error, request_id: Option<String>) -> Answer {
    let text = chain(error);
    let untrusted = text.contains("invalid peer certificate");
    let result = match error {
        error if error.is_timeout() && !error.is_connect() => Err(Error::Timeout),
        error if error.is_timeout() => Err(Error::Connect("no connection within the time-out".to_owned())),
        _ => Err(Error::Connect(text)),
    };
    Answer { outcome: if untrusted { Outcome::Untrusted } else { Outcome::Broken }, request_id, date: None, result }
}

enum Stopped {
    TooLarge,
    Broken(reqwest::Error),
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, Stopped> {
    if response.content_length().is_some_and(|length| length > LARGEST as u64) {
        return Err(Stopped::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Stopped::Broken)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Stopped::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn understand(status: u16, headers: &HeaderMap, body: &[u8]) -> Result<Reply, Error> {
    let request_id = text(headers, "request-id");
    let good = (200..300).contains(&status);
    let value = match serde_json::from_slice::<Value>(body) {
        Ok(value) => value,
        Err(error) if good && error.is_eof() => return Err(Error::Connect("the answer is cut off".to_owned())),
        Err(_) => return Err(Error::NotJson { status, request_id, excerpt: excerpt(body) }),
    };
    if good {
        let replayed = text(headers, "idempotent-replayed").is_some_and(|flag| flag == "true");
        return Ok(Reply { value, request_id, replayed });
    }
    let rate_limited_reason = text(headers, "stripe-rate-limited-reason");
    Err(Error::Api(Box::new(ApiError { request_id, rate_limited_reason, ..ApiError::from_body(status, &value) })))
}

/// The start of a body, on one line. It is scrubbed before it is cut, so that no key survives by being cut.
fn excerpt(body: &[u8]) -> String {
    let start = String::from_utf8_lossy(&body[..body.len().min(16 * EXCERPT)]).into_owned();
    let line = scrub(&start).split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(EXCERPT).collect()
}

fn date(headers: &HeaderMap) -> Option<i64> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    i64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(scrub)
}

/// An error with its causes, scrubbed: reqwest's own text alone says little more than "error sending request".
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut texts = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    if texts.is_empty() {
        texts.push(error.to_string());
    }
    texts.dedup();
    scrub(&texts.join(": "))
}
