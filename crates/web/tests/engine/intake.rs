//! What the webhook URL takes and what it refuses, and what the log keeps of it.

use hyper::Method;
use serde_json::json;
use tollgate::models::deliveries::Outcome;
use tollgate::models::endpoints::{self as rows, Endpoint, Status};

use crate::app::{App, Setup, customer_event, event};
use crate::http;

#[actix_web::test]
async fn an_address_that_is_none_is_not_found_and_leaves_nothing() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let known = &endpoint.uuid;
    let bodies: Vec<String> = {
        let mut bodies = Vec::new();
        for address in [
            "6f9619ff-8b86-4011-b42d-00c04fc964ff".to_owned(),
            "nonsense".to_owned(),
            known.to_uppercase(),
            known.replace('-', ""),
            format!("urn:uuid:{known}"),
            format!("{{{known}}}"),
            format!("{known}%00"),
            format!("{known}/"),
        ] {
            let answer = http::post(&format!("{}/stripe/webhooks/{address}", app.base), b"{}", &[]).await;
            assert_eq!(answer.status, 404, "{address}");
            bodies.push(answer.body);
        }
        bodies
    };
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    assert!(app.deliveries().await.is_empty());
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        for address in [known.as_str(), "6f9619ff-8b86-4011-b42d-00c04fc964ff"] {
            let answer = http::send(method.clone(), &format!("{}/stripe/webhooks/{address}", app.base), b"", &[]).await;
            assert_eq!((answer.status, &answer.headers["allow"]), (405, &"POST".parse().unwrap()));
        }
    }
}

#[actix_web::test]
async fn each_wrong_delivery_is_refused_and_logged_with_its_reason() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let now = app.clock.now_seconds();
    let good = customer_event("evt_1", now, "a@example.com").to_string().into_bytes();
    let sign = |at: i64, body: &[u8]| app.signature(&endpoint, at, body);
    let many = format!("t={now}{}", ",v1=00".repeat(20));
    let live = json!({ "id": "evt_live", "object": "event", "type": "customer.updated", "created": 1, "livemode": true, "data": { "object": {} } }).to_string().into_bytes();
    let connected = json!({ "id": "evt_c", "object": "event", "type": "customer.updated", "created": 1, "livemode": false, "account": "acct_other", "data": { "object": {} } }).to_string().into_bytes();
    let bad_id = json!({ "id": "evt_\u{0}", "object": "event", "type": "customer.updated", "created": 1, "livemode": false, "data": { "object": {} } }).to_string().into_bytes();
    let cases: Vec<(&[u8], Option<String>, &str)> = vec![
        (&good, None, "missing_signature"),
        (&good, Some(String::new()), "missing_signature"),
        (&good, Some("junk".to_owned()), "malformed_signature"),
        (&good, Some(many), "malformed_signature"),
        (&good, Some(format!("t={now},v1={}", "00".repeat(32))), "no_matching_signature"),
        (&good, Some(sign(now, b"another body")), "no_matching_signature"),
        (&good, Some(sign(now - 301, &good)), "timestamp_too_old"),
        (&good, Some(sign(now + 301, &good)), "timestamp_in_future"),
        (b"", Some(sign(now, b"")), "malformed_body"),
        (b"\xff\xfe", Some(sign(now, b"\xff\xfe")), "malformed_body"),
        (b"not json", Some(sign(now, b"not json")), "malformed_body"),
        (b"{}", Some(sign(now, b"{}")), "malformed_body"),
        (b"[1]", Some(sign(now, b"[1]")), "malformed_body"),
        (&bad_id, Some(sign(now, &bad_id)), "malformed_body"),
        (&live, Some(sign(now, &live)), "wrong_mode"),
        (&connected, Some(sign(now, &connected)), "wrong_account"),
    ];
    for (body, signature, reason) in &cases {
        let headers: Vec<(&str, &str)> = signature
            .iter()
            .map(|text| ("Stripe-Signature", text.as_str()))
            .chain([("Cookie", "session=planted")])
            .collect();
        let answer = app.post(&endpoint, body, &headers).await;
        assert_eq!(answer.refusal(), (400, (*reason).to_owned()), "{signature:?}");
    }
    let logged = app.deliveries().await;
    let reasons: Vec<_> = logged.iter().map(|row| row.reason.clone().unwrap_or_default()).collect();
    assert_eq!(reasons, cases.iter().map(|case| case.2).collect::<Vec<_>>());
    for row in &logged {
        assert_eq!((row.outcome, row.http_status), (Outcome::Refused, 400));
        assert!(!row.headers.contains("planted") && !row.headers.contains("v1="), "{}", row.headers);
    }
    assert!(app.event("evt_1").await.is_none());
}

#[actix_web::test]
async fn bodies_up_to_the_limit_are_taken_and_larger_ones_are_not() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let mut large = customer_event("evt_large", 1, "a@example.com");
    large["data"]["object"]["description"] = json!("");
    let missing = (1 << 20) - large.to_string().len();
    large["data"]["object"]["description"] = json!("x".repeat(missing));
    let large = large.to_string().into_bytes();
    assert_eq!(large.len(), 1 << 20);
    assert_eq!(app.post_signed(&endpoint, &large).await.status, 200);
    for size in [(1 << 20) + 1, 10 << 20] {
        let answer = app.post_signed(&endpoint, &vec![b' '; size]).await;
        assert_eq!(answer.refusal(), (413, "body_too_large".to_owned()), "{size}");
    }
    let logged = app.deliveries().await;
    assert_eq!(logged[2].body_size, 10 << 20);
    assert!(logged.iter().all(|row| row.body.as_ref().is_none_or(|body| body.len() <= 16 * 1024)));
    app.run_workers().await;
    assert_eq!(app.mirrored("customer", "cus_1").await.unwrap()["description"].as_str().unwrap().len(), missing);
}

#[actix_web::test]
async fn a_body_that_breaks_off_is_never_taken() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let head =
        format!("POST /stripe/webhooks/{} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{{\"id\":", endpoint.uuid);
    let answer = http::raw(&app.base, head.as_bytes()).await;
    assert!(!answer.contains(" 200 "), "{answer}");
    let chunked = format!(
        "POST /stripe/webhooks/{} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        endpoint.uuid
    );
    let answer = http::raw(&app.base, chunked.as_bytes()).await;
    assert!(!answer.contains(" 200 "), "{answer}");
    let logged = app.deliveries().await;
    assert!(logged.iter().all(|row| row.outcome == Outcome::Refused && row.event_id.is_none()), "{logged:?}");
}

#[actix_web::test]
async fn unknown_types_objects_and_values_are_taken_and_kept() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let object = json!({ "id": "wid_1", "object": "galaxy.widget", "status": "folded", "odd": { "deep": [1, "2", null, "\u{0}"] } });
    let body = event("evt_new", "galaxy.widget.folded", 5, object.clone()).to_string();
    assert_eq!(app.post_signed(&endpoint, body.as_bytes()).await.status, 200);
    app.run_workers().await;
    assert_eq!(app.event("evt_new").await.unwrap().status.as_str(), "processed");
    assert_eq!(app.mirrored("galaxy.widget", "wid_1").await, Some(object));
    let kept = app.tollgate.db().read(|conn| tollgate::models::events::payload(conn, "evt_new")).await.unwrap();
    assert_eq!(kept, Some(body));
}

#[actix_web::test]
async fn disabled_endpoints_refuse_and_deleted_ones_are_not_there() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let body = customer_event("evt_1", 1, "a@example.com").to_string();
    let actor = tollgate::audit::Actor::cli();
    tollgate::endpoints::set_enabled(&app.tollgate, &endpoint.uuid, false, &actor).await.unwrap();
    let answer = app.post_signed(&endpoint, body.as_bytes()).await;
    assert_eq!(answer.refusal(), (400, "endpoint_disabled".to_owned()));
    tollgate::endpoints::set_enabled(&app.tollgate, &endpoint.uuid, true, &actor).await.unwrap();
    assert_eq!(app.post_signed(&endpoint, body.as_bytes()).await.status, 200);
    let signature = app.signature(&endpoint, app.clock.now_seconds(), body.as_bytes());
    tollgate::endpoints::delete(&app.tollgate, &endpoint.uuid, &actor).await.unwrap();
    let answer = app.post(&endpoint, body.as_bytes(), &[("Stripe-Signature", &signature)]).await;
    assert_eq!(answer.status, 404);
}

#[actix_web::test]
async fn an_endpoint_without_a_secret_takes_nothing() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let bare = Endpoint {
        uuid: "6f9619ff-8b86-4011-b42d-00c04fc964ff".to_owned(),
        stripe_id: Some("we_bare".to_owned()),
        status: Status::Enabled,
        updated_at: endpoint.updated_at + 10,
        ..endpoint.clone()
    };
    let row = bare.clone();
    app.tollgate.db().write(move |conn| rows::insert(conn, &row)).await.unwrap();
    // Another change in this process makes the receiver look again.
    tollgate::endpoints::set_enabled(&app.tollgate, &endpoint.uuid, true, &tollgate::audit::Actor::cli())
        .await
        .unwrap();
    let body = customer_event("evt_1", 1, "a@example.com").to_string();
    let signature = app.signature(&endpoint, app.clock.now_seconds(), body.as_bytes());
    let answer = app.post(&bare, body.as_bytes(), &[("Stripe-Signature", &signature)]).await;
    assert_eq!(answer.refusal(), (400, "no_secret".to_owned()));
}

#[actix_web::test]
async fn one_event_posted_fifty_times_at_once_is_one_event() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let body = customer_event("evt_same", 1, "a@example.com").to_string();
    let posts = (0..50).map(|_| app.post_signed(&endpoint, body.as_bytes()));
    let answers = futures_util::future::join_all(posts).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let fresh = answers.iter().filter(|answer| answer.json()["duplicate"] == json!(false)).count();
    assert_eq!(fresh, 1);
    let logged = app.deliveries().await;
    assert_eq!(logged.iter().filter(|row| row.outcome == Outcome::Accepted).count(), 1);
    assert_eq!(logged.iter().filter(|row| row.outcome == Outcome::Duplicate).count(), 49);
    assert_eq!(app.run_workers().await, 1);
}

#[actix_web::test]
async fn beyond_sixty_a_minute_refusals_are_counted_on_the_last_row() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    for _ in 0..75 {
        assert_eq!(app.post(&endpoint, b"x", &[]).await.status, 400);
    }
    let logged = app.deliveries().await;
    assert_eq!(logged.len(), 60);
    assert_eq!(logged.iter().map(|row| row.repeats).sum::<i64>(), 75);
    assert_eq!(logged[59].repeats, 16);
    app.pass(std::time::Duration::from_secs(60));
    app.post(&endpoint, b"x", &[]).await;
    assert_eq!(app.deliveries().await.len(), 61);
}

#[actix_web::test]
async fn the_legacy_address_is_off_unless_it_is_turned_on() {
    let body = customer_event("evt_1", 1, "a@example.com").to_string();
    let app = App::start().await;
    assert_eq!(http::post(&format!("{}/stripe/webhooks", app.base), body.as_bytes(), &[]).await.status, 404);

    let app = App::with(Setup { legacy_secret: Some("whsec_legacy"), ..Setup::default() }).await;
    let secret = tollgate::stripe::WebhookSecret::parse("whsec_legacy").unwrap();
    let signature = tollgate::stripe::webhook::sign(&secret, app.clock.now_seconds(), body.as_bytes());
    let address = format!("{}/stripe/webhooks", app.base);
    let answer = http::post(&address, body.as_bytes(), &[("Stripe-Signature", &signature)]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(http::post(&address, body.as_bytes(), &[]).await.refusal(), (400, "missing_signature".to_owned()));
    app.run_workers().await;
    assert_eq!(app.event("evt_1").await.unwrap().status.as_str(), "processed");
}
