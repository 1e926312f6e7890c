//! Thin events: fetched with their context, their objects fetched from Stripe alone, and both joined into one event.

use serde_json::{Value, json};
use tollgate_stripe_client::event::{Envelope, EnvelopeError, Event, Kind};
use tollgate_stripe_client::{Error, Form};

use crate::server::{Answer, Server};

fn notification() -> Value {
    json!({
        "id": "evt_2", "object": "v2.core.event", "type": "v1.customer.updated", "livemode": true,
        "created": "2026-10-28T12:34:56.789123456Z", "context": "acct_2",
        "related_object": {"id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1"},
        "reason": {"type": "request", "request": {"id": "req_2", "idempotency_key": "key-2"}},
        "snapshot_event": "evt_1",
    })
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

#[tokio::test]
async fn an_event_and_its_object_are_fetched_in_its_context() {
    let mut event = notification();
    event["changes"] = json!({"before": {"name": "Eve"}, "after": {"name": "Ada"}});
    let customer = json!({"id": "cus_1", "object": "customer", "name": "Ada"});
    let answers = [&event, &customer, &customer].map(|answer| Answer::json(200, answer));
    let server = Server::with(answers).await;
    let client = server.client().with_account("acct_9");
    let body = bytes(&notification());
    let envelope = Envelope::parse(&body).unwrap();
    let context = envelope.context.as_deref();
    assert_eq!(client.retrieve_thin_event(&envelope.id, context).await.unwrap(), event);
    let related = envelope.related_object.as_ref().unwrap();
    assert_eq!(client.retrieve_related(&related.url, context).await.unwrap(), customer);
    server.client().retrieve_related(&related.url, None).await.unwrap();

    let seen = server.seen();
    let uris: Vec<&str> = seen.iter().map(|seen| seen.uri.as_str()).collect();
    assert_eq!(uris, ["/v2/core/events/evt_2", "/v1/customers/cus_1", "/v1/customers/cus_1"]);
    assert!(seen.iter().all(|seen| seen.method == "GET" && seen.header("stripe-account").is_none()));
    let contexts: Vec<_> = seen.iter().map(|seen| seen.header("stripe-context")).collect();
    assert_eq!(contexts, [Some("acct_2"), Some("acct_2"), None]);
}

#[tokio::test]
async fn a_client_for_an_account_says_so_by_the_context_on_version_2() {
    let server = Server::with([
        Answer::json(200, &json!({"data": [], "next_page_url": null})),
        Answer::json(200, &json!({"has_more": false, "data": []})),
    ])
    .await;
    let client = server.client().with_account("acct_1");
    client.list("/v2/core/events", Form::new()).next_page().await.unwrap();
    client.list("/v1/events", Form::new()).next_page().await.unwrap();
    let headers =
        |name: &str| server.seen().iter().map(|seen| seen.header(name).map(str::to_owned)).collect::<Vec<_>>();
    assert_eq!(headers("stripe-context"), [Some("acct_1".to_owned()), None]);
    assert_eq!(headers("stripe-account"), [None, Some("acct_1".to_owned())]);
}

#[tokio::test]
async fn an_object_is_fetched_from_stripe_alone() {
    let server = Server::with([]).await;
    let elsewhere = [
        "",
        "/",
        "https://evil.example/v1/customers/cus_1",
        "//evil.example/v1/customers/cus_1",
        "/v1/../../admin",
        "/v1/%2e%2e/admin",
        "/v3/customers/cus_1",
        "v1/customers/cus_1",
        "/v1/customers/cus_1?expand[]=x",
        "/v1/customers/cus_1#x",
        "/v1/customers/",
        "/v1@evil.example/x",
        "\\\\evil.example\\v1\\x",
        "/v1/customers/cus_1\r\nx: y",
    ];
    for url in elsewhere {
        let result = server.client().retrieve_related(url, None).await;
        assert!(matches!(result, Err(Error::InvalidRequest(_))), "{url:?}: {result:?}");
    }
    for context in ["", "acct_1\r\nx: y"] {
        let result = server.client().retrieve_related("/v1/customers/cus_1", Some(context)).await;
        assert!(matches!(result, Err(Error::InvalidRequest(_))), "{context:?}");
    }
    assert!(server.seen().is_empty(), "nothing leaves this machine");
}

#[tokio::test]
async fn a_snapshot_in_place_of_a_thin_event_is_not_believed() {
    let snapshot = json!({"id": "evt_1", "object": "event", "type": "a", "created": 1});
    let server = Server::with([Answer::json(200, &snapshot)]).await;
    let error = server.client().retrieve_thin_event("evt_1", None).await.unwrap_err();
    assert!(error.to_string().contains("snapshot event where a thin event is expected"), "{error}");
}

#[test]
fn a_notification_and_its_object_make_a_whole_event() {
    let customer = json!({"id": "cus_1", "object": "customer", "name": "Ada"});
    let event = Event::hydrated(&bytes(&notification()), Some(customer.clone())).unwrap();
    assert_eq!((event.id(), event.type_(), event.created()), ("evt_2", "v1.customer.updated", 1_793_190_896));
    assert_eq!((event.kind(), event.livemode(), event.context()), (Kind::Thin, true, Some("acct_2")));
    assert_eq!((event.account(), event.api_version()), (None, None));
    assert_eq!((event.request_id(), event.data_object()), (Some("req_2"), &customer));
    assert_eq!(event.previous_attributes(), None);
    let mut expected = notification();
    expected["data"] = json!({"object": customer});
    assert_eq!(event.into_value(), expected);
}

#[test]
fn an_event_without_an_object_is_whole_too() {
    let event = Event::hydrated(&bytes(&notification()), None).unwrap();
    assert_eq!((event.data_object(), event.previous_attributes()), (&Value::Null, None));
    let mut nothing = notification();
    nothing["related_object"] = Value::Null;
    nothing["context"] = Value::Null;
    let event = Event::hydrated(&bytes(&nothing), None).unwrap();
    assert_eq!((event.id(), event.context()), ("evt_2", None));
}

#[test]
fn what_stripe_tells_in_data_stays_beside_the_object() {
    let customer = json!({"id": "cus_1"});
    let cases = [
        (json!({"reason": "x"}), json!({"reason": "x", "object": customer})),
        (json!({"object": "old"}), json!({"object": customer})),
        (json!("text"), json!({"object": customer})),
        (json!([1]), json!({"object": customer})),
        (Value::Null, json!({"object": customer})),
    ];
    for (data, expected) in cases {
        let mut body = notification();
        body["data"] = data;
        let event = Event::hydrated(&bytes(&body), Some(customer.clone())).unwrap();
        assert_eq!(event.value()["data"], expected);
    }
    let mut body = notification();
    body["data"] = json!({"previous_attributes": {"name": "Eve"}});
    assert_eq!(Event::hydrated(&bytes(&body), None).unwrap().previous_attributes(), None);
}

#[test]
fn only_a_thin_notification_is_hydrated() {
    let snapshot = json!({"id": "evt_1", "object": "event", "type": "a", "created": 1});
    let wrong = EnvelopeError::WrongKind { expected: Kind::Thin, found: Kind::Snapshot };
    assert_eq!(Event::hydrated(&bytes(&snapshot), None), Err(wrong));
    assert_eq!(Event::from_value(snapshot).unwrap().kind(), Kind::Snapshot);
    assert_eq!(Event::hydrated(b"", None), Err(EnvelopeError::Empty));
    assert_eq!(Event::hydrated(b"[]", None), Err(EnvelopeError::Field("id")));
    let half = br#"{"id":"evt_1","object":"v2.core.event","type":"a","created":"2026-10-28T12:00:00Z","x":"\ud83d"}"#;
    assert!(matches!(Event::hydrated(half, None), Err(EnvelopeError::NotJson(_))));
    let whole = Event::hydrated(&bytes(&notification()), None).unwrap().into_value();
    assert!(matches!(Event::from_value(whole), Err(EnvelopeError::WrongKind { .. })), "parse still refuses it");
}
