//! Endpoints whose creation got no answer: retried or cleaned up, and never lost at Stripe.

use serde_json::json;
use tollgate::audit::Actor;
use tollgate::endpoints::{self, EndpointError};
use tollgate::models::endpoints::{Endpoint, Status};
use tollgate_stripe_sim::ApiFault;

use crate::support::{ATTEMPTS, PATH, Shop, refusals};

const DAY: i64 = 24 * 3600 * 1000;

async fn retry(shop: &Shop, uuid: &str) -> Result<Endpoint, EndpointError> {
    endpoints::retry(&shop.app.tollgate, uuid, &Actor::cli()).await
}

async fn takes_events(shop: &Shop) {
    let id = shop.sim.emit("customer.created", json!({ "id": "cus_1", "object": "customer", "created": 1 }));
    shop.sim.settled().await;
    assert!(shop.app.find_event(&id).is_some(), "{:?}", shop.sim.deliveries());
}

#[tokio::test]
async fn retrying_after_a_lost_answer_gets_the_same_endpoint_with_its_secret() {
    let shop = Shop::start().await;
    let pending = shop.create_with_lost_answer().await;
    let made = shop.sim.endpoints();
    assert_eq!((made.len(), pending.status, &pending.stripe_id), (1, Status::Pending, &None));
    let endpoint = retry(&shop, &pending.uuid).await.unwrap();
    assert_eq!(shop.sim.endpoints(), made);
    assert_eq!((endpoint.stripe_id.as_ref(), endpoint.status), (Some(&made[0].id), Status::Enabled));
    assert_eq!(endpoint.last_error, None);
    let keys: std::collections::HashSet<_> = shop.writes().into_iter().map(|call| call.idempotency_key).collect();
    assert_eq!(keys.len(), 1);
    takes_events(&shop).await;
}

#[tokio::test]
async fn when_stripe_has_forgotten_the_first_call_the_stray_goes_and_a_new_one_is_made() {
    let shop = Shop::start().await;
    let pending = shop.create_with_lost_answer().await;
    let stray = shop.sim.endpoints().remove(0);
    shop.app.advance(DAY);
    let endpoint = retry(&shop, &pending.uuid).await.unwrap();
    let there = shop.sim.endpoints();
    assert_eq!((there.len(), there[0].id == stray.id), (1, false));
    assert_eq!(endpoint.stripe_id.as_ref(), Some(&there[0].id));
    shop.app.advance(-DAY);
    takes_events(&shop).await;
}

#[tokio::test]
async fn a_server_error_that_stripe_repeats_for_the_same_key_is_overcome_by_a_new_key() {
    let shop = Shop::start().await;
    // Half of them are the creation, the others what Stripe answers to the same idempotency key for a day.
    shop.sim.fail_next("POST", PATH, ApiFault::Error500, 2 * ATTEMPTS);
    assert!(matches!(shop.try_create(shop.draft()).await, Err(EndpointError::Pending { .. })));
    let pending = shop.rows().remove(0);
    let endpoint = retry(&shop, &pending.uuid).await.unwrap();
    assert_eq!((endpoint.status, shop.sim.endpoints().len()), (Status::Enabled, 1));
    let keys: Vec<_> = shop.writes().into_iter().map(|call| call.idempotency_key).collect();
    let (last, others) = keys.split_last().unwrap();
    assert_eq!(others.len(), 2 * ATTEMPTS as usize);
    assert!(others.iter().all(|key| key == &others[0]) && last != &others[0]);
    takes_events(&shop).await;
}

#[tokio::test]
async fn a_refused_retry_keeps_the_row_since_stripe_may_have_the_endpoint() {
    let shop = Shop::start().await;
    let pending = shop.create_with_lost_answer().await;
    let revoked =
        json!({ "error": { "type": "invalid_request_error", "code": "api_key_expired", "message": "Expired" } });
    shop.sim.fail_next("POST", PATH, ApiFault::Status(401, revoked), 1);
    assert!(refusals(retry(&shop, &pending.uuid).await)[0].message.contains("does not take this key"));
    let row = shop.row(&pending.uuid);
    assert_eq!((row.status, &row.idempotency_key), (Status::Pending, &pending.idempotency_key));
    assert_eq!(retry(&shop, &pending.uuid).await.unwrap().status, Status::Enabled);
    assert_eq!(shop.sim.endpoints().len(), 1);
}

#[tokio::test]
async fn an_answer_without_a_secret_is_not_taken_for_an_endpoint() {
    let shop = Shop::start().await;
    let answer = json!({ "id": "we_1", "object": "webhook_endpoint", "url": "https://a.example", "status": "enabled",
        "enabled_events": ["*"], "livemode": false, "created": 1, "metadata": {}, "api_version": null });
    shop.sim.fail_next("POST", PATH, ApiFault::Status(200, answer), 1);
    let error = shop.try_create(shop.draft()).await.unwrap_err();
    assert!(error.to_string().contains("no secret"), "{error}");
    let pending = shop.rows().remove(0);
    assert_eq!((pending.status, pending.stripe_id.as_deref()), (Status::Pending, Some("we_1")));
    assert_eq!(retry(&shop, &pending.uuid).await.unwrap().status, Status::Enabled);
    takes_events(&shop).await;
}

#[tokio::test]
async fn cleaning_up_deletes_what_stripe_has_and_then_the_row() {
    let shop = Shop::start().await;
    let kept = shop.create().await;
    let pending = shop.create_with_lost_answer().await;
    assert_eq!(shop.sim.endpoints().len(), 2);
    shop.sim.fail_next("DELETE", PATH, ApiFault::Error500, ATTEMPTS);
    let failed = endpoints::discard(&shop.app.tollgate, &pending.uuid, &Actor::cli()).await;
    assert!(failed.is_err());
    assert_eq!(shop.row(&pending.uuid).status, Status::Pending);
    endpoints::discard(&shop.app.tollgate, &pending.uuid, &Actor::cli()).await.unwrap();
    let there: Vec<_> = shop.sim.endpoints().into_iter().map(|endpoint| Some(endpoint.id)).collect();
    assert_eq!((there, shop.rows()), (vec![kept.stripe_id.clone()], vec![kept]));
}

#[tokio::test]
async fn only_a_pending_endpoint_is_retried_or_cleaned_up() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    let uuid = endpoint.uuid.as_str();
    assert!(retry(&shop, uuid).await.unwrap_err().to_string().contains("not pending"));
    assert!(endpoints::discard(&shop.app.tollgate, uuid, &Actor::cli()).await.is_err());
    assert!(
        retry(&shop, "00000000-0000-4000-8000-000000000000").await.unwrap_err().to_string().contains("no endpoint")
    );
    assert_eq!(shop.sim.endpoints().len(), 1);
}
