//! What the log keeps of refused deliveries, and what it never keeps.

use futures_util::future::join_all;

use crate::support::{ENDPOINT, SECONDS, SECRET, Setup, TestApp, event, row, sign_at};

const SECOND_ENDPOINT: &str = "0a4f6a2e-8a55-4c3b-8b5d-5a1f6f3d2b22";

#[tokio::test]
async fn a_refused_delivery_keeps_its_headers_without_secrets_and_the_start_of_its_body() {
    let app = Setup::new().start().await;
    let body = "x".repeat(20_000);
    let headers = [
        ("stripe-signature", "t=1,v1=deadbeef"),
        ("authorization", "Bearer hunter2"),
        ("proxy-authorization", "Basic hunter2"),
        ("cookie", "session=hunter2"),
        ("x-api-key", "hunter2"),
        ("user-agent", "Stripe/1.0"),
    ];
    assert_eq!(app.post_with(&headers, body.as_str()).await.status, 400);
    let delivery = app.only_delivery();
    assert!(delivery.headers.contains("Stripe/1.0") && delivery.headers.contains("[redacted]"));
    assert!(!delivery.headers.contains("hunter2") && !delivery.headers.contains("deadbeef"), "{}", delivery.headers);
    assert_eq!(delivery.body.as_deref(), Some(&body.as_bytes()[..16 * 1024]));
    assert_eq!((delivery.body_size, delivery.remote_ip.as_deref()), (20_000, Some("127.0.0.1")));
    assert_eq!(delivery.endpoint_uuid.as_deref(), Some(ENDPOINT));
}

#[tokio::test]
async fn an_accepted_delivery_does_not_keep_the_signature_either() {
    let app = Setup::new().start().await;
    app.deliver(&event("evt_1", "customer.created")).await;
    let headers = app.only_delivery().headers;
    assert!(headers.contains("[redacted]") && !headers.contains("v1="), "{headers}");
}

#[tokio::test]
async fn from_the_61st_in_a_minute_refusals_are_counted_on_the_last_row() {
    let app = Setup::new().endpoint(row(SECOND_ENDPOINT), [SECRET]).start().await;
    for _ in 0..63 {
        assert_eq!(app.post_with(&[], "junk").await.refusal(), (400, "missing_signature".to_owned()));
    }
    let rows = app.deliveries();
    assert_eq!((rows.len(), rows[0].repeats, rows[1].repeats), (60, 4, 1));

    // Another endpoint has a count of its own, and what is good is always stored.
    let path = format!("/stripe/webhooks/{SECOND_ENDPOINT}");
    assert_eq!(app.http.post(&path, &[], "junk").await.status, 400);
    app.deliver(&event("evt_1", "customer.created")).await;
    assert_eq!(app.count("deliveries"), 62);

    app.advance(60_000);
    assert_eq!(app.post_with(&[], "junk").await.status, 400);
    assert_eq!(app.count("deliveries"), 63);
}

#[tokio::test]
async fn refusals_that_come_at_once_make_no_more_rows_and_none_is_forgotten() {
    let app = Setup::new().start().await;
    let answers = join_all((0..300).map(|_| app.post_with(&[], "junk"))).await;
    assert!(answers.iter().all(|answer| answer.status == 400));
    let rows = app.deliveries();
    // Two threads write on PostgreSQL: the one that comes first makes the row that the other counts on.
    assert!(rows.len() <= 61, "{} rows", rows.len());
    assert_eq!(rows.iter().map(|row| row.repeats).sum::<i64>(), 300);
}

#[tokio::test]
async fn nul_and_control_characters_harm_nothing() {
    let app = Setup::new().start().await;
    let body = b"\x00\x01\x02\xff\xfe";
    let signature = sign_at(SECRET, SECONDS, body);
    let answer = app.post_with(&[("stripe-signature", &signature), ("x-odd", "tab\there")], *body).await;
    assert_eq!(answer.refusal(), (400, "malformed_body".to_owned()));
    assert_eq!(app.only_delivery().body.as_deref(), Some(&body[..]));
    assert!(odd_header_is_kept(&app));
}

fn odd_header_is_kept(app: &TestApp) -> bool {
    app.only_delivery().headers.contains("x-odd")
}
