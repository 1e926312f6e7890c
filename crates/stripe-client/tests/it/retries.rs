//! What is sent again, and that it is the same request each time.

use std::time::{Duration, Instant};

use serde_json::json;
use tollgate_stripe_client::{Budget, Error, Form, Limited, Limits, Priority, Request};

use crate::odd_servers::RawServer;
use crate::server::{Answer, Server, builder, nobody};

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

fn limited(reason: &str) -> Answer {
    Answer::error(429, &json!({"code": "rate_limit", "message": "slow"})).with("stripe-rate-limited-reason", reason)
}

#[tokio::test]
async fn a_429_is_waited_for_if_it_says_how_long() {
    let limited = limited("endpoint-rate").with("retry-after", "1");
    let server = Server::with([limited.clone(), limited]).await;
    let started = Instant::now();
    let client = builder(&server.url).max_retries(1).build().unwrap();
    let error = client.send(Request::get("/v1/balance")).await.unwrap_err();
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.seen().len(), 2);
    let error = error.api().unwrap();
    assert_eq!((error.is_rate_limit(), error.limited()), (true, Some(Limited::Rate)));
    assert_eq!(error.rate_limited_reason.as_deref(), Some("endpoint-rate"));
}

#[tokio::test]
async fn a_429_without_a_time_or_with_a_long_one_is_handed_over_at_once() {
    let plain = limited("global-rate");
    for answer in
        [plain.clone(), plain.with("retry-after", "3600"), limited("resource-specific"), Answer::text(429, "")]
    {
        let server = Server::with([answer]).await;
        assert!(server.client().send(Request::get("/v1/balance")).await.is_err());
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_locked_object_is_asked_for_again_under_the_same_key() {
    let locked = Answer::error(429, &json!({"code": "lock_timeout", "message": "locked"}));
    let in_use = Answer::error(409, &json!({"code": "idempotency_key_in_use", "message": "in flight"}));
    let server = Server::with([locked, in_use, Answer::json(200, &json!({"id": "sub_1"}))]).await;
    let request = Request::post("/v1/subscriptions/sub_1").idempotency_key("mine");
    assert_eq!(server.client().send(request).await.unwrap()["id"], "sub_1");
    assert!(server.seen().iter().all(|seen| seen.header("idempotency-key") == Some("mine")));
}

#[tokio::test]
async fn with_a_budget_a_429_slows_everything_down_and_is_tried_again() {
    let server = Server::with([limited("global-rate"), Answer::json(200, &json!({"ok": true}))]).await;
    let budget = Budget::new(Limits { per_second: 50.0, burst: 50, in_flight: 10 });
    let client = builder(&server.url).budget(budget.clone()).build().unwrap();
    let started = Instant::now();
    assert_eq!(client.send(Request::get("/v1/balance")).await.unwrap(), json!({"ok": true}));
    assert!(started.elapsed() >= Duration::from_secs(1), "the pause of the budget holds for the retry too");
    let snapshot = budget.snapshot();
    assert!((25.0..26.0).contains(&snapshot.rate), "{snapshot:?}");
    assert_eq!((snapshot.granted, snapshot.limited, snapshot.in_flight), (2, 1, 0));
}

#[tokio::test]
async fn a_complaint_about_concurrency_narrows_the_budget() {
    let server = Server::with([limited("endpoint-concurrency"), Answer::json(200, &json!({}))]).await;
    let budget = Budget::new(Limits::LIVE);
    let client = builder(&server.url).build().unwrap().with_budget(budget.clone());
    client.send(Request::get("/v1/balance")).await.unwrap();
    let snapshot = budget.snapshot();
    assert_eq!((snapshot.most_in_flight, snapshot.rate), (1, 80.0));
}

#[tokio::test]
async fn every_attempt_comes_out_of_the_budget_and_none_is_kept() {
    let failure = Answer::error(500, &json!({"message": "sorry"}));
    let server = Server::with([failure.clone(), failure.clone(), failure]).await;
    let budget = Budget::new(Limits::LIVE);
    let client = builder(&server.url).budget(budget.clone()).priority(Priority::Person).build().unwrap();
    assert!(client.send(Request::get("/v1/balance")).await.is_err());
    assert_eq!((budget.snapshot().granted, budget.snapshot().in_flight), (3, 0));
}

#[tokio::test]
async fn a_call_without_room_in_time_sends_nothing() {
    let server = Server::with([]).await;
    let budget = Budget::new(Limits { per_second: 0.01, burst: 1, in_flight: 1 });
    let _held = budget.acquire(Priority::Backfill, None).await.unwrap();
    let client = builder(&server.url).budget(budget.clone()).deadline(Duration::from_millis(30)).build().unwrap();
    let error = client.send(Request::post("/v1/refunds")).await.unwrap_err();
    assert!(matches!(error, Error::NoRoom { .. }), "{error}");
    assert!(server.seen().is_empty());
    assert_eq!(budget.snapshot().waiting, [0; 4]);
}

#[tokio::test]
async fn a_deadline_covers_all_attempts_and_the_waits_between() {
    let server = Server::with([Answer::silence()]).await;
    let client = server.client().with_deadline(Duration::from_millis(200));
    let started = Instant::now();
    let error = client.send(Request::get("/v1/balance")).await.unwrap_err();
    assert!(matches!(error, Error::Timeout), "{error}");
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!(server.seen().len(), 1, "no time was left for another");

    let later = Answer::error(503, &json!({"message": "busy"})).with("retry-after", "2");
    let server = Server::with([later]).await;
    let client = server.client().with_deadline(Duration::from_secs(1));
    let error = client.send(Request::get("/v1/balance")).await.unwrap_err();
    assert_eq!(error.api().unwrap().status, 503, "the answer is told, not the time that a retry would have taken");
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

#[tokio::test]
async fn a_post_whose_good_answer_was_cut_off_is_sent_again_under_its_key_alone() {
    for cut in ["HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":", "HTTP/1.1 200 OK\r\n\r\n{\"id\":\"re_1\""] {
        let server = RawServer::with(cut.as_bytes().to_vec()).await;
        let client = builder(&server.url).build().unwrap();
        let error =
            client.send(Request::post("/v1/refunds").form(Form::new().with("charge", "ch_1"))).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        let keys: Vec<Option<String>> = server.heads().iter().map(|head| idempotency_key(head)).collect();
        assert_eq!(keys.len(), 3);
        assert!(keys[0].is_some() && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    }
}

#[tokio::test]
async fn an_answer_that_was_given_before_is_told() {
    let server = Server::with([
        Answer::json(200, &json!({"id": "re_1", "secret": "whsec_x"})).with("idempotent-replayed", "true"),
        Answer::json(200, &json!({"id": "re_2"})),
    ])
    .await;
    let client = server.client();
    let replayed = client.call(Request::post("/v1/refunds").idempotency_key("k")).await.unwrap();
    assert_eq!((replayed.replayed, replayed.request_id.as_deref()), (true, Some("req_test")));
    assert_eq!(replayed.value["id"], "re_1");
    assert_eq!(
        format!("{replayed:?}"),
        r#"Reply { id: Some("re_1"), request_id: Some("req_test"), replayed: true, .. }"#
    );
    assert!(!client.call(Request::post("/v1/refunds")).await.unwrap().replayed);
}

fn idempotency_key(head: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("idempotency-key:"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
