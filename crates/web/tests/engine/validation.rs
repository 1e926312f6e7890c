//! The validation methods beside the signature: asking Stripe, and taking everything.

use serde_json::json;
use tollgate::audit::Actor;
use tollgate::endpoints::{self, Draft};
use tollgate::models::endpoints::{Endpoint, Validation};
use tollgate::models::events::Status;
use tollgate_stripe_sim::ApiFault;

use crate::app::{App, customer_event};

async fn endpoint(app: &App, validation: Validation) -> Endpoint {
    app.add_key().await;
    let draft = Draft { validation, enabled_events: vec!["invoice.paid".to_owned()], ..Draft::new(app.base.clone()) };
    endpoints::create(&app.tollgate, draft, &Actor::cli()).await.unwrap()
}

#[actix_web::test]
async fn without_validation_anything_is_taken_in_test_mode_and_nothing_in_live_mode() {
    let app = App::start().await;
    let endpoint = endpoint(&app, Validation::None).await;
    let body = customer_event("evt_1", 1, "a@example.com").to_string();
    assert_eq!(app.post(&endpoint, body.as_bytes(), &[]).await.status, 200);
    let live = Draft { validation: Validation::None, livemode: true, ..Draft::new("https://pay.example.com") };
    assert!(endpoints::create(&app.tollgate, live, &Actor::cli()).await.is_err());
}

#[actix_web::test]
async fn an_event_that_stripe_confirms_is_processed_and_a_forged_one_is_dead() {
    let app = App::start().await;
    let endpoint = endpoint(&app, Validation::RetrieveEvent).await;
    let object = json!({ "id": "cus_1", "object": "customer", "email": "true@example.com", "livemode": false });
    let genuine = app.sim.emit("customer.created", object);
    let body = app.sim.event(&genuine).unwrap().to_string();
    assert_eq!(app.post(&endpoint, body.as_bytes(), &[]).await.status, 200);
    let forged = customer_event("evt_forged", 1, "forged@example.com").to_string();
    assert_eq!(app.post(&endpoint, forged.as_bytes(), &[]).await.status, 200);
    app.run_workers().await;
    assert_eq!(app.event(&genuine).await.unwrap().status, Status::Processed);
    let dead = app.event("evt_forged").await.unwrap();
    assert_eq!(dead.status, Status::Dead);
    assert!(dead.last_error.unwrap().contains("Stripe has no event"));
    assert_eq!(app.mirrored("customer", "cus_1").await.unwrap()["email"], "true@example.com");
}

#[actix_web::test]
async fn an_event_whose_content_was_changed_on_the_way_is_dead() {
    let app = App::start().await;
    let endpoint = endpoint(&app, Validation::RetrieveEvent).await;
    let id = app
        .sim
        .emit("customer.created", json!({ "id": "cus_1", "object": "customer", "balance": 0, "livemode": false }));
    let mut event = app.sim.event(&id).unwrap();
    event["data"]["object"]["balance"] = json!(-100_000);
    app.post(&endpoint, event.to_string().as_bytes(), &[]).await;
    app.run_workers().await;
    assert_eq!(app.event(&id).await.unwrap().status, Status::Dead);
    assert_eq!(app.mirrored("customer", "cus_1").await, None);
}

#[actix_web::test]
async fn while_stripe_does_not_answer_the_event_waits() {
    let app = App::start().await;
    let endpoint = endpoint(&app, Validation::RetrieveEvent).await;
    let id = app.sim.emit("customer.created", json!({ "id": "cus_1", "object": "customer", "livemode": false }));
    let body = app.sim.event(&id).unwrap().to_string();
    app.post(&endpoint, body.as_bytes(), &[]).await;
    app.sim.fail_next("GET", "/v1/events", ApiFault::Error500, 2);
    app.run_workers().await;
    assert_eq!(app.event(&id).await.unwrap().status, Status::Failed);
    app.pass(std::time::Duration::from_secs(60));
    app.run_workers().await;
    assert_eq!(app.event(&id).await.unwrap().status, Status::Processed);
}
