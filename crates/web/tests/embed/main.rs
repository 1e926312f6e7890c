//! The embedding guide, tried: its way of testing handlers, the host's data beside ours, and a listener for each half.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../examples/embed.rs"]
mod shop;

use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_and_read_body, call_service, init_service};
use actix_web::{App, HttpRequest, web};
use serde_json::{Value, json};
use tollgate::models::testing::TestDb;
use tollgate::stripe::{WebhookSecret, webhook};
use tollgate::{Config, Tollgate};

async fn start(database: &str) -> Tollgate {
    let settings = format!(
        "database_url = '{database}'
        secret_key = 'dGhlIHJvb3Qga2V5IG9mIHRoZSB0ZXN0cyEhISEhISE='
        legacy_webhook_secret = 'whsec_test'"
    );
    let config = Config::from_sources(|_| None, Some(&settings)).unwrap();
    let tollgate = Tollgate::builder(config).handlers(shop::handlers()).without_workers().build().await.unwrap();
    shop::make_table(&tollgate).await.unwrap();
    tollgate
}

fn signed(tollgate: &Tollgate, event: &Value) -> TestRequest {
    let body = event.to_string();
    let secret = WebhookSecret::parse("whsec_test").unwrap();
    let signature = webhook::sign(&secret, tollgate.clock().now_seconds(), body.as_bytes());
    TestRequest::post().uri("/stripe/webhooks").insert_header(("stripe-signature", signature)).set_payload(body)
}

async fn process(tollgate: &Tollgate) {
    let tollgate = tollgate.clone();
    web::block(move || tollgate.workers().run_until_idle()).await.unwrap().unwrap();
}

fn event(id: &str, event_type: &str, object: &Value) -> Value {
    json!({ "id": id, "object": "event", "api_version": "2026-10-28.endive", "created": 1_795_413_046,
        "livemode": false, "type": event_type, "data": { "object": object } })
}

fn paid(id: &str) -> Value {
    event(id, "invoice.paid", &json!({ "id": format!("in_{id}"), "object": "invoice", "customer": "cus_1" }))
}

fn access_page() -> TestRequest {
    TestRequest::get().uri("/customers/cus_1")
}

#[actix_web::test]
async fn a_handler_is_tested_as_the_guide_shows() {
    let db = TestDb::new();
    let tollgate = start(&db.url_text()).await;
    let app = init_service(App::new().configure(shop::routes(&tollgate))).await;
    let answer = call_service(&app, signed(&tollgate, &paid("evt_1")).to_request()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    process(&tollgate).await;
    assert_eq!(call_and_read_body(&app, access_page().to_request()).await, "cus_1 has access since evt_1.\n");
}

#[actix_web::test]
async fn a_handler_of_a_family_sees_each_of_its_types() {
    for (status, event_type, text) in [
        ("past_due", "customer.subscription.updated", "cus_1 has access since evt_1.\n"),
        ("unpaid", "customer.subscription.updated", "cus_1 has no access.\n"),
        ("canceled", "customer.subscription.deleted", "cus_1 has no access.\n"),
    ] {
        let db = TestDb::new();
        let tollgate = start(&db.url_text()).await;
        let app = init_service(App::new().configure(shop::routes(&tollgate))).await;
        let subscription = json!({ "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": status });
        for payload in [paid("evt_1"), event("evt_2", event_type, &subscription)] {
            let answer = call_service(&app, signed(&tollgate, &payload).to_request()).await;
            assert_eq!(answer.status(), StatusCode::OK);
            process(&tollgate).await;
        }
        assert_eq!(call_and_read_body(&app, access_page().to_request()).await, text, "{event_type} {status}");
    }
}

#[actix_web::test]
async fn the_hosts_data_and_ours_do_not_meet() {
    async fn sees_ours(request: HttpRequest) -> String {
        request.app_data::<web::Data<Tollgate>>().is_some().to_string()
    }
    let db = TestDb::new();
    let tollgate = start(&db.url_text()).await;
    let host = App::new()
        // A limit of the host's own, under which no event would fit.
        .app_data(web::PayloadConfig::new(1))
        .route("/before", web::get().to(sees_ours))
        .configure(tollgate.routes())
        .route("/after", web::get().to(sees_ours))
        .default_service(web::to(sees_ours));
    let app = init_service(host).await;
    for path in ["/before", "/after", "/nowhere"] {
        assert_eq!(call_and_read_body(&app, TestRequest::get().uri(path).to_request()).await, "false", "{path}");
    }
    let answer = call_service(&app, signed(&tollgate, &paid("evt_1")).to_request()).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[actix_web::test]
async fn each_half_of_the_routes_serves_nothing_of_the_other() {
    let db = TestDb::new();
    let tollgate = start(&db.url_text()).await;
    let public = init_service(App::new().configure(tollgate.public_routes())).await;
    let private = init_service(App::new().configure(tollgate.admin_routes())).await;
    let webhook = || signed(&tollgate, &paid("evt_1")).to_request();
    let get = |path: &str| TestRequest::get().uri(path).to_request();
    assert_eq!(call_service(&public, webhook()).await.status(), StatusCode::OK);
    assert_eq!(call_service(&private, webhook()).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(call_service(&public, get("/admin/sign-in")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(call_service(&private, get("/admin/sign-in")).await.status(), StatusCode::OK);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(call_service(&public, get(path)).await.status(), StatusCode::OK, "{path}");
        assert_eq!(call_service(&private, get(path)).await.status(), StatusCode::OK, "{path}");
    }
}
