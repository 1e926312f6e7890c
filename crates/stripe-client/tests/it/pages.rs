//! Lists over several pages, and lists that would never end.

use serde_json::{Value, json};
use tollgate_stripe_client::{Error, Form};

use crate::server::{Answer, Server};

fn page(ids: &[&str], has_more: bool) -> Answer {
    let data: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    Answer::json(200, &json!({"object": "list", "url": "/v1/customers", "has_more": has_more, "data": data}))
}

fn page_v2(ids: &[&str], next: Value) -> Answer {
    let data: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    Answer::json(200, &json!({"data": data, "next_page_url": next, "previous_page_url": null}))
}

fn ids(objects: &[Value]) -> Vec<&str> {
    objects.iter().map(|object| object["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn three_pages_are_followed_by_their_last_id() {
    let server = Server::with([page(&["a", "b"], true), page(&["c", "d"], true), page(&["e"], false)]).await;
    let pages = server.client().list("/v1/customers", Form::new().with("email", "a@example.com"));
    assert_eq!(ids(&pages.collect_all(5).await.unwrap()), ["a", "b", "c", "d", "e"]);
    let uris: Vec<String> = server.seen().into_iter().map(|seen| seen.uri).collect();
    let first = "/v1/customers?email=a%40example.com&limit=100";
    assert_eq!(uris, [first.to_owned(), format!("{first}&starting_after=b"), format!("{first}&starting_after=d")]);
}

#[tokio::test]
async fn a_listing_resumes_after_a_cursor() {
    let server = Server::with([page(&["c"], true), page(&["d"], false)]).await;
    let mut pages = server.client().list("/v1/customers", Form::new().with("starting_after", "b"));
    assert_eq!(pages.cursor(), Some("b"));
    assert_eq!(ids(&pages.next_page().await.unwrap().unwrap()), ["c"]);
    assert_eq!(pages.cursor(), Some("c"));
    assert_eq!(ids(&pages.next_page().await.unwrap().unwrap()), ["d"]);
    assert_eq!(pages.next_page().await.unwrap(), None);
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen[1].uri.ends_with("starting_after=c") && seen[1].uri.matches("starting_after").count() == 1);
}

#[tokio::test]
async fn a_cursor_that_repeats_ends_the_listing_with_an_error() {
    let circles = [
        vec![page(&["a"], true), page(&["a"], true)],
        vec![page(&["a"], true), page(&["b"], true), page(&["x", "a"], true)],
        vec![page(&["a"], true), page(&[], true)],
        vec![Answer::json(200, &json!({"data": [{"object": "balance"}], "has_more": true}))],
    ];
    for answers in circles {
        let count = answers.len();
        let server = Server::with(answers).await;
        let error = server.client().list("/v1/customers", Form::new()).collect_all(100).await.unwrap_err();
        assert!(matches!(error, Error::Unexpected(_)), "{error}");
        assert_eq!(server.seen().len(), count);
    }
}

#[tokio::test]
async fn more_than_the_cap_is_an_error_not_a_shorter_list() {
    let server = Server::with([page(&["a", "b"], true), page(&["c"], false)]).await;
    let error = server.client().list("/v1/customers", Form::new()).collect_all(2).await.unwrap_err();
    assert!(matches!(error, Error::TooMany { cap: 2 }), "{error}");
}

#[tokio::test]
async fn an_empty_list_has_no_page_and_something_else_is_no_list() {
    let server = Server::with([page(&[], false)]).await;
    assert_eq!(server.client().list("/v1/customers", Form::new()).next_page().await.unwrap(), None);
    for something in [json!({"object": "customer"}), json!({"data": {}}), json!([]), json!("text"), json!(null)] {
        let server = Server::with([Answer::json(200, &something)]).await;
        let result = server.client().list("/v1/customers", Form::new()).next_page().await;
        assert!(matches!(result, Err(Error::Unexpected(_))), "{result:?}");
    }
}

#[tokio::test]
async fn the_next_page_of_version_2_may_be_a_whole_address_of_the_same_host() {
    let server = Server::with([]).await;
    let next = server.url.join("/v2/core/events?page=p2").unwrap();
    let server = server.then([page_v2(&["a"], json!(next.as_str())), page_v2(&["b"], json!(null))]);
    let pages = server.client().list("/v2/core/events", Form::new().with("object_id", "cus_1"));
    assert_eq!(ids(&pages.collect_all(5).await.unwrap()), ["a", "b"]);
    let uris: Vec<String> = server.seen().into_iter().map(|seen| seen.uri).collect();
    assert_eq!(uris, ["/v2/core/events?object_id=cus_1&limit=100", "/v2/core/events?page=p2"]);
}

#[tokio::test]
async fn the_next_page_of_version_2_never_leads_to_another_host() {
    let other = Server::with([]).await;
    for next in [other.url.join("/v2/core/events?page=p2").unwrap().as_str(), "//evil.example/v2/x", "/admin", ""] {
        let server = Server::with([page_v2(&["a"], json!(next))]).await;
        let error = server.client().list("/v2/core/events", Form::new()).collect_all(5).await.unwrap_err();
        assert!(matches!(error, Error::InvalidRequest(_)), "{next}: {error}");
        assert_eq!(server.seen().len(), 1);
    }
    assert!(other.seen().is_empty(), "the key reached another host");
}

#[tokio::test]
async fn a_list_of_version_2_that_leads_back_ends_with_an_error() {
    let again = || page_v2(&[], json!("/v2/core/events?page=p2"));
    let server = Server::with([again(), again(), again()]).await;
    let error = server.client().list("/v2/core/events", Form::new()).collect_all(5).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected(_)), "{error}");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_page_that_failed_can_be_asked_for_again() {
    let failure = Answer::error(400, &json!({"message": "no"}));
    let server = Server::with([page(&["a"], true), failure, page(&["b"], false)]).await;
    let mut pages = server.client().list("/v1/customers", Form::new());
    pages.next_page().await.unwrap();
    assert!(pages.next_page().await.is_err());
    assert_eq!(ids(&pages.next_page().await.unwrap().unwrap()), ["b"]);
}
