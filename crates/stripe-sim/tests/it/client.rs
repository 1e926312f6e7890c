//! Tollgate's own client against the simulator: what one says the other understands.

use serde_json::json;
use tollgate_stripe_client::event::{Envelope, Event, Kind};
use tollgate_stripe_client::{
    ApiKey, Client, CreateEventDestination, CreateWebhookEndpoint, Error, EventFilter, Form, UpdateEventDestination,
    UpdateWebhookEndpoint,
};
use tollgate_stripe_sim::{ApiFault, EmitOptions, Simulator};

use crate::support::{Receiver, builder, start};

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

fn destination(url: &str) -> CreateEventDestination {
    CreateEventDestination {
        event_payload: Kind::Thin,
        name: "Shop".to_owned(),
        url: url.to_owned(),
        enabled_events: vec!["v1.customer.created".to_owned()],
        description: Some("Note".to_owned()),
        metadata: [("uuid".to_owned(), "u-1".to_owned())].into(),
        ..CreateEventDestination::default()
    }
}

#[tokio::test]
async fn destinations_are_managed_through_the_client() {
    let (sim, api) = start().await;
    let client = client(&sim, &api.key);
    let url = "https://shop.example/hook";
    let made = client.create_event_destination(&destination(url), "k1").await.unwrap();
    let secret = made.secret.as_ref().unwrap().expose().to_owned();
    assert_eq!((Some(&secret), made.url.as_deref()), (sim.endpoint_secret(&made.id).as_ref(), Some(url)));
    assert!(!format!("{made:?}{}", made.raw).contains(&secret));
    assert_eq!(
        (made.description.as_deref(), made.events_from.as_slice()),
        (Some("Note"), ["@self".to_owned()].as_slice())
    );
    let read = client.retrieve_event_destination(&made.id).await.unwrap();
    assert_eq!((read.url.as_deref(), read.secret.is_none()), (Some(url), true));
    let update = UpdateEventDestination {
        description: Some(String::new()),
        metadata: Some([("uuid", ""), ("a", "b")].map(|(key, text)| (key.to_owned(), text.to_owned())).into()),
        ..UpdateEventDestination::default()
    };
    let changed = client.update_event_destination(&made.id, &update).await.unwrap();
    assert_eq!(
        (changed.description, changed.metadata, changed.name),
        (None, [("a".into(), "b".into())].into(), made.name)
    );
    assert!(!client.disable_event_destination(&made.id).await.unwrap().is_enabled());
    assert!(client.enable_event_destination(&made.id).await.unwrap().is_enabled());
    client.delete_event_destination(&made.id).await.unwrap();
    assert!(client.retrieve_event_destination(&made.id).await.unwrap_err().is_missing());
    assert!(client.delete_event_destination(&made.id).await.unwrap_err().is_missing());
}

#[tokio::test]
async fn the_client_reads_every_page_of_version_2() {
    let sim = builder().endpoint_cap(120).start().await.unwrap();
    let client = client(&sim, "sk_test_whole123");
    for number in 0..103 {
        client.create_event_destination(&destination("https://shop.example/hook"), &number.to_string()).await.unwrap();
        sim.emit("customer.created", json!({"id": "cus_1", "object": "customer"}));
    }
    let all = client.list_event_destinations().await.unwrap();
    assert_eq!((all.len(), all.iter().all(|one| one.url.is_some())), (103, true));
    let events = client.list("/v2/core/events", Form::new().with("object_id", "cus_1")).collect_all(200).await.unwrap();
    let mut ids: Vec<_> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    ids.reverse();
    assert_eq!(ids, sim.thin_event_ids());
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_destination_and_the_cap_is_understood() {
    let sim = builder().endpoint_cap(1).start().await.unwrap();
    let client = client(&sim, "sk_test_whole123");
    sim.fail_next("POST", "/v2/core/event_destinations", ApiFault::Truncated, 1);
    sim.fail_next("POST", "/v2/core/event_destinations", ApiFault::Error500, 1);
    let made = client.create_event_destination(&destination("https://shop.example/hook"), "k1").await.unwrap();
    assert_eq!((made.secret.is_some(), sim.endpoints().len()), (true, 1));
    let full = client.create_event_destination(&destination("https://shop.example/hook"), "k2").await.unwrap_err();
    assert_eq!(full.api().unwrap().endpoint_cap(), Some(1));
}

#[tokio::test]
async fn a_thin_event_of_a_connected_account_becomes_whole_through_the_client() {
    let (sim, api) = start().await;
    let client = client(&sim, &api.key);
    let branch = sim.create_account("Branch");
    let receiver = Receiver::start().await;
    let create = CreateEventDestination { events_from: vec!["@accounts".to_owned()], ..destination(&receiver.url) };
    client.create_event_destination(&create, "k1").await.unwrap();
    let customer = json!({"id": "cus_1", "object": "customer", "name": "Ada"});
    let options = EmitOptions { account: Some(branch.clone()), ..EmitOptions::default() };
    let snapshot = sim.emit_with("customer.created", customer.clone(), options);
    sim.settled().await;
    let got = receiver.received().remove(0);
    let envelope = Envelope::parse(&got.body).unwrap();
    let (context, related) = (envelope.context.as_deref(), envelope.related_object.as_ref().unwrap());
    assert_eq!((context, envelope.snapshot_event.as_deref()), (Some(branch.as_str()), Some(snapshot.as_str())));
    assert!(client.retrieve_related(&related.url, None).await.unwrap_err().is_missing(), "it is the branch's");
    let object = client.retrieve_related(&related.url, context).await.unwrap();
    let event = Event::hydrated(&got.body, Some(object)).unwrap();
    assert_eq!((event.context(), event.data_object()), (Some(branch.as_str()), &customer));
    assert_eq!(client.retrieve_thin_event(&envelope.id, context).await.unwrap(), got.json());
    assert!(client.retrieve_thin_event(&envelope.id, None).await.unwrap_err().is_missing());
    let acting = client.with_account(&branch);
    assert_eq!(acting.list("/v2/core/events", Form::new()).collect_all(9).await.unwrap(), [got.json()]);
}

#[tokio::test]
async fn the_client_pings_a_destination() {
    let (sim, api) = start().await;
    let client = client(&sim, &api.key);
    let receiver = Receiver::start().await;
    let made = client.create_event_destination(&destination(&receiver.url), "k1").await.unwrap();
    let ping = client.ping_event_destination(&made.id).await.unwrap();
    sim.settled().await;
    assert_eq!(receiver.received()[0].json(), ping);
    assert!(receiver.received()[0].verify(made.secret.unwrap().expose()).is_ok());
}
