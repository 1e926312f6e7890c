//! What is sent again, and that it is the same request each time.

use std::time::{Duration, Instant};

use serde_json::json;
use tollgate_stripe_client::{Error, Form, Request};

use crate::server::{Answer, RawServer, Server, builder, nobody};

#[tokio::test]
async fn a_failing_server_is_asked_again_with_the_same_idempotency_key() {
    let failure = Answer::error(500, &json!({"type": "api_error", "message": "sorry"}));
    let server = Server::with([failure.clone(), failure, Answer::json(200, &json!({"id": "cus_1"}))]).await;
    let request = Request::post("/v1/customers").form(Form::new().with("name", "Zoë"));
    let customer = server.client().send(request).await.unwrap();
    assert_eq!(customer["id"], "cus_1");
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    let key = seen[0].header("idempotency-key").unwrap();
    assert_eq!(key.len(), 36);
    assert!(seen.iter().all(|again| again.header("idempotency-key") == Some(key) && again.body == "name=Zo%C3%AB"));
}

#[tokio::test]
async fn two_posts_have_two_idempotency_keys() {
    let answer = Answer::json(200, &json!({}));
    let server = Server::with([answer.clone(), answer]).await;
    let client = server.client();
    for _ in 0..2 {
        client.send(Request::post("/v1/customers")).await.unwrap();
    }
    let seen = server.seen();
    assert_ne!(seen[0].header("idempotency-key"), seen[1].header("idempotency-key"));
}

#[tokio::test]
async fn the_last_answer_is_the_error_when_retries_are_used_up() {
    let server = Server::with(vec![Answer::error(503, &json!({"message": "sorry"})); 5]).await;
    let error = server.client().send(Request::get("/v1/balance")).await.unwrap_err();
    assert_eq!(error.api().unwrap().status, 503);
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn stripe_should_retry_wins_over_the_status() {
    let never = Answer::error(500, &json!({"message": "no"})).with("stripe-should-retry", "false");
    let server = Server::with([never]).await;
    assert!(server.client().send(Request::get("/v1/balance")).await.is_err());
    assert_eq!(server.seen().len(), 1);

    let again = Answer::error(400, &json!({"message": "yes"})).with("stripe-should-retry", "true");
    let server = Server::with([again, Answer::json(200, &json!({"ok": true}))]).await;
    assert_eq!(server.client().send(Request::get("/v1/balance")).await.unwrap(), json!({"ok": true}));
}

#[tokio::test]
async fn a_429_is_waited_for_once_if_it_says_how_long() {
    let limited = Answer::error(429, &json!({"code": "rate_limit", "message": "slow"}))
        .with("retry-after", "1")
        .with("stripe-rate-limited-reason", "endpoint-rate");
    let server = Server::with(vec![limited; 5]).await;
    let started = Instant::now();
    let error = server.client().send(Request::get("/v1/balance")).await.unwrap_err();
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.seen().len(), 2);
    let error = error.api().unwrap();
    assert!(error.is_rate_limit());
    assert_eq!(error.rate_limited_reason.as_deref(), Some("endpoint-rate"));
}

#[tokio::test]
async fn a_429_without_a_time_or_with_a_long_one_is_handed_over_at_once() {
    let plain = Answer::error(429, &json!({"code": "rate_limit", "message": "slow"}));
    for answer in [plain.clone(), plain.with("retry-after", "3600")] {
        let server = Server::with([answer]).await;
        assert!(server.client().send(Request::get("/v1/balance")).await.is_err());
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn silence_is_a_timeout_after_every_attempt() {
    let server = Server::with([Answer::silence(), Answer::silence(), Answer::silence()]).await;
    let client = builder(&server.url).timeout(Duration::from_millis(150)).max_retries(1).build().unwrap();
    let error = client.send(Request::post("/v1/customers")).await.unwrap_err();
    assert!(matches!(error, Error::Timeout), "{error}");
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].header("idempotency-key"), seen[1].header("idempotency-key"));
}

#[tokio::test]
async fn a_refused_connection_is_named_without_the_key() {
    let client = builder(&nobody().await).build().unwrap();
    let error = client.send(Request::get("/v1/balance")).await.unwrap_err();
    assert!(matches!(error, Error::Connect(_)) && error.is_transient(), "{error}");
    assert!(!format!("{error} {error:?}").contains("4eC39"));
}

#[tokio::test]
async fn a_truncated_answer_counts_as_a_broken_connection() {
    let bytes = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"id\":";
    let server = RawServer::with(bytes.to_vec()).await;
    let client = builder(&server.url).build().unwrap();
    let error = client.send(Request::get("/v1/balance")).await.unwrap_err();
    assert!(matches!(error, Error::Connect(_)), "{error}");
    assert_eq!(server.connections(), 3);
}
