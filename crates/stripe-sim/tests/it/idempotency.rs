//! Idempotency keys.

use tollgate_stripe_sim::ApiFault;

use crate::support::{Api, start};

const FORM: &str = "url=https://shop.example/hook&enabled_events[]=*";

#[tokio::test]
async fn the_same_call_with_the_same_key_is_replayed() {
    let (sim, api) = start().await;
    let api = api.header("idempotency-key", "k1");
    let first = api.post("/v1/webhook_endpoints", FORM).await;
    let second = api.post("/v1/webhook_endpoints", FORM).await;
    assert_eq!(first.body, second.body, "the secret included");
    assert_eq!((first.header("idempotent-replayed"), second.header("idempotent-replayed")), (None, Some("true")));
    assert_eq!(second.header("original-request"), first.header("request-id"));
    assert_eq!(sim.endpoints().len(), 1);
}

#[tokio::test]
async fn the_same_key_for_another_call_is_refused() {
    let (_sim, api) = start().await;
    let api = api.header("idempotency-key", "k1");
    api.post("/v1/webhook_endpoints", FORM).await;
    let other = api.post("/v1/webhook_endpoints", &format!("{FORM}&description=x")).await;
    let (status, _, message, _) = other.refusal();
    assert_eq!((status, other.body["error"]["type"].as_str()), (400, Some("idempotency_error")));
    assert!(message.contains("Try using a key other than 'k1'"), "{message}");
    assert_eq!(api.post("/v1/customers", "").await.status, 400);
}

#[tokio::test]
async fn keys_of_different_modes_do_not_meet() {
    let (sim, api) = start().await;
    let api = api.header("idempotency-key", "k1");
    let live = Api::with_key(&sim, &sim.api_key(&sim.account(), true)).header("idempotency-key", "k1");
    let (test, live) = (api.post("/v1/customers", "").await, live.post("/v1/customers", "name=Ada").await);
    assert_eq!((test.status, live.status), (200, 200));
    assert_ne!(test.body["id"], live.body["id"]);
}

#[tokio::test]
async fn a_refused_call_may_be_corrected_under_the_same_key() {
    let (_sim, api) = start().await;
    let api = api.header("idempotency-key", "k1");
    assert_eq!(api.post("/v1/products", "").await.status, 400);
    assert_eq!(api.post("/v1/products", "name=Box").await.status, 200);
}

#[tokio::test]
async fn a_key_that_is_too_long_is_refused() {
    let (_sim, api) = start().await;
    let answer = api.header("idempotency-key", &"k".repeat(256)).post("/v1/customers", "").await;
    assert_eq!((answer.status, answer.body["error"]["type"].as_str()), (400, Some("idempotency_error")));
}

#[tokio::test]
async fn a_lost_answer_is_repaired_by_the_same_key() {
    let (sim, api) = start().await;
    let api = api.header("idempotency-key", "k1");
    sim.fail_next("POST", "/v1/webhook_endpoints", ApiFault::Truncated, 1);
    assert!(api.call("POST", "/v1/webhook_endpoints", FORM).await.is_err());
    let again = api.post("/v1/webhook_endpoints", FORM).await;
    assert_eq!(again.body["secret"].as_str(), sim.endpoint_secret(&sim.endpoints()[0].id).as_deref());
    assert_eq!(sim.endpoints().len(), 1);
}
