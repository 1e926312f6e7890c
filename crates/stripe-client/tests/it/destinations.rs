//! Event destinations: what is sent, what is made of the answers, and what of the secret is ever shown.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate_stripe_client::catalogue::NEWEST;
use tollgate_stripe_client::event::Kind;
use tollgate_stripe_client::{CreateEventDestination, Error, EventDestination, UpdateEventDestination};

use crate::server::{Answer, Seen, Server};

const SECRET: &str = "whsec_the_secret_of_ed_1";
const URL: &str = "https://example.com/stripe/webhooks/u-1";

fn destination(id: &str) -> Value {
    json!({
        "id": id, "object": "v2.core.event_destination", "created": "2026-10-28T12:00:00.123Z", "description": "Note",
        "enabled_events": ["v1.customer.created"], "event_payload": "thin", "events_from": ["@self"],
        "livemode": false, "metadata": {"uuid": "u-1"}, "name": "Tollgate", "snapshot_api_version": null,
        "status": "enabled", "status_details": null, "type": "webhook_endpoint", "updated": "2026-10-28T12:00:00.123Z",
        "webhook_endpoint": {"signing_secret": null, "url": URL},
    })
}

fn body(seen: &Seen) -> Value {
    serde_json::from_str(&seen.body).unwrap()
}

#[tokio::test]
async fn a_created_destination_brings_its_secret_once_and_shows_it_nowhere() {
    let mut created = destination("ed_1");
    created["webhook_endpoint"]["signing_secret"] = json!(SECRET);
    let server = Server::with([Answer::json(200, &created)]).await;
    let create = CreateEventDestination {
        event_payload: Kind::Thin,
        events_from: vec!["@self".to_owned(), "@accounts".to_owned()],
        name: "Tollgate".to_owned(),
        url: URL.to_owned(),
        enabled_events: vec!["v1.customer.created".to_owned()],
        description: Some("Note".to_owned()),
        metadata: BTreeMap::from([("uuid".to_owned(), "u-1".to_owned())]),
        ..CreateEventDestination::default()
    };
    let made = server.client().create_event_destination(&create, "key-1").await.unwrap();
    assert_eq!(made.secret.as_ref().unwrap().expose(), SECRET);
    assert!(!format!("{made:?} {made:#?} {}", made.raw).contains("the_secret"), "{made:?}");
    assert_eq!((made.id.as_str(), made.name.as_str(), made.is_enabled()), ("ed_1", "Tollgate", true));
    assert_eq!((made.event_payload.as_str(), made.url.as_deref()), ("thin", Some(URL)));
    assert_eq!((made.events_from.as_slice(), made.snapshot_api_version), (["@self".to_owned()].as_slice(), None));

    let seen = server.seen().remove(0);
    assert_eq!((seen.method.as_str(), seen.uri.as_str()), ("POST", "/v2/core/event_destinations"));
    assert_eq!(seen.header("idempotency-key"), Some("key-1"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    let expected = json!({
        "name": "Tollgate", "type": "webhook_endpoint", "event_payload": "thin",
        "enabled_events": ["v1.customer.created"], "webhook_endpoint": {"url": URL},
        "include": ["webhook_endpoint.signing_secret", "webhook_endpoint.url"],
        "events_from": ["@self", "@accounts"], "description": "Note", "metadata": {"uuid": "u-1"},
    });
    assert_eq!(body(&seen), expected);
}

#[tokio::test]
async fn a_snapshot_destination_names_its_version_and_nothing_that_is_not_set() {
    let server = Server::with([Answer::json(200, &destination("ed_1"))]).await;
    let create = CreateEventDestination {
        snapshot_api_version: Some(NEWEST.to_owned()),
        name: "n".to_owned(),
        url: URL.to_owned(),
        enabled_events: vec!["*".to_owned()],
        ..CreateEventDestination::default()
    };
    let made = server.client().create_event_destination(&create, "k").await.unwrap();
    assert!(made.secret.is_none());
    let expected = json!({
        "name": "n", "type": "webhook_endpoint", "event_payload": "snapshot", "enabled_events": ["*"],
        "webhook_endpoint": {"url": URL}, "include": ["webhook_endpoint.signing_secret", "webhook_endpoint.url"],
        "snapshot_api_version": NEWEST,
    });
    assert_eq!(body(&server.seen()[0]), expected);
}

#[tokio::test]
async fn an_update_sends_only_what_differs() {
    let cases = [
        (UpdateEventDestination::default(), json!({})),
        (
            UpdateEventDestination { name: Some("new".to_owned()), ..UpdateEventDestination::default() },
            json!({"name": "new"}),
        ),
        (
            UpdateEventDestination { description: Some(String::new()), ..UpdateEventDestination::default() },
            json!({"description": ""}),
        ),
        (
            UpdateEventDestination {
                url: Some(URL.to_owned()),
                enabled_events: Some(vec!["*".to_owned()]),
                metadata: Some([("a", "1"), ("b", "")].map(|(key, text)| (key.to_owned(), text.to_owned())).into()),
                ..UpdateEventDestination::default()
            },
            json!({"webhook_endpoint": {"url": URL}, "enabled_events": ["*"], "metadata": {"a": "1", "b": null}}),
        ),
    ];
    for (update, expected) in cases {
        let server = Server::with([Answer::json(200, &destination("ed_1"))]).await;
        server.client().update_event_destination("ed_1", &update).await.unwrap();
        let seen = server.seen().remove(0);
        assert_eq!((seen.method.as_str(), seen.uri.as_str()), ("POST", "/v2/core/event_destinations/ed_1"));
        let mut sent = body(&seen);
        assert_eq!(sent["include"].take(), json!(["webhook_endpoint.url"]));
        sent.as_object_mut().unwrap().shift_remove("include");
        assert_eq!(sent, expected);
    }
}

#[tokio::test]
async fn destinations_are_read_switched_pinged_and_deleted_by_their_paths() {
    let mut disabled = destination("ed_1");
    disabled["status"] = json!("disabled");
    disabled["webhook_endpoint"] = json!({"signing_secret": null, "url": null});
    let ping = json!({
        "id": "evt_1", "object": "v2.core.event", "type": "v2.core.event_destination.ping", "livemode": false,
        "created": "2026-10-28T12:00:00Z",
    });
    let server = Server::with([
        Answer::json(200, &destination("ed_1")),
        Answer::json(200, &disabled),
        Answer::json(200, &destination("ed_1")),
        Answer::json(200, &ping),
        Answer::json(200, &json!({"id": "ed_1", "object": "v2.core.event_destination"})),
    ])
    .await;
    let client = server.client();
    assert_eq!(client.retrieve_event_destination("ed_1").await.unwrap().url.as_deref(), Some(URL));
    let off = client.disable_event_destination("ed_1").await.unwrap();
    assert_eq!((off.is_enabled(), off.url), (false, None));
    assert!(client.enable_event_destination("ed_1").await.unwrap().is_enabled());
    assert_eq!(client.ping_event_destination("ed_1").await.unwrap(), ping);
    client.delete_event_destination("ed_1").await.unwrap();
    let calls: Vec<_> = server.seen().iter().map(|seen| format!("{} {}", seen.method, seen.uri)).collect();
    let path = "/v2/core/event_destinations/ed_1";
    let expected = [
        format!("GET {path}?include%5B0%5D=webhook_endpoint.url"),
        format!("POST {path}/disable"),
        format!("POST {path}/enable"),
        format!("POST {path}/ping"),
        format!("DELETE {path}"),
    ];
    assert_eq!(calls, expected);
    let keyed = server.seen().iter().filter(|seen| seen.header("idempotency-key").is_some()).count();
    assert_eq!(keyed, 4, "all but the GET");
}

#[tokio::test]
async fn what_does_not_answer_the_call_is_not_believed() {
    let server = Server::with([
        Answer::json(200, &json!({"id": "ed_2", "object": "v2.core.event_destination"})),
        Answer::json(200, &json!({"id": "evt_1", "object": "event", "type": "a", "created": 1})),
        Answer::json(200, &json!([])),
    ])
    .await;
    let client = server.client();
    assert!(matches!(client.delete_event_destination("ed_1").await, Err(Error::Unexpected(_))));
    assert!(matches!(client.ping_event_destination("ed_1").await, Err(Error::Unexpected(_))));
    assert!(matches!(client.retrieve_event_destination("ed_1").await, Err(Error::Unexpected(_))));
}

#[tokio::test]
async fn a_missing_destination_is_missing_though_version_2_has_another_code() {
    let refusal = json!({"code": "not_found", "message": "Resource not found"});
    let server = Server::with([Answer::error(404, &refusal)]).await;
    assert!(server.client().retrieve_event_destination("ed_1").await.unwrap_err().is_missing());
}

#[tokio::test]
async fn all_pages_of_destinations_are_read_by_the_addresses_stripe_gives() {
    let mut bridge = destination("ed_1");
    bridge["type"] = json!("amazon_eventbridge");
    bridge.as_object_mut().unwrap().shift_remove("webhook_endpoint");
    let page = |data: Vec<Value>, next: Value| Answer::json(200, &json!({"data": data, "next_page_url": next}));
    let server = Server::with([
        page(
            vec![destination("ed_3")],
            json!("/v2/core/event_destinations?include[0]=webhook_endpoint.url&page=p%2B2"),
        ),
        page(vec![], json!("/v2/core/event_destinations?page=p3")),
        page(vec![destination("ed_2"), bridge], Value::Null),
    ])
    .await;
    let all = server.client().list_event_destinations().await.unwrap();
    assert_eq!(all.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["ed_3", "ed_2", "ed_1"]);
    assert_eq!(all.iter().map(|one| one.url.is_some()).collect::<Vec<_>>(), [true, true, false]);
    let uris: Vec<String> = server.seen().into_iter().map(|seen| seen.uri).collect();
    let expected = [
        "/v2/core/event_destinations?include%5B0%5D=webhook_endpoint.url&limit=100",
        "/v2/core/event_destinations?include%5B0%5D=webhook_endpoint.url&page=p%2B2",
        "/v2/core/event_destinations?page=p3",
    ];
    assert_eq!(uris, expected, "the address has all parameters; none is sent twice");
}

#[test]
fn a_destination_that_lacks_what_it_must_have_is_refused() {
    for field in ["id", "name", "status", "event_payload"] {
        let mut object = destination("ed_1");
        object[field] = Value::Null;
        assert!(matches!(EventDestination::from_value(object), Err(Error::Unexpected(_))), "{field}");
    }
    let mut blank = destination("ed_1");
    blank["webhook_endpoint"]["signing_secret"] = json!(" \t");
    assert!(EventDestination::from_value(blank).is_err());
    let mut odd = destination("ed_1");
    for (field, value) in [("webhook_endpoint", json!("text")), ("metadata", json!([1])), ("events_from", Value::Null)]
    {
        odd[field] = value;
    }
    let odd = EventDestination::from_value(odd).unwrap();
    assert_eq!((odd.url, odd.metadata.len(), odd.events_from.len()), (None, 0, 0));
}
