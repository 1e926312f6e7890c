//! Bodies of every size and manner of arrival.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use crate::support::{SECONDS, SECRET, Setup, TestApp, event, sign_at, until};

const LIMIT: usize = 1 << 20;

/// An event whose body has exactly this many bytes.
fn event_of(size: usize) -> String {
    let mut payload = event("evt_big", "customer.created");
    payload["data"]["object"]["name"] = "".into();
    let missing = size - payload.to_string().len();
    payload["data"]["object"]["name"] = "x".repeat(missing).into();
    payload.to_string()
}

fn head(app: &TestApp, body: &str, framing: &str) -> String {
    let signature = sign_at(SECRET, SECONDS, body.as_bytes());
    format!("POST {} HTTP/1.1\r\nhost: a\r\nstripe-signature: {signature}\r\n{framing}\r\n\r\n", app.path())
}

#[tokio::test]
async fn a_body_up_to_the_limit_is_accepted_and_kept_byte_for_byte() {
    let app = Setup::new().start().await;
    let body = event_of(LIMIT);
    assert_eq!(app.post_body(body.as_str()).await.status, 200);
    assert_eq!(app.read(|conn| tollgate::models::events::payload(conn, "evt_big")), Some(body));
    assert_eq!(app.only_delivery().body_size, LIMIT as i64);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_answered_with_413() {
    let app = Setup::new().start().await;
    for size in [LIMIT + 1, 10 << 20] {
        let answer = app.post_body(event_of(size)).await;
        assert_eq!(answer.refusal(), (413, "body_too_large".to_owned()), "{size}");
        let delivery = &app.deliveries()[0];
        assert_eq!((delivery.http_status, delivery.body_size), (413, size as i64));
        assert_eq!(delivery.reason.as_deref(), Some("body_too_large"));
        assert!(delivery.body.as_ref().is_none_or(|kept| kept.len() <= 16 * 1024));
    }
    // The next request finds the server in order.
    assert_eq!(app.post_webhook(&event("evt_1", "customer.created")).await.status, 200);
}

#[tokio::test]
async fn the_limit_is_a_setting() {
    let app = Setup::new().config(|config| config.max_body_bytes = 2000).start().await;
    assert_eq!(app.post_body(event_of(2000)).await.status, 200);
    assert_eq!(app.post_body(event_of(2001)).await.status, 413);
}

#[tokio::test]
async fn a_chunked_body_is_read_whole_and_limited_too() {
    let app = Setup::new().start().await;
    let body = event("evt_1", "customer.created").to_string();
    let mut request = head(&app, &body, "transfer-encoding: chunked\r\nconnection: close");
    for piece in body.as_bytes().chunks(7) {
        request.push_str(&format!("{:x}\r\n{}\r\n", piece.len(), std::str::from_utf8(piece).unwrap()));
    }
    request.push_str("0\r\n\r\n");
    let answer = app.http.exchange(request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(app.read(|conn| tollgate::models::events::payload(conn, "evt_1")), Some(body));

    let mut stream = app.http.raw();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    stream.write_all(head(&app, "", "transfer-encoding: chunked").as_bytes()).unwrap();
    for _ in 0..17 {
        // The server may hang up before the last chunk is sent.
        if stream.write_all(chunk.as_bytes()).is_err() {
            break;
        }
    }
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(std::str::from_utf8(&start).unwrap(), "HTTP/1.1 413");
}

#[tokio::test]
async fn a_body_that_is_cut_off_stores_no_event() {
    let app = Setup::new().start().await;
    let body = event("evt_1", "customer.created").to_string();
    let mut stream = app.http.raw();
    stream.write_all(head(&app, &body, &format!("content-length: {}", body.len())).as_bytes()).unwrap();
    stream.write_all(&body.as_bytes()[..body.len() / 2]).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    let delivery = until("the refusal is logged", async || app.deliveries().pop()).await;
    assert_eq!(delivery.reason.as_deref(), Some("incomplete_body"));
    assert_eq!(app.count("events"), 0);
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_given_up() {
    let app = Setup::new().config(|config| config.body_deadline = Duration::from_millis(300)).start().await;
    let body = event("evt_1", "customer.created").to_string();
    let mut stream = app.http.raw();
    stream.write_all(head(&app, &body, &format!("content-length: {}", body.len())).as_bytes()).unwrap();
    stream.write_all(&body.as_bytes()[..10]).unwrap();
    let started = Instant::now();
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(std::str::from_utf8(&start).unwrap(), "HTTP/1.1 408");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(app.only_delivery().reason.as_deref(), Some("slow_body"));
    assert_eq!(app.count("events"), 0);
}

#[tokio::test]
async fn a_lying_length_never_passes_for_an_event() {
    let app = Setup::new().start().await;
    let body = event("evt_1", "customer.created").to_string();
    for length in ["-1", "abc", "18446744073709551616"] {
        let request = head(&app, &body, &format!("content-length: {length}\r\nconnection: close")) + &body;
        let answer = app.http.exchange(request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 4"), "{length}: {answer}");
    }
    let both = head(&app, &body, &format!("content-length: {}\r\ntransfer-encoding: chunked", body.len()));
    let answer = app.http.exchange((both + &body).as_bytes());
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(app.count("events"), 0);
}

#[tokio::test]
async fn an_event_whose_created_is_no_date_is_refused_and_not_stored() {
    let app = Setup::new().start().await;
    for created in [i64::MIN, -1, 253_402_300_800, i64::MAX] {
        let mut payload = event("evt_1", "customer.created");
        payload["created"] = serde_json::json!(created);
        assert_eq!(app.post_webhook(&payload).await.refusal(), (400, "malformed_body".to_owned()), "{created}");
    }
    assert_eq!(app.count("events"), 0);
}
