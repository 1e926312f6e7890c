//! Every way in which a delivery to a known endpoint is refused, with its reason code.

use serde_json::{Value, json};
use tollgate::models::endpoints::{Endpoint, Status, Validation};
use tollgate::stripe::WebhookSecret;
use tollgate::stripe::webhook::sign_with;

use crate::support::{ENDPOINT, SECONDS, SECRET, Setup, TestApp, event, row, sign_at};

const OTHER_SECRET: &str = "whsec_it_somebodyElses";

async fn refused_because(app: &TestApp, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> String {
    let before = app.count("deliveries");
    let body = body.into();
    let answer = app.post_with(headers, body.clone()).await;
    let (status, reason) = answer.refusal();
    assert_eq!(status, 400, "{}: {:.300}", answer.text(), String::from_utf8_lossy(&body));
    assert_eq!(app.count("deliveries"), before + 1);
    let delivery = app.deliveries().remove(0);
    assert_eq!((delivery.outcome.as_str(), delivery.http_status), ("refused", 400));
    assert_eq!((delivery.reason.as_deref(), delivery.event_id), (Some(reason.as_str()), None));
    assert_eq!(app.count("events"), 0);
    reason
}

#[tokio::test]
async fn a_signature_that_is_missing_junk_or_anothers_is_refused() {
    let app = Setup::new().start().await;
    let body = event("evt_1", "customer.created").to_string();
    let good = sign_at(SECRET, SECONDS, body.as_bytes());
    let mac = good.split_once("v1=").unwrap().1;
    let cases: Vec<(Vec<(&str, String)>, &str)> = vec![
        (vec![], "missing_signature"),
        (vec![("stripe-signature", String::new())], "missing_signature"),
        (vec![("stripe-signature", "junk".to_owned())], "malformed_signature"),
        (vec![("stripe-signature", "é".to_owned())], "malformed_signature"),
        (vec![("stripe-signature", format!("t=abc,v1={mac}"))], "malformed_signature"),
        (vec![("stripe-signature", format!("v1={mac}"))], "malformed_signature"),
        (vec![("stripe-signature", format!("t={SECONDS}"))], "malformed_signature"),
        (vec![("stripe-signature", format!("t={SECONDS},v0={mac}"))], "malformed_signature"),
        (vec![("stripe-signature", format!("t={SECONDS},t={SECONDS},v1={mac}"))], "malformed_signature"),
        (vec![("stripe-signature", good.clone()), ("stripe-signature", good.clone())], "malformed_signature"),
        (vec![("stripe-signature", format!("t={SECONDS},v1=00ff"))], "no_matching_signature"),
        (vec![("stripe-signature", sign_at(OTHER_SECRET, SECONDS, body.as_bytes()))], "no_matching_signature"),
        (vec![("stripe-signature", sign_at(SECRET, SECONDS, b"another body"))], "no_matching_signature"),
        (vec![("stripe-signature", format!("t={},v1={mac}", SECONDS - 1))], "no_matching_signature"),
    ];
    for (headers, reason) in cases {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(refused_because(&app, &headers, body.as_str()).await, reason, "{headers:?}");
    }
    assert_eq!(app.post_with(&[("STRIPE-SIGNATURE", &good)], body).await.status, 200);
}

#[tokio::test]
async fn the_good_signature_may_stand_among_up_to_sixteen() {
    let app = Setup::new().start().await;
    let others: Vec<WebhookSecret> =
        (0..19).map(|n| WebhookSecret::parse(&format!("whsec_other{n}")).unwrap()).collect();
    let good = WebhookSecret::parse(SECRET).unwrap();
    for (count, status) in [(15, 200), (16, 400), (19, 400)] {
        let secrets: Vec<&WebhookSecret> = others[..count].iter().chain([&good]).collect();
        let body = event(&format!("evt_{count}"), "customer.created").to_string();
        let signature = sign_with(&secrets, SECONDS, body.as_bytes());
        let answer = app.post_with(&[("stripe-signature", &signature)], body).await;
        assert_eq!(answer.status, status, "{count} others before the good one: {}", answer.text());
    }
    assert_eq!(app.deliveries()[0].reason.as_deref(), Some("malformed_signature"));
}

#[tokio::test]
async fn the_time_of_a_signature_counts_in_both_directions() {
    let app = Setup::new().start().await;
    let body = event("evt_1", "customer.created").to_string();
    let signed = |seconds| sign_at(SECRET, SECONDS + seconds, body.as_bytes());
    let old = signed(-301);
    assert_eq!(refused_because(&app, &[("stripe-signature", &old)], body.as_str()).await, "timestamp_too_old");
    let ahead = signed(301);
    assert_eq!(refused_because(&app, &[("stripe-signature", &ahead)], body.as_str()).await, "timestamp_in_future");
    for seconds in [-300, 300] {
        let answer = app.post_with(&[("stripe-signature", &signed(seconds))], body.as_str()).await;
        assert_eq!(answer.status, 200, "{seconds} s: {}", answer.text());
    }
}

#[tokio::test]
async fn any_live_secret_of_the_endpoint_is_good() {
    let app = Setup::bare().endpoint(row(ENDPOINT), [OTHER_SECRET, SECRET]).start().await;
    for (id, secret) in [("evt_old", OTHER_SECRET), ("evt_new", SECRET)] {
        let body = event(id, "customer.created").to_string();
        let signature = sign_at(secret, SECONDS, body.as_bytes());
        assert_eq!(app.post_with(&[("stripe-signature", &signature)], body).await.status, 200);
    }
    let used: Vec<Option<i64>> = app.deliveries().iter().map(|delivery| delivery.secret_id).collect();
    assert_ne!(used[0], used[1]);
}

#[tokio::test]
async fn a_body_that_is_no_event_is_refused() {
    let app = Setup::new().start().await;
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let mut bodies: Vec<Vec<u8>> = ["", "not json", "[]", "1", "\"text\"", "null", "{}", "{\"id\":1}", &deep]
        .map(|text| text.as_bytes().to_vec())
        .to_vec();
    bodies.push(b"{\"id\":\"evt_\xff\"}".to_vec());
    bodies.push(b"\xef\xbb\xbf{}".to_vec());
    let whole = event("evt_1", "customer.created");
    bodies.push(whole.to_string().as_bytes()[..100].to_vec());
    bodies.push([whole.to_string().as_bytes(), b"{}"].concat());
    for field in ["id", "type", "created"] {
        let mut without = whole.clone();
        without.as_object_mut().unwrap().remove(field);
        bodies.push(without.to_string().into_bytes());
    }
    for (field, value) in [
        ("id", json!("")),
        ("id", json!("evt_\u{0}1")),
        ("id", json!("evt_\n1")),
        ("id", json!("e".repeat(256))),
        ("type", json!("customer.\u{7}created")),
        ("type", json!(["customer.created"])),
        ("created", json!("soon")),
        ("object", json!("customer")),
    ] {
        let mut wrong = whole.clone();
        wrong[field] = value;
        bodies.push(wrong.to_string().into_bytes());
    }
    for (number, body) in bodies.into_iter().enumerate() {
        app.advance(60_000);
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        let signature = sign_at(SECRET, app.tollgate.clock().now_seconds(), &body);
        let reason = refused_because(&app, &[("stripe-signature", &signature)], body).await;
        assert_eq!(reason, "malformed_body", "body {number}: {shown}");
    }
}

#[tokio::test]
async fn what_stripe_may_add_one_day_is_accepted() {
    let app = Setup::new().start().await;
    let mut payload = event("evt_1", "starship.launched");
    payload["brand_new_field"] = json!({ "deep": [1, 2, { "er": null }] });
    payload["api_version"] = json!("2031-01-01.future");
    payload["data"]["object"] =
        json!({ "id": "star_1", "object": "starship", "status": "in_orbit", "created": "yesterday" });
    app.deliver(&payload).await;
    let mut known = event("evt_2", "customer.subscription.updated");
    known["data"]["object"] = json!({ "id": "sub_1", "object": "subscription", "status": "in_limbo", "customer": 7,
        "created": 1_700_000_000, "items": "none", "cancel_at_period_end": "perhaps" });
    app.deliver(&known).await;
    let mut nothing = event("evt_3", "balance.available");
    nothing["data"]["object"] = json!({ "object": "balance", "available": [] });
    app.deliver(&nothing).await;
    let mut odd = event("evt_4", "customer.created");
    odd["data"]["object"]["name"] = json!("a\u{0}b");
    odd["data"]["object"]["id"] = json!("cus_\u{0}");
    app.deliver(&odd).await;
    app.run_workers().await;
    for id in ["evt_1", "evt_2", "evt_3", "evt_4"] {
        let event = app.event(id);
        assert!(["processed", "ignored"].contains(&event.status.as_str()), "{id}: {event:?}");
    }
    assert_eq!(app.object("star_1").unwrap().json()["status"], "in_orbit");
    assert_eq!(app.object("sub_1").unwrap().json()["status"], "in_limbo");
}

async fn outcome(endpoint: Endpoint, change: impl FnOnce(&mut Value)) -> String {
    let app = Setup::bare().endpoint(endpoint, [SECRET]).start().await;
    let mut payload = event("evt_1", "customer.created");
    change(&mut payload);
    let answer = app.post_webhook(&payload).await;
    if answer.status == 200 { "accepted".to_owned() } else { answer.refusal().1 }
}

#[tokio::test]
async fn an_event_of_the_other_mode_is_refused() {
    let live = Endpoint { livemode: true, ..row(ENDPOINT) };
    assert_eq!(outcome(live.clone(), |_| ()).await, "wrong_mode");
    assert_eq!(outcome(live, |payload| payload["livemode"] = json!(true)).await, "accepted");
    assert_eq!(outcome(row(ENDPOINT), |payload| payload["livemode"] = json!(true)).await, "wrong_mode");
}

#[tokio::test]
async fn an_endpoint_takes_only_the_accounts_it_is_for() {
    let connect = Endpoint { connect: true, ..row(ENDPOINT) };
    let from = |account: &'static str| move |payload: &mut Value| payload["account"] = json!(account);
    assert_eq!(outcome(row(ENDPOINT), from("acct_other")).await, "wrong_account");
    assert_eq!(outcome(row(ENDPOINT), from("acct_ours")).await, "accepted");
    assert_eq!(outcome(connect.clone(), from("acct_other")).await, "accepted");
    assert_eq!(outcome(connect.clone(), from("acct_ours")).await, "wrong_account");
    assert_eq!(outcome(connect, |_| ()).await, "wrong_account");
}

#[tokio::test]
async fn an_endpoint_that_is_off_without_a_secret_or_deleted_takes_nothing() {
    for status in [Status::Disabled, Status::Pending] {
        let endpoint = Endpoint { status, ..row(ENDPOINT) };
        assert_eq!(outcome(endpoint, |_| ()).await, "endpoint_disabled");
    }
    let app = Setup::bare().endpoint(row(ENDPOINT), []).start().await;
    let answer = app.post_webhook(&event("evt_1", "customer.created")).await;
    assert_eq!(answer.refusal(), (400, "no_secret".to_owned()));
    let gone = Endpoint { status: Status::Deleted, deleted_at: Some(1), ..row(ENDPOINT) };
    assert_eq!(outcome(gone, |_| ()).await, "not_found");
}

#[tokio::test]
async fn without_validation_no_signature_is_needed_but_an_event_still_is() {
    let open = Endpoint { validation: Validation::None, ..row(ENDPOINT) };
    let app = Setup::bare().endpoint(open, []).start().await;
    assert_eq!(app.post_with(&[], event("evt_1", "customer.created").to_string()).await.status, 200);
    assert_eq!(app.post_with(&[], "{}").await.refusal(), (400, "malformed_body".to_owned()));
    let mut live = event("evt_2", "customer.created");
    live["livemode"] = json!(true);
    assert_eq!(app.post_with(&[], live.to_string()).await.refusal(), (400, "wrong_mode".to_owned()));
}
