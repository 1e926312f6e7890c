//! The example of an application with Tollgate inside, mounted as it is.

#[path = "../../examples/embed.rs"]
mod shop;

use serde_json::json;
use tollgate::models::events::Status;

use crate::support::{Answer, Payload, Setup, TestApp, event};

async fn start() -> TestApp {
    let app = Setup::new().handlers(shop::handlers()).start_with(shop::routes).await;
    shop::make_table(&app.tollgate).await.unwrap();
    app
}

fn invoice(id: &str, customer: Option<&str>) -> Payload {
    let mut payload = event(id, "invoice.paid");
    payload["data"]["object"] = json!({ "id": format!("in_{id}"), "object": "invoice", "customer": customer,
        "created": 1_700_000_000, "status": "paid", "total": 900, "currency": "eur" });
    payload
}

async fn visit(app: &TestApp, path: &str, cookies: &str) -> Answer {
    app.http.send(hyper::Method::GET, path, &[("cookie", cookies)], Vec::new()).await
}

fn cookies_set(answer: &Answer) -> Vec<String> {
    let set = answer.headers.get_all("set-cookie").iter();
    set.map(|value| value.to_str().unwrap().split(';').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_event_gives_access_in_its_own_transaction() {
    let app = start().await;
    assert_eq!(app.http.get("/customers/cus_1").await.status, 402);
    app.deliver(&invoice("evt_1", Some("cus_1"))).await;
    app.run_workers().await;
    assert_eq!(app.http.get("/customers/cus_1").await.text(), "cus_1 has access since evt_1.\n");
    // Once more changes nothing, though the handler runs again.
    app.deliver(&invoice("evt_2", Some("cus_1"))).await;
    app.run_workers().await;
    assert_eq!(app.http.get("/customers/cus_1").await.text(), "cus_1 has access since evt_1.\n");

    let mut ended = event("evt_3", "customer.subscription.deleted");
    ended["data"]["object"] = json!({ "id": "sub_1", "object": "subscription", "customer": "cus_1", "created": 1 });
    app.deliver(&ended).await;
    app.run_workers().await;
    assert_eq!(app.http.get("/customers/cus_1").await.status, 402);
}

#[tokio::test]
async fn a_handler_that_fails_leaves_neither_its_row_nor_the_mirrors() {
    let app = start().await;
    app.deliver(&invoice("evt_1", None)).await;
    app.run_workers().await;
    let row = app.event("evt_1");
    assert_eq!(row.status, Status::Failed);
    assert!(row.last_error.unwrap().contains("names no customer"));
    assert_eq!((app.count("access"), app.object("in_evt_1").is_none()), (0, true));
}

#[tokio::test]
async fn the_hosts_session_survives_a_visit_to_our_routes() {
    let app = start().await;
    let first = visit(&app, "/", "").await;
    assert_eq!(
        (first.text(), cookies_set(&first)),
        ("Welcome to the shop. This is visit 1.\n", vec!["visits=1".to_owned()])
    );
    let sign_in = visit(&app, "/admin/sign-in", "visits=1").await;
    assert_eq!(sign_in.status, 200, "{}", sign_in.text());
    let ours = cookies_set(&sign_in);
    assert!(ours.iter().all(|cookie| !cookie.starts_with("visits=")), "{ours:?}");
    app.deliver(&invoice("evt_1", Some("cus_1"))).await;
    let all = [ours, vec!["visits=1".to_owned()]].concat().join("; ");
    assert_eq!(visit(&app, "/", &all).await.text(), "Welcome to the shop. This is visit 2.\n");
}

#[tokio::test]
async fn the_hosts_routes_and_its_page_for_what_is_not_found_are_its_own() {
    let app = start().await;
    let nowhere = app.http.get("/nowhere").await;
    assert_eq!((nowhere.status, nowhere.text()), (404, "The shop has no such page.\n"));
    assert_eq!(app.http.post("/", &[], "").await.text(), "The shop has no such page.\n");
    for ours in ["/stripe/webhooks/no-such-endpoint", "/stripe/webhooks/a/b"] {
        assert_eq!(app.http.post(ours, &[], "").await.refusal(), (404, "not_found".to_owned()), "{ours}");
    }
    let admin = app.http.get("/admin/no-such-page").await;
    assert!(!admin.text().contains("The shop"), "{}", admin.text());
    assert_eq!(app.http.get("/healthz").await.status, 200);
}
