//! Event envelopes: what is read, what is forgiven, what is refused.

use proptest::prelude::*;
use serde_json::{Value, json};
use tollgate_stripe_client::event::{Envelope, EnvelopeError, Event, Kind, unwrapped};

fn snapshot() -> Value {
    json!({
        "id": "evt_1", "object": "event", "api_version": "2026-10-28.endive", "created": 1_700_000_000,
        "data": {
            "object": {"id": "sub_1", "object": "subscription", "items": {"data": [{"id": "si_1", "object": "subscription_item"}]}},
            "previous_attributes": {"status": "trialing"},
        },
        "livemode": true, "pending_webhooks": 1, "account": "acct_1", "type": "customer.subscription.updated",
        "request": {"id": "req_1", "idempotency_key": "key-1"},
    })
}

fn thin() -> Value {
    json!({
        "id": "evt_2", "object": "v2.core.event", "type": "v1.customer.created", "livemode": false,
        "created": "2026-10-28T12:34:56.789123456Z", "context": "acct_2",
        "related_object": {"id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1"},
        "reason": {"type": "request", "request": {"id": "req_2", "idempotency_key": "key-2"}},
        "snapshot_event": "evt_1",
    })
}

fn with(mut value: Value, pointer: &str, replacement: Value) -> String {
    *value.pointer_mut(pointer).unwrap() = replacement;
    value.to_string()
}

#[test]
fn a_snapshot_event_is_read() {
    let body = snapshot().to_string();
    let envelope = Envelope::parse(body.as_bytes()).unwrap();
    assert_eq!((envelope.id.as_ref(), envelope.type_.as_ref()), ("evt_1", "customer.subscription.updated"));
    assert_eq!((envelope.created, envelope.kind, envelope.livemode), (1_700_000_000, Kind::Snapshot, Some(true)));
    assert_eq!(envelope.api_version.as_deref(), Some("2026-10-28.endive"));
    assert_eq!((envelope.account.as_deref(), envelope.context.as_deref()), (Some("acct_1"), None));
    assert_eq!((envelope.request_id.as_deref(), envelope.idempotency_key.as_deref()), (Some("req_1"), Some("key-1")));
    assert_eq!((envelope.object_id.as_deref(), envelope.object.as_deref()), (Some("sub_1"), Some("subscription")));
    assert_eq!(envelope.related_object, None);
}

#[test]
fn a_thin_event_is_read() {
    let body = thin().to_string();
    let envelope = Envelope::parse(body.as_bytes()).unwrap();
    assert_eq!((envelope.kind, envelope.created), (Kind::Thin, 1_793_190_896));
    assert_eq!((envelope.object_id.as_deref(), envelope.object.as_deref()), (Some("cus_1"), Some("customer")));
    assert_eq!((envelope.request_id.as_deref(), envelope.context.as_deref()), (Some("req_2"), Some("acct_2")));
    assert_eq!((envelope.snapshot_event.as_deref(), envelope.livemode), (Some("evt_1"), Some(false)));
    assert_eq!(envelope.related_object.unwrap().url, "/v1/customers/cus_1");

    let balance = with(thin(), "/related_object", json!({"type": "balance", "url": "/v1/balance"}));
    let envelope = Envelope::parse(balance.as_bytes()).unwrap();
    assert_eq!((envelope.object_id, envelope.object.as_deref()), (None, Some("balance")));
    let nothing = with(thin(), "/related_object", Value::Null);
    assert_eq!(Envelope::parse(nothing.as_bytes()).unwrap().related_object, None);
}

#[test]
fn what_does_no_harm_is_forgiven() {
    let bodies = [
        with(snapshot(), "/created", json!("1700000000")),
        with(snapshot(), "/data", Value::Null),
        with(snapshot(), "/data", json!([1, {"object": 2}])),
        with(snapshot(), "/data/object", json!("text")),
        with(snapshot(), "/data/object", json!(1.5)),
        with(snapshot(), "/data/object/id", json!({"nested": [true]})),
        with(snapshot(), "/request", Value::Null),
        with(snapshot(), "/request", json!(-7)),
        with(snapshot(), "/livemode", json!({})),
        with(snapshot(), "/account", Value::Null),
        with(snapshot(), "/api_version", json!([])),
        with(snapshot(), "/pending_webhooks", json!({"new": {"shape": [null, 1e300, "\u{1f600}"]}})),
        with(snapshot(), "/object", Value::Null),
    ];
    for body in bodies {
        let envelope = Envelope::parse(body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"));
        assert_eq!((envelope.id.as_ref(), envelope.created), ("evt_1", 1_700_000_000));
    }
}

#[test]
fn older_and_odd_shapes_are_understood() {
    let text = with(snapshot(), "/request", json!("req_old"));
    assert_eq!(Envelope::parse(text.as_bytes()).unwrap().request_id.as_deref(), Some("req_old"));
    let number = with(snapshot(), "/data/object/id", json!(42));
    assert_eq!(Envelope::parse(number.as_bytes()).unwrap().object_id.as_deref(), Some("42"));
    let bracket = "v2.core.account[configuration.merchant].capability_status_updated";
    let typed = with(thin(), "/type", json!(bracket));
    assert_eq!(Envelope::parse(typed.as_bytes()).unwrap().type_, bracket);
    let escaped = r#" {"id":"evt_\u0031","type":"a\"b","created":-1,"data":{"object":{"id":"\ud83d\ude00"}}} "#;
    let envelope = Envelope::parse(escaped.as_bytes()).unwrap();
    assert_eq!((envelope.id.as_ref(), envelope.type_.as_ref(), envelope.created), ("evt_1", "a\"b", -1));
    assert_eq!(envelope.object_id.as_deref(), Some("😀"));
}

#[test]
fn the_last_of_several_equal_keys_counts() {
    let body = br#"{"id":"evt_0","id":"evt_1","type":"a","created":1,"created":2,"data":{"object":{"id":"x"}},"data":{"object":{"id":"y","id":"z"}}}"#;
    let envelope = Envelope::parse(body).unwrap();
    assert_eq!((envelope.id.as_ref(), envelope.created, envelope.object_id.as_deref()), ("evt_1", 2, Some("z")));
    assert_eq!(Event::parse(body).unwrap().data_object()["id"], "z");
}

#[test]
fn what_is_no_event_is_refused_with_its_reason() {
    let field = |name: &str| with(snapshot(), &format!("/{name}"), Value::Null);
    let cases: Vec<(Vec<u8>, EnvelopeError)> = vec![
        (vec![], EnvelopeError::Empty),
        (b"{\"id\":\"\xff\"}".to_vec(), EnvelopeError::NotUtf8),
        (b"{}".to_vec(), EnvelopeError::Field("id")),
        (b"null".to_vec(), EnvelopeError::Field("id")),
        (b"[]".to_vec(), EnvelopeError::Field("id")),
        (b"\"event\"".to_vec(), EnvelopeError::Field("id")),
        (field("id").into_bytes(), EnvelopeError::Field("id")),
        (field("type").into_bytes(), EnvelopeError::Field("type")),
        (field("created").into_bytes(), EnvelopeError::Field("created")),
        (with(snapshot(), "/id", json!("")).into_bytes(), EnvelopeError::Field("id")),
        (with(snapshot(), "/created", json!("yesterday")).into_bytes(), EnvelopeError::Field("created")),
        (with(snapshot(), "/created", json!(1.5)).into_bytes(), EnvelopeError::Field("created")),
        (with(snapshot(), "/object", json!("customer")).into_bytes(), EnvelopeError::NotAnEvent("customer".to_owned())),
    ];
    for (body, expected) in cases {
        assert_eq!(Envelope::parse(&body), Err(expected), "{}", String::from_utf8_lossy(&body));
    }
    let broken =
        [" ".to_owned(), "not json".to_owned(), format!("{}[", snapshot()), snapshot().to_string()[1..].to_owned()];
    for body in broken {
        assert!(matches!(Envelope::parse(body.as_bytes()), Err(EnvelopeError::NotJson(_))), "{body}");
    }
}

#[test]
fn an_event_of_the_other_kind_is_named() {
    let (snapshot, thin) = (snapshot().to_string(), thin().to_string());
    let error = Event::parse(thin.as_bytes()).unwrap_err();
    assert_eq!(error, EnvelopeError::WrongKind { expected: Kind::Snapshot, found: Kind::Thin });
    assert!(error.to_string().contains("Envelope::parse"));
    let error = Envelope::parse(snapshot.as_bytes()).unwrap().require(Kind::Thin).unwrap_err();
    assert!(error.to_string().contains("Event::parse"));
    assert!(Envelope::parse(thin.as_bytes()).unwrap().require(Kind::Thin).is_ok());
}

#[test]
fn a_whole_event_gives_its_object_and_what_changed() {
    let event = Event::parse(snapshot().to_string().as_bytes()).unwrap();
    assert_eq!((event.id(), event.type_(), event.created()), ("evt_1", "customer.subscription.updated", 1_700_000_000));
    assert_eq!((event.account(), event.livemode(), event.request_id()), (Some("acct_1"), true, Some("req_1")));
    assert_eq!(event.api_version(), Some("2026-10-28.endive"));
    assert_eq!(event.data_object()["id"], "sub_1");
    assert_eq!(event.previous_attributes().unwrap()["status"], "trialing");
    assert_eq!(event.value(), &snapshot());
    assert_eq!(Event::from_value(snapshot()).unwrap(), event);
    assert_eq!(event.into_value().to_string(), snapshot().to_string(), "the order of fields is kept");

    let bare = Event::from_value(json!({"id": "evt_1", "type": "a", "created": 1})).unwrap();
    assert_eq!((bare.data_object(), bare.previous_attributes()), (&Value::Null, None));
}

#[test]
fn an_event_within_a_cloud_s_envelope_comes_out_byte_for_byte() {
    let event = snapshot().to_string();
    let amazon = format!(
        r#"{{"version":"0","id":"x","detail-type":"a","source":"aws.partner/stripe.com/ed_1","detail":{event}}}"#
    );
    let azure = format!(r#"{{"specversion":"1.0","id":"x","type":"a","source":"/stripe","data": {event} }}"#);
    for body in [&event, &amazon, &azure] {
        assert_eq!(unwrapped(body.as_bytes()), Ok(event.as_bytes()), "{body}");
    }
    let thin = thin().to_string();
    let carried = format!(r#"{{"detail-type":"a","detail":{thin}}}"#);
    assert_eq!(Envelope::parse(unwrapped(carried.as_bytes()).unwrap()).unwrap().kind, Kind::Thin);
}

#[test]
fn an_unknown_envelope_is_refused() {
    for body in [json!({"payload": snapshot()}), json!({"detail": snapshot()}), json!({"data": {}}), json!({})] {
        assert_eq!(unwrapped(body.to_string().as_bytes()), Err(EnvelopeError::Field("object")), "{body}");
    }
    assert_eq!(unwrapped(b""), Err(EnvelopeError::Empty));
    assert_eq!(unwrapped(b"\xff"), Err(EnvelopeError::NotUtf8));
    assert!(matches!(unwrapped(b"["), Err(EnvelopeError::NotJson(_))));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Envelope::parse(&body);
        let _ = unwrapped(&body);
    }

    #[test]
    fn a_cut_event_is_never_an_event(at in any::<prop::sample::Index>()) {
        let body = snapshot().to_string();
        prop_assert!(Envelope::parse(&body.as_bytes()[..at.index(body.len())]).is_err());
    }

    #[test]
    fn strings_come_through_as_they_are(id in ".{1,40}", event_type in ".{1,40}", created in any::<i64>()) {
        let body = json!({"type": event_type, "id": id, "created": created}).to_string();
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        prop_assert_eq!((envelope.id.as_ref(), envelope.type_.as_ref(), envelope.created), (id.as_str(), event_type.as_str(), created));
    }
}
