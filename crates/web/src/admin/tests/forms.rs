//! What forms do: endpoints against a simulated Stripe, refusals at their fields, replay, keys.

use actix_web::http::StatusCode;
use tollgate_models::users::Role;
use tollgate_stripe_sim::Simulator;

use super::browser::Server;
use super::sample::{LIVE, PENDING, event_id, fill};

#[actix_web::test]
async fn a_refused_endpoint_comes_back_with_its_errors_and_values() {
    let server = Server::start().await;
    let browser = server.signed_in(Role::Operator).await;
    let fields = [
        ("uuid", LIVE),
        ("mode", "live"),
        ("base_url", "http://localhost:8000"),
        ("description", "My \"<shop>\""),
        ("events_mode", "some"),
        ("tolerance_seconds", "300"),
        ("validation", "none"),
        ("api_version", "2026-10-28.endive"),
    ];
    let answer = browser.post("/admin/endpoints/new", "/admin/endpoints", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in [
        "id=\"error-base_url\"",
        "id=\"error-enabled_events\"",
        "id=\"error-validation\"",
        "href=\"#base_url\"",
        "value=\"http://localhost:8000\"",
        "value=\"My &#34;&#60;shop&#62;&#34;\"",
        "aria-describedby=\"error-base_url\"",
    ] {
        assert!(answer.body.contains(part), "{part} in {}", answer.body);
    }
    if let Some(folder) = std::env::var_os("TOLLGATE_PREVIEW") {
        std::fs::write(std::path::Path::new(&folder).join("endpoint-refused.html"), &answer.body).unwrap();
    }
    let odd = [("uuid", "x"), ("tolerance_seconds", "soon"), ("validation", ""), ("api_key_id", "x")];
    let answer = browser.post("/admin/endpoints/new", "/admin/endpoints", &odd).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("the form is damaged") || answer.body.contains("The form is damaged"));
}

#[actix_web::test]
async fn a_preset_works_without_a_script() {
    let server = Server::start().await;
    let browser = server.signed_in(Role::Operator).await;
    let fields = [("uuid", LIVE), ("preset", "disputes"), ("base_url", "https://pay.example.com")];
    let answer = browser.post("/admin/endpoints/new", "/admin/endpoints", &fields).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("value=\"charge.dispute.created\" checked"));
    assert!(answer.body.contains("value=\"https://pay.example.com\""));
}

#[actix_web::test]
async fn a_message_is_shown_once() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    let one = format!("/admin/events/{}", event_id(4));
    let answer = browser.post(&one, &format!("{one}/replay"), &[]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, one.as_str()));
    assert!(browser.get(&one).await.body.contains("back in the queue"), "the message is shown");
    assert!(!browser.get(&one).await.body.contains("back in the queue"), "and only once");
}

#[actix_web::test]
async fn in_live_mode_what_stops_events_has_to_be_typed() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    let path = format!("/admin/endpoints/{LIVE}/delete");
    let answer = browser.post(&path, &path, &[("typed", "Production")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("Nothing was done"));
    let unknown = format!("/admin/endpoints/{PENDING}/explode");
    assert_eq!(browser.post("/admin", &unknown, &[]).await.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn a_key_that_cannot_be_one_is_refused_and_not_shown_again() {
    let server = Server::start().await;
    let browser = server.signed_in(Role::Admin).await;
    let fields = [("secret", "pk_test_51Habcdefghijklmnop"), ("name", "Mine")];
    let answer = browser.post("/admin/keys", "/admin/keys", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!answer.body.contains("hijklmnop") && answer.body.contains("value=\"Mine\""), "{}", answer.body);
}

#[actix_web::test]
async fn an_endpoint_lives_on_stripe_and_here_from_form_to_form() {
    let sim = Simulator::builder().seed(7).start().await.unwrap();
    let base = sim.url().to_string();
    let server =
        Server::start_at(&[("STRIPE_API_BASE", &base), ("STRIPE_API_KEY", "sk_test_51HabcdefghijklmnopQRST")]).await;
    let browser = server.signed_in(Role::Operator).await;
    let fields = [
        ("uuid", LIVE),
        ("mode", "test"),
        ("base_url", "http://127.0.0.1:8000"),
        ("description", "Shop"),
        ("events_mode", "some"),
        ("enabled_events", "invoice.paid"),
        ("enabled_events", "charge.failed"),
        ("inline_events", " invoice.paid,\ncharge"),
        ("tolerance_seconds", "300"),
        ("validation", "verify_signature"),
        ("api_version", "2026-10-28.endive"),
    ];
    let page = format!("/admin/endpoints/{LIVE}");
    for _ in 0..2 {
        let created = browser.post("/admin/endpoints/new", "/admin/endpoints", &fields).await;
        assert_eq!((created.status, created.location()), (StatusCode::SEE_OTHER, page.as_str()), "{}", created.body);
    }
    let there = sim.endpoints();
    assert_eq!(there.len(), 1, "the form posted twice makes one endpoint");
    let shown = browser.get(&page).await;
    assert!(shown.body.contains(&there[0].id) && shown.body.contains("enabled"), "{}", shown.body);
    let secret = sim.endpoint_secret(&there[0].id).unwrap();
    assert!(!shown.body.contains(&secret), "the secret is never shown");

    assert!(shown.body.contains("after the handlers have committed for charge, invoice.paid"), "{}", shown.body);
    let (edit, disable, delete) = (format!("{page}/edit"), format!("{page}/disable"), format!("{page}/delete"));
    let form = browser.get(&edit).await;
    assert!(form.body.contains("At Stripe this endpoint is enabled"), "{}", form.body);
    assert!(form.body.contains("value=\"charge.failed\" checked"), "{}", form.body);
    let changed: Vec<(&str, &str)> = fields.iter().copied().filter(|(_, value)| *value != "charge.failed").collect();
    assert_eq!(browser.post(&edit, &edit, &changed).await.status, StatusCode::SEE_OTHER);
    assert_eq!(sim.endpoints()[0].enabled_events, ["invoice.paid"]);
    assert_eq!(browser.post(&disable, &disable, &[]).await.location(), page);
    assert_eq!(sim.endpoints()[0].status, "disabled");
    assert_eq!(browser.post(&delete, &delete, &[]).await.location(), "/admin/endpoints");
    assert!(sim.endpoints().is_empty());
    assert!(browser.get(&page).await.body.contains("deleted"));
}
