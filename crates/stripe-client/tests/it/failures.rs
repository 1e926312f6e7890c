//! Answers that are refusals, or not Stripe's at all.

use std::time::{Duration, Instant};

use serde_json::json;
use tollgate_stripe_client::{Error, Request};

use crate::odd_servers::{RawServer, TlsServer, TrickleServer};
use crate::server::{Answer, KEY, Server, builder};

async fn error_of(answer: Answer) -> Error {
    let server = Server::with([answer]).await;
    let client = builder(&server.url).max_retries(0).build().unwrap();
    client.send(Request::get("/v1/balance")).await.unwrap_err()
}

#[tokio::test]
async fn a_400_keeps_type_code_param_and_request_id() {
    let error =
        json!({"type": "invalid_request_error", "code": "url_invalid", "param": "url", "message": "Invalid URL"});
    let error = error_of(Answer::error(400, &error)).await;
    assert_eq!(error.to_string(), "stripe answered 400 url_invalid for url: Invalid URL (request req_test)");
    let api = error.api().unwrap();
    assert_eq!((api.status, api.type_.as_str(), api.param.as_deref()), (400, "invalid_request_error", Some("url")));
    assert_eq!(error.request_id(), Some("req_test"));
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_401_does_not_repeat_the_key() {
    let error = json!({"type": "invalid_request_error", "message": format!("Invalid API Key provided: {KEY}")});
    let error = error_of(Answer::error(401, &error)).await;
    assert!(error.api().unwrap().is_authentication());
    assert!(!format!("{error} {error:?}").contains("4eC39"), "{error:?}");
}

#[tokio::test]
async fn a_403_names_the_missing_permission() {
    let message = "The provided key 'rk_test_1' does not have the required permissions for this endpoint on account \
                   'acct_1'. Having the 'rak_webhook_write' permission would allow this request to continue.";
    let error = error_of(Answer::error(403, &json!({ "message": message }))).await;
    assert_eq!(error.api().unwrap().missing_permission(), Some("rak_webhook_write"));
}

#[tokio::test]
async fn a_404_is_missing() {
    let error = json!({"code": "resource_missing", "param": "id", "message": "No such webhook endpoint: 'we_1'"});
    assert!(error_of(Answer::error(404, &error)).await.is_missing());
    assert!(!error_of(Answer::error(404, &json!({"message": "Unrecognized request URL"}))).await.is_missing());
}

#[tokio::test]
async fn an_html_answer_is_shown_in_part_and_scrubbed() {
    for status in [200, 404, 502] {
        let page = format!("<html>\n  <h1>Maintenance</h1> Bearer {KEY} {}", "x".repeat(5000));
        let error = error_of(Answer::text(status, &page).with("request-id", "req_html")).await;
        let Error::NotJson { status: told, request_id, excerpt } = &error else { panic!("{error}") };
        assert_eq!((*told, request_id.as_deref()), (status, Some("req_html")));
        assert!(excerpt.starts_with("<html> <h1>Maintenance</h1> Bearer … x"), "{excerpt}");
        assert_eq!(excerpt.chars().count(), 200);
    }
}

#[tokio::test]
async fn a_text_that_is_no_json_is_told_from_one_that_is_cut_off() {
    for body in ["{} {}", "nothing", "\u{feff}{}", "{\"id\": cus_1"] {
        assert!(matches!(error_of(Answer::text(200, body)).await, Error::NotJson { status: 200, .. }), "{body}");
    }
    for body in ["", "{\"id\": \"cus_1\"", "[1,", "\"tex"] {
        let error = error_of(Answer::text(200, body)).await;
        assert!(matches!(error, Error::Connect(_)) && error.is_transient(), "{body}: {error}");
    }
    assert!(matches!(error_of(Answer::text(400, "{\"error\":")).await, Error::NotJson { status: 400, .. }));
}

#[tokio::test]
async fn an_answer_that_trickles_is_a_timeout() {
    let server = TrickleServer::start().await;
    let client = builder(&server.url).timeout(Duration::from_millis(300)).max_retries(0).build().unwrap();
    let started = Instant::now();
    let error = client.send(Request::get("/v1/balance")).await.unwrap_err();
    assert!(matches!(error, Error::Timeout), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_talked_to() {
    let server = TlsServer::start().await;
    let client = builder(&server.url).build().unwrap();
    let error = client.send(Request::post("/v1/customers")).await.unwrap_err();
    let Error::Connect(text) = &error else { panic!("{error}") };
    assert!(text.contains("invalid peer certificate"), "{text}");
    assert_eq!((server.handshakes(), server.requests()), (1, 0), "it is tried once, and the key stays here");
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_a_failed_connection() {
    let server = RawServer::with(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await;
    let mut url = server.url.clone();
    url.set_scheme("https").unwrap();
    let error = builder(&url).max_retries(0).build().unwrap().send(Request::get("/v1/balance")).await.unwrap_err();
    assert!(matches!(error, Error::Connect(_)), "{error}");
}

#[tokio::test]
async fn a_huge_answer_is_refused_with_and_without_a_length() {
    let huge = vec![b' '; 16 * 1024 * 1024 + 1];
    let declared = [format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", huge.len()).as_bytes(), &huge].concat();
    let undeclared = [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".as_slice(), &huge].concat();
    for bytes in [declared, undeclared] {
        let server = RawServer::with(bytes).await;
        let error = builder(&server.url).build().unwrap().send(Request::get("/v1/balance")).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge), "{error}");
        assert_eq!(server.connections(), 1, "it is not worth asking for again");
    }
}

#[tokio::test]
async fn an_answer_just_within_the_bound_is_read() {
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(16 * 1024 * 1024 - 11));
    let server = Server::with([Answer::text(200, &body)]).await;
    let answer = server.client().send(Request::get("/v1/balance")).await.unwrap();
    assert_eq!(answer["text"].as_str().unwrap().len(), 16 * 1024 * 1024 - 11);
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let other = Server::with([Answer::json(200, &json!({}))]).await;
    for status in [301, 302, 303, 307, 308] {
        let answer = Answer::text(status, "").with("location", other.url.as_str());
        let error = error_of(answer).await;
        assert!(matches!(error, Error::Redirect { status: told } if told == status), "{error}");
    }
    assert!(other.seen().is_empty(), "the key reached another host");
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_does_not_leave() {
    let server = Server::with([]).await;
    let client = server.client();
    let refused = [
        client.send(Request::get("https://evil.example/v1/x")).await,
        client.send(Request::get("/v1/customers").segment("")).await,
        client.with_account("acct_1\r\nx: y").send(Request::get("/v1/account")).await,
        client.with_account("").send(Request::get("/v1/account")).await,
        client.send(Request::post("/v1/customers").idempotency_key("line\nbreak")).await,
    ];
    for result in refused {
        assert!(matches!(result, Err(Error::InvalidRequest(_))), "{result:?}");
    }
    assert!(server.seen().is_empty());
}
