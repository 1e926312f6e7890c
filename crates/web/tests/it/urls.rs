//! Which addresses take deliveries, and how all others answer alike.

use hyper::Method;
use serde_json::json;

use crate::support::{ENDPOINT, Setup, event};

#[tokio::test]
async fn a_signed_event_is_accepted_logged_and_queued() {
    let app = Setup::new().start().await;
    let payload = event("evt_1", "customer.created");
    let answer = app.post_webhook(&payload).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({ "received": true, "id": "evt_1", "duplicate": false }));
    let stored = app.event("evt_1");
    assert_eq!((stored.type_.as_str(), stored.status.as_str()), ("customer.created", "pending"));
    assert_eq!(stored.endpoint_uuid.as_deref(), Some(ENDPOINT));
    assert_eq!((stored.object_type.as_deref(), stored.object_id.as_deref()), (Some("customer"), Some("cus_evt_1")));
    let body = app.read(|conn| tollgate::models::events::payload(conn, "evt_1"));
    assert_eq!(body, Some(payload.to_string()));
    let delivery = app.only_delivery();
    assert_eq!((delivery.outcome.as_str(), delivery.http_status, delivery.reason), ("accepted", 200, None));
    assert_eq!(delivery.event_id.as_deref(), Some("evt_1"));
    assert!(delivery.secret_id.is_some() && delivery.signature_time.is_some() && delivery.body.is_none());
}

#[tokio::test]
async fn every_address_that_is_no_endpoint_gets_the_same_bytes() {
    let app = Setup::new().start().await;
    let expected = app.http.post("/stripe/webhooks/00000000-0000-4000-8000-000000000000", &[], "{}").await;
    assert_eq!(expected.refusal(), (404, "not_found".to_owned()));
    let simple = ENDPOINT.replace('-', "");
    let encoded = ENDPOINT.replacen('5', "%35", 1);
    for spelling in [
        ENDPOINT.to_uppercase(),
        format!("urn:uuid:{ENDPOINT}"),
        format!("{{{ENDPOINT}}}").replace('{', "%7B").replace('}', "%7D"),
        simple,
        encoded,
        format!("{ENDPOINT}%20"),
        format!("{ENDPOINT}%00"),
        format!("{ENDPOINT}/"),
        format!("{ENDPOINT}/more"),
        "not-a-uuid".to_owned(),
        "..%2f..%2fetc%2fpasswd".to_owned(),
        "%FF%FE".to_owned(),
        "a".repeat(4000),
        String::new(),
    ] {
        let answer = app.http.post(&format!("/stripe/webhooks/{spelling}"), &[], "{}").await;
        assert_eq!((answer.status, &answer.body), (404, &expected.body), "{spelling:.80}");
        assert_eq!(answer.headers.get("content-type"), expected.headers.get("content-type"), "{spelling:.80}");
    }
    let legacy = app.http.post("/stripe/webhooks", &[], "{}").await;
    assert_eq!((legacy.status, &legacy.body), (404, &expected.body));
    assert_eq!((app.count("deliveries"), app.count("events")), (0, 0));
}

#[tokio::test]
async fn a_query_string_does_not_change_the_endpoint() {
    let app = Setup::new().start().await;
    let body = event("evt_1", "customer.created").to_string();
    let signature = crate::support::sign_at(crate::support::SECRET, crate::support::SECONDS, body.as_bytes());
    let path = format!("{}?from=stripe", app.path());
    assert_eq!(app.http.post(&path, &[("stripe-signature", &signature)], body).await.status, 200);
}

#[tokio::test]
async fn webhook_urls_take_nothing_but_post() {
    let app = Setup::new().start().await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        for path in [app.path(), "/stripe/webhooks/00000000-0000-4000-8000-000000000000".to_owned()] {
            let answer = app.http.send(method.clone(), &path, &[], Vec::new()).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some("POST"));
        }
    }
    let head = app.http.send(Method::HEAD, &app.path(), &[], Vec::new()).await;
    assert_eq!(head.status, 405);
    assert_eq!(app.count("deliveries"), 0);
}

#[tokio::test]
async fn the_health_checks_tell_whether_the_database_and_the_workers_are_there() {
    let app = Setup::new().live().start().await;
    assert_eq!(app.http.get("/healthz").await.json(), json!({ "status": "alive" }));
    let ready = app.http.get("/readyz").await;
    assert_eq!(ready.status, 200, "{}", ready.text());
    app.execute("DELETE FROM __diesel_schema_migrations");
    let not_ready = app.http.get("/readyz").await;
    assert_eq!((not_ready.status, not_ready.json()["database"].clone()), (503, json!("migrations are missing")));
}
