//! Tollgate's own client against the simulator: what one says the other understands.

use tollgate_stripe_client::{ApiKey, Client, CreateWebhookEndpoint, Error, EventFilter, UpdateWebhookEndpoint};
use tollgate_stripe_sim::{ApiFault, Simulator};

use crate::support::{builder, start};

fn client(sim: &Simulator, key: &str) -> Client {
    Client::builder(ApiKey::parse(key).unwrap()).base_url(sim.url().clone()).build().unwrap()
}

fn endpoint() -> CreateWebhookEndpoint {
    CreateWebhookEndpoint {
        url: "https://shop.example/hook".to_owned(),
        enabled_events: vec!["invoice.paid".to_owned()],
        api_version: Some("2026-10-28.endive".to_owned()),
        description: Some("Shop".to_owned()),
        metadata: [("uuid".to_owned(), "u-1".to_owned())].into(),
        ..CreateWebhookEndpoint::default()
    }
}

#[tokio::test]
async fn endpoints_are_managed_through_the_client() {
    let (sim, api) = start().await;
    let client = client(&sim, &api.key);
    let made = client.create_webhook_endpoint(&endpoint(), "k1").await.unwrap();
    let secret = made.secret.as_ref().unwrap().expose().to_owned();
    assert_eq!(Some(secret), sim.endpoint_secret(&made.id));
    let change = UpdateWebhookEndpoint { disabled: Some(true), ..UpdateWebhookEndpoint::default() };
    assert!(!client.update_webhook_endpoint(&made.id, &change).await.unwrap().is_enabled());
    assert_eq!(client.list_webhook_endpoints().await.unwrap().len(), 1);
    client.delete_webhook_endpoint(&made.id).await.unwrap();
    assert!(client.retrieve_webhook_endpoint(&made.id).await.unwrap_err().is_missing());
}

#[tokio::test]
async fn the_client_survives_a_lost_answer_without_a_second_endpoint() {
    let (sim, api) = start().await;
    sim.fail_next("POST", "/v1/webhook_endpoints", ApiFault::Truncated, 1);
    let made = client(&sim, &api.key).create_webhook_endpoint(&endpoint(), "k1").await.unwrap();
    assert!(made.secret.is_some());
    let keys: Vec<_> = sim.requests().into_iter().map(|request| request.idempotency_key).collect();
    assert_eq!(keys, [Some("k1".to_owned()), Some("k1".to_owned())]);
    assert_eq!(sim.endpoints().len(), 1);
}

#[tokio::test]
async fn the_client_understands_the_refusals() {
    let sim = builder().endpoint_cap(0).start().await.unwrap();
    sim.restrict_key("rk_test_narrow123", &["rak_event_read"]);
    sim.revoke_key("sk_test_revoked123");
    let refusal = |error: Error| error.api().cloned().unwrap();
    let full = client(&sim, "sk_test_whole123").create_webhook_endpoint(&endpoint(), "k1").await;
    assert_eq!(refusal(full.unwrap_err()).endpoint_cap(), Some(0));
    let narrow = refusal(client(&sim, "rk_test_narrow123").list_webhook_endpoints().await.unwrap_err());
    assert_eq!(narrow.missing_permission(), Some("rak_webhook_read"));
    let revoked = refusal(client(&sim, "sk_test_revoked123").retrieve_account().await.unwrap_err());
    assert!(revoked.is_authentication() && revoked.code.as_deref() == Some("api_key_expired"));
}

#[tokio::test]
async fn the_client_pages_through_what_the_business_did() {
    let (sim, api) = start().await;
    for _ in 0..30 {
        sim.business().step().await;
    }
    let client = client(&sim, &api.key);
    assert_eq!(client.retrieve_account().await.unwrap().id, sim.account());
    let events = client.list_events(&EventFilter::default()).unwrap().collect_all(10_000).await.unwrap();
    let mut ids: Vec<_> = events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    ids.reverse();
    assert!(ids.len() > 100, "{}", ids.len());
    assert_eq!(ids, sim.event_ids());
    let invoice = sim.objects("invoice").remove(0);
    assert_eq!(client.retrieve_object("invoice", invoice["id"].as_str().unwrap()).await.unwrap(), invoice);
}
