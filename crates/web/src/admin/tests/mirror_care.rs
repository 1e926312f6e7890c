//! Backfills, checks and fetching an object again, as an operator uses them.

use actix_web::http::StatusCode;
use tollgate_models::mirror::Subject;
use tollgate_models::refetches::{self, NewRefetch, Reason, Status};
use tollgate_models::syncs::{self, NewWindow};
use tollgate_models::users::Role;

use super::browser::Server;

const PATH: &str = "/admin/syncs";

#[actix_web::test]
async fn a_backfill_is_begun_followed_and_stopped() {
    let server = Server::start().await;
    let viewer = server.signed_in(Role::Viewer).await;
    assert!(!viewer.get(PATH).await.body.contains("New backfill"));
    assert_eq!(viewer.post("/admin", PATH, &[]).await.status, StatusCode::FORBIDDEN);
    let browser = server.signed_in(Role::Operator).await;
    for (days, types, told) in [("soon", "customer", "whole number"), ("", "<b>weather", "does not list")] {
        let answer = browser.post(PATH, PATH, &[("days", days), ("types", types)]).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, PATH));
        let body = browser.get(PATH).await.body;
        assert!(body.contains(told) && !body.contains("<b>weather"), "{body}");
    }
    let begun = browser.post(PATH, PATH, &[("days", "30"), ("types", "customer"), ("types", "invoice")]).await;
    let one = begun.location().to_owned();
    assert_eq!((begun.status, one.as_str()), (StatusCode::SEE_OTHER, "/admin/syncs/1"));
    let window = |object: &str| NewWindow {
        sync_id: 1,
        rank: 0,
        object: object.to_owned(),
        account: String::new(),
        livemode: false,
        connected: false,
        made_from: None,
        made_until: None,
    };
    let windows = [window("customer"), window("invoice")];
    server
        .tollgate
        .db()
        .write(move |conn| -> tollgate_models::QueryResult<()> {
            syncs::insert_windows(conn, &windows)?;
            syncs::record_page(conn, 1, 1234, 7, Some("cus_9"), syncs::Status::Pending)
        })
        .await
        .unwrap();
    let page = browser.get(&one).await;
    for text in ["1,234", "customer, invoice", "To come: invoice", "running", "0 of 1 parts"] {
        assert!(page.body.contains(text), "{text} in {}", page.body);
    }
    let other = browser.post(PATH, PATH, &[("types", "product")]).await;
    assert_eq!(other.location(), PATH);
    assert!(browser.get(PATH).await.body.contains("is under way"));
    let stop = format!("{one}/stop");
    browser.post(&one, &stop, &[]).await;
    assert!(browser.get(&one).await.body.contains("stopped"));
    browser.post(&one, &stop, &[]).await;
    assert!(browser.get(&one).await.body.contains("is not under way"));
    assert_eq!(browser.get("/admin/syncs/4711").await.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn checks_tell_why_an_object_was_fetched_and_what_was_otherwise() {
    let server = Server::start().await;
    let browser = server.signed_in(Role::Viewer).await;
    assert!(browser.get("/admin/checks").await.body.contains("No checks yet"));
    server
        .tollgate
        .db()
        .write(|conn| -> tollgate_models::QueryResult<()> {
            let subject = |id| Subject { object: "customer", id, livemode: true, account: None };
            let gap = NewRefetch {
                detail: "name<script>".to_owned(),
                event_id: Some("evt_9"),
                ..NewRefetch::new(subject("cus_gap"), Reason::Gap, 1)
            };
            refetches::want(conn, &[gap, NewRefetch::new(subject("cus_sample"), Reason::Sample, 1)])?;
            refetches::finish(conn, 2, Status::Done, &["email".to_owned()], None, 2)
        })
        .await
        .unwrap();
    let page = browser.get("/admin/checks").await;
    for text in ["An event never arrived", "evt_9", "waiting", "was otherwise", "Was otherwise here: email"] {
        assert!(page.body.contains(text), "{text} in {}", page.body);
    }
    assert!(!page.body.contains("name<script>"));
    let some = browser.get("/admin/checks?reason=sample&status=done&object=cus_sample").await;
    assert!(some.body.contains("cus_sample") && !some.body.contains("cus_gap"));
    assert!(browser.get("/admin/checks?object=cus_none").await.body.contains("Nothing fits"));
    assert_eq!(browser.get("/admin/checks?reason=%00&status=x&before=y").await.status, StatusCode::OK);
}

#[actix_web::test]
async fn an_object_that_cannot_be_fetched_again_says_why() {
    let server = Server::start().await;
    let viewer = server.signed_in(Role::Viewer).await;
    let path = "/admin/objects/customer/cus_1/fetch";
    assert_eq!(viewer.post("/admin", path, &[]).await.status, StatusCode::FORBIDDEN);
    let browser = server.signed_in(Role::Operator).await;
    let answer = browser.post("/admin", path, &[("livemode", "false")]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/admin/objects/customer/cus_1"));
    assert!(browser.get("/admin/objects").await.body.contains("tollgate keys add"));
}

#[actix_web::test]
async fn a_list_of_objects_is_narrowed_by_column_mode_and_account() {
    let server = Server::start().await;
    super::sample::fill(&server).await;
    let browser = server.signed_in(Role::Viewer).await;
    let list = "/admin/objects/customer";
    let all = browser.get(list).await.body;
    assert!(all.contains("cus_Na6dX7aXxi11N4") && all.contains("<summary>Filter</summary>"), "{all}");
    let by_email = format!("{list}?column=email&value=nobody%40example.com");
    let guessed = browser.get(&by_email).await.body;
    assert!(guessed.contains("cus_Na6dX7aXxi11N4"), "a viewer cannot ask for whom there is: {guessed}");
    let none = server.signed_in(Role::Operator).await.get(&by_email).await.body;
    assert!(none.contains("No object has this value") && none.contains("Filter (on)"), "{none}");
    let other = browser.get(&format!("{list}?mode=test&account=acct_nobody%3Cb%3E")).await.body;
    assert!(!other.contains("cus_Na6dX7aXxi11N4") && !other.contains("acct_nobody<b>"), "{other}");
    let hostile = browser.get(&format!("{list}?column=1%3D1&value=x&mode=both&before=y")).await;
    assert!(hostile.status == StatusCode::OK && hostile.body.contains("cus_Na6dX7aXxi11N4"));
}
