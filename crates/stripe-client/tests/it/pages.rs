//! Lists over several pages, and lists that would never end.

use serde_json::{Value, json};
use tollgate_stripe_client::resources::{customers, invoices};
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

#[tokio::test]
async fn a_search_goes_on_at_the_page_that_stripe_names() {
    let found = |ids: &[&str], next: Value| {
        let data: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        let more = next.is_string();
        Answer::json(200, &json!({"object": "search_result", "data": data, "has_more": more, "next_page": next}))
    };
    let server =
        Server::with([found(&["a"], json!("P2==")), found(&["b"], Value::Null), found(&["b"], Value::Null)]).await;
    let client = server.client();
    let search = || customers::search().query("query", "email:'a@example.com'");
    let mut pages = client.pages(search());
    assert_eq!(ids(&pages.next_page().await.unwrap().unwrap()), ["a"]);
    let cursor = pages.cursor().unwrap().to_owned();
    assert_eq!(ids(&pages.next_page().await.unwrap().unwrap()), ["b"]);
    assert_eq!(pages.next_page().await.unwrap(), None);
    assert_eq!(ids(&client.pages(search()).after(cursor).collect_all(9).await.unwrap()), ["b"]);
    let uris: Vec<String> = server.seen().into_iter().map(|seen| seen.uri).collect();
    let first = "/v1/customers/search?query=email%3A%27a%40example.com%27&limit=100";
    let second = format!("{first}&page=P2%3D%3D");
    assert_eq!(uris, [first, &second, &second]);
}

#[tokio::test]
async fn a_list_towards_newer_objects_gives_the_oldest_first() {
    let server = Server::with([page(&["c", "b"], true), page(&["e", "d"], false)]).await;
    let pages = server.client().pages(customers::list().query("ending_before", "a"));
    assert_eq!(ids(&pages.collect_all(9).await.unwrap()), ["b", "c", "d", "e"]);
    let uris: Vec<String> = server.seen().into_iter().map(|seen| seen.uri).collect();
    assert_eq!(uris, ["/v1/customers?limit=100&ending_before=a", "/v1/customers?limit=100&ending_before=c"]);
}

#[tokio::test]
async fn a_v2_list_resumes_at_the_address_it_had_come_to() {
    let server = Server::with([page_v2(&["a"], json!("/v2/core/events?page=p2")), page_v2(&["b"], json!(null))]).await;
    let client = server.client();
    let mut pages = client.list("/v2/core/events", Form::new());
    pages.next_page().await.unwrap();
    let cursor = pages.cursor().unwrap().to_owned();
    let rest = client.list("/v2/core/events", Form::new()).after(cursor).collect_all(9).await.unwrap();
    assert_eq!(ids(&rest), ["b"]);
    assert_eq!(server.seen()[1].uri, "/v2/core/events?page=p2");
}

fn lost(id: &str) -> Answer {
    let message = format!("No such customer: '{id}'");
    Answer::error(400, &json!({"code": "resource_missing", "param": "starting_after", "message": message}))
}

#[tokio::test]
async fn a_cursor_that_was_deleted_meanwhile_is_replaced_by_the_one_before() {
    let server = Server::with([page(&["a", "b", "c"], true), lost("c"), lost("b"), page(&["d"], false)]).await;
    let pages = server.client().pages(customers::list());
    assert_eq!(ids(&pages.collect_all(9).await.unwrap()), ["a", "b", "c", "d"]);
    let asked: Vec<String> = server.seen().iter().map(|seen| seen.uri.replace("/v1/customers?limit=100", "")).collect();
    assert_eq!(asked, ["", "&starting_after=c", "&starting_after=b", "&starting_after=a"]);
}

#[tokio::test]
async fn a_cursor_with_nothing_before_it_is_told_as_lost() {
    let server = Server::with([lost("z"), page(&["a"], true), lost("a"), page(&["b"], false)]).await;
    let client = server.client();
    let error = client.pages(customers::list()).after("z").next_page().await.unwrap_err();
    assert!(error.api().unwrap().is_lost_cursor(), "{error}");

    let mut pages = client.pages(customers::list());
    pages.next_page().await.unwrap();
    assert!(pages.next_page().await.unwrap_err().api().unwrap().is_lost_cursor());
    assert_eq!(pages.cursor(), Some("a"));
    assert_eq!(ids(&pages.next_page().await.unwrap().unwrap()), ["b"], "it can be asked again");
}

#[tokio::test]
async fn a_key_revoked_in_the_middle_leaves_a_cursor_for_the_next_key() {
    let revoked =
        Answer::error(401, &json!({"code": "api_key_expired", "message": "Expired API Key provided: sk_test_*p7dc"}));
    let server = Server::with([page(&["a"], true), revoked, page(&["b"], false)]).await;
    let mut pages = server.client().pages(customers::list());
    pages.next_page().await.unwrap();
    let error = pages.next_page().await.unwrap_err();
    assert!(error.api().unwrap().is_authentication() && !error.is_transient(), "{error}");
    let cursor = pages.cursor().unwrap().to_owned();
    let next = server.client().pages(customers::list()).after(cursor);
    assert_eq!(ids(&next.collect_all(9).await.unwrap()), ["b"]);
    assert!(server.seen()[2].uri.ends_with("starting_after=a"));
}

#[tokio::test]
async fn a_list_of_ten_thousand_pages_comes_to_its_end() {
    const PAGES: usize = 10_000;
    let names: Vec<String> = (1..=PAGES).map(|n| format!("cus_{n}")).collect();
    let server = Server::with(names.iter().enumerate().map(|(n, name)| page(&[name], n + 1 < PAGES))).await;
    let mut objects = server.client().pages(customers::list().query("limit", "1")).objects();
    let mut count = 0;
    while let Some(object) = objects.next().await {
        assert_eq!(object.unwrap()["id"], names[count]);
        count += 1;
    }
    assert_eq!((count, server.seen().len()), (PAGES, PAGES));
}

#[tokio::test]
async fn a_stream_fetches_pages_when_they_are_needed_and_resumes_after_its_last_object() {
    let server = Server::with([page(&["a", "b"], true), page(&["c", "d"], true), page(&["d"], false)]).await;
    let client = server.client();
    let mut objects = client.pages(invoices::list()).objects();
    assert_eq!(objects.cursor(), None);
    for id in ["a", "b", "c"] {
        assert_eq!(objects.next().await.unwrap().unwrap()["id"], id);
        assert_eq!(objects.cursor(), Some(id));
    }
    assert_eq!(server.seen().len(), 2);
    let mut rest = client.pages(invoices::list()).after(objects.cursor().unwrap()).objects();
    assert_eq!(rest.next().await.unwrap().unwrap()["id"], "d");
    assert!(rest.next().await.is_none() && rest.next().await.is_none());
    assert!(server.seen()[2].uri.ends_with("starting_after=c"));
}

#[tokio::test]
async fn a_stream_ends_after_an_error_and_keeps_its_cursor() {
    let failure = Answer::error(400, &json!({"message": "no"}));
    let server = Server::with([page(&["a"], true), failure]).await;
    let mut objects = server.client().pages(customers::list()).objects();
    objects.next().await.unwrap().unwrap();
    assert!(objects.next().await.unwrap().is_err());
    assert!(objects.next().await.is_none());
    assert_eq!((objects.cursor(), server.seen().len()), (Some("a"), 2));
}

#[tokio::test]
async fn a_stream_that_is_dropped_in_the_middle_of_a_page_loses_nothing_before() {
    let server = Server::with([page(&["a"], true), Answer::silence()]).await;
    let mut objects = server.client().pages(customers::list()).objects();
    objects.next().await.unwrap().unwrap();
    let late = tokio::time::timeout(std::time::Duration::from_millis(50), objects.next()).await;
    assert!(late.is_err());
    assert_eq!(objects.cursor(), Some("a"));
}
