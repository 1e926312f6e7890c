//! Deliveries to a real receiver.

use std::time::Duration;

use serde_json::{Value, json};
use tollgate_stripe_client::SignatureError;
use tollgate_stripe_sim::{DeliverOptions, EmitOptions, Signature};

use crate::support::{Api, NOW, Receiver, builder, start};

fn customer() -> Value {
    json!({"id": "cus_1", "object": "customer"})
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_delivery_is_signed_and_looks_like_stripes() {
    let (sim, api) = start().await;
    let receiver = Receiver::start().await;
    let endpoint = api.register(&receiver.url, "*", "").await;
    let event = sim.emit("customer.created", customer());
    sim.settled().await;
    let got = receiver.received();
    assert_eq!(got.len(), 1);
    let verified = got[0].verify(&text(&endpoint, "secret")).unwrap();
    assert_eq!(verified.timestamp, NOW);
    assert_eq!(got[0].header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(got[0].header("user-agent"), Some("Stripe/1.0 (+https://stripe.com/docs/webhooks)"));
    assert!(got[0].header("stripe-signature").unwrap().contains(",v0="), "test events carry a v0");
    let body = got[0].json();
    assert_eq!((body["id"].as_str(), &body["pending_webhooks"]), (Some(event.as_str()), &json!(1)));
    assert_eq!(sim.event(&event).unwrap()["pending_webhooks"], 0);
    let log = sim.deliveries();
    assert_eq!((log.len(), log[0].result.status, log[0].result.body.as_str()), (1, Some(200), "noted"));
}

#[tokio::test]
async fn live_events_have_no_v0() {
    let (sim, _) = start().await;
    let api = Api::with_key(&sim, &sim.api_key(&sim.account(), true));
    let receiver = Receiver::start().await;
    let endpoint = api.register(&receiver.url, "*", "").await;
    sim.emit_with("customer.created", customer(), EmitOptions { livemode: true, ..EmitOptions::default() });
    sim.emit("customer.created", customer());
    sim.settled().await;
    let got = receiver.received();
    assert_eq!(got.len(), 1, "the test event is not for a live endpoint");
    assert!(got[0].verify(&text(&endpoint, "secret")).is_ok());
    assert!(!got[0].header("stripe-signature").unwrap().contains("v0="));
}

#[tokio::test]
async fn endpoints_get_what_they_asked_for() {
    let (sim, api) = start().await;
    let (one, all, off) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    api.register(&one.url, "customer.created,product.created", "").await;
    api.register(&all.url, "*", "").await;
    let disabled = api.register(&off.url, "*", "").await;
    api.post(&format!("/v1/webhook_endpoints/{}", text(&disabled, "id")), "disabled=true").await;
    let created = sim.emit("customer.created", customer());
    let updated = sim.emit("customer.updated", customer());
    sim.settled().await;
    assert_eq!(all.ids(), [created.clone(), updated]);
    assert_eq!(one.ids(), [created]);
    assert!(off.ids().is_empty());
}

#[tokio::test]
async fn what_was_missed_while_disabled_is_not_sent_later() {
    let (sim, api) = start().await;
    let receiver = Receiver::start().await;
    let path = format!("/v1/webhook_endpoints/{}", text(&api.register(&receiver.url, "*", "").await, "id"));
    api.post(&path, "disabled=true").await;
    sim.emit("customer.created", customer());
    api.post(&path, "disabled=false").await;
    let seen = sim.emit("customer.updated", customer());
    sim.settled().await;
    assert_eq!(receiver.ids(), [seen]);
}

#[tokio::test]
async fn failures_and_redirects_are_retried_with_a_new_signature() {
    let sim = builder().retries([Duration::from_millis(1); 3]).start().await.unwrap();
    let api = Api::of(&sim);
    let receiver = Receiver::start().await;
    let endpoint = api.register(&receiver.url, "*", "").await;
    receiver.answer_next(&[500, 302, 404]);
    let event = sim.emit("customer.created", customer());
    sim.settled().await;
    let log = sim.deliveries();
    let statuses: Vec<_> = log.iter().map(|record| (record.attempt, record.result.status.unwrap())).collect();
    assert_eq!(statuses, [(0, 500), (1, 302), (2, 404), (3, 200)]);
    assert_eq!(receiver.ids(), vec![event.clone(); 4]);
    assert!(receiver.received().iter().all(|got| got.verify(&text(&endpoint, "secret")).is_ok()));
    assert_eq!(sim.event(&event).unwrap()["pending_webhooks"], 0);
}

#[tokio::test]
async fn a_delivery_is_given_up_when_the_retries_are_used_up() {
    let sim = builder().retries([Duration::from_millis(1)]).start().await.unwrap();
    let receiver = Receiver::start().await;
    Api::of(&sim).register(&receiver.url, "*", "").await;
    receiver.answer_next(&[500, 500]);
    let event = sim.emit("customer.created", customer());
    sim.settled().await;
    assert_eq!(receiver.received().len(), 2);
    assert_eq!(sim.event(&event).unwrap()["pending_webhooks"], 1);
}

#[tokio::test]
async fn nothing_is_delivered_beyond_this_machine() {
    let (sim, api) = start().await;
    api.register("https://shop.example/hook", "*", "").await;
    api.register("http://shop.example/hook", "*", "").await;
    sim.emit("customer.created", customer());
    sim.settled().await;
    let errors: Vec<_> = sim.deliveries().into_iter().map(|record| record.result.error.unwrap()).collect();
    assert!(errors[0].contains("plain http only") && errors[1].contains("this machine only"), "{errors:?}");
}

#[tokio::test]
async fn deliveries_by_hand_can_be_wrong_in_every_way() {
    let (sim, api) = start().await;
    let receiver = Receiver::start().await;
    let endpoint = api.register(&receiver.url, "invoice.paid", "").await;
    let event = sim.emit("customer.created", customer());
    let to = DeliverOptions::to(text(&endpoint, "id"));
    let cases = [
        (to.clone(), Ok(())),
        (DeliverOptions { signature: Signature::WrongSecret, ..to.clone() }, Err("no_matching_signature")),
        (DeliverOptions { signature: Signature::Missing, ..to.clone() }, Err("missing_signature")),
        (DeliverOptions { signature: Signature::Junk, ..to.clone() }, Err("malformed_signature")),
        (DeliverOptions { skew_seconds: -301, ..to.clone() }, Err("timestamp_too_old")),
        (DeliverOptions { skew_seconds: 301, ..to.clone() }, Err("timestamp_in_future")),
        (DeliverOptions { body: Some(b"{".to_vec()), ..to.clone() }, Ok(())),
    ];
    for (options, expected) in cases {
        let results = sim.deliver(&event, options.clone()).await;
        assert_eq!((results.len(), results[0].status), (1, Some(200)), "{options:?}");
        let got = receiver.received().pop().unwrap();
        let verdict = got.verify(&text(&endpoint, "secret")).map(|_| ()).map_err(|error: SignatureError| error.code());
        assert_eq!(verdict, expected, "{options:?}");
    }
    assert_eq!(receiver.received().pop().unwrap().body.as_ref(), b"{");
    assert_eq!(sim.deliver(&event, DeliverOptions { times: 3, ..to }).await.len(), 3);
    assert!(sim.deliver(&event, DeliverOptions::to("we_none")).await.is_empty());
    assert!(sim.deliver(&event, DeliverOptions::default()).await.is_empty(), "nobody listens to this type");
}

#[tokio::test]
async fn no_answer_is_a_result_with_its_reason() {
    let (sim, api) = start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let endpoint = api.register(&url, "*", "").await;
    let event = sim.emit("customer.created", customer());
    sim.settled().await;
    let results = sim.deliver(&event, DeliverOptions::to(text(&endpoint, "id"))).await;
    assert_eq!(results[0].status, None);
    assert!(results[0].error.as_deref().unwrap().starts_with("no connection"), "{results:?}");
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_fails_by_timeout() {
    let sim = builder().delivery_timeout(Duration::from_millis(50)).start().await.unwrap();
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    Api::of(&sim).register(&format!("http://{}/", silent.local_addr().unwrap()), "*", "").await;
    sim.emit("customer.created", customer());
    sim.settled().await;
    assert!(sim.deliveries()[0].result.error.as_deref().unwrap().starts_with("no answer within"));
}
