//! Endpoints that are validated by asking Stripe for the event.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tollgate::Handlers;
use tollgate::models::endpoints::{Endpoint, Validation};
use tollgate::models::events::Status;
use tollgate::stripe::ApiKey;
use tollgate_stripe_sim::{ApiFault, Simulator};

use crate::support::{ATTEMPTS, ENDPOINT, Setup, TestApp, event, row};

async fn start() -> (Simulator, TestApp, Arc<AtomicUsize>) {
    let sim = Simulator::builder().seed(7).start().await.unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let handlers = Handlers::new().on_as("count", "*", move |_, _| {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let key = ApiKey::parse(&sim.api_key(&sim.account(), false)).unwrap();
    let asking = Endpoint { validation: Validation::RetrieveEvent, account: Some(sim.account()), ..row(ENDPOINT) };
    let setup = Setup::bare().endpoint(asking, []).stripe(&sim).handlers(handlers);
    let app = setup.config(|config| config.stripe_api_key = Some(key)).start().await;
    (sim, app, runs)
}

fn customer(sim: &Simulator) -> String {
    sim.emit(
        "customer.created",
        json!({ "id": "cus_1", "object": "customer", "created": 1_700_000_000, "name": "Ann" }),
    )
}

#[tokio::test]
async fn a_genuine_event_is_processed_with_what_stripe_tells() {
    let (sim, app, runs) = start().await;
    let id = customer(&sim);
    assert_eq!(app.post_with(&[], sim.event(&id).unwrap().to_string()).await.status, 200);
    // Nothing slow in the request: Stripe is asked by the worker.
    assert!(sim.requests().is_empty());
    app.run_workers().await;
    assert_eq!((app.status(&id), runs.load(Ordering::SeqCst)), (Status::Processed, 1));
    assert_eq!(app.object("cus_1").unwrap().json()["name"], "Ann");
    assert_eq!(sim.requests().len(), 1);
}

#[tokio::test]
async fn a_forged_event_reaches_neither_the_mirror_nor_a_handler() {
    let (sim, app, runs) = start().await;
    let id = customer(&sim);
    let mut changed = sim.event(&id).unwrap();
    changed["data"]["object"]["name"] = json!("Mallory");
    assert_eq!(app.post_with(&[], changed.to_string()).await.status, 200);
    assert_eq!(app.post_with(&[], event("evt_invented", "customer.created").to_string()).await.status, 200);
    app.run_workers().await;
    for (id, text) in [(id.as_str(), "otherwise"), ("evt_invented", "not Stripe's")] {
        let row = app.event(id);
        assert_eq!(row.status, Status::Dead, "{row:?}");
        assert!(row.last_error.unwrap().contains(text));
    }
    assert_eq!((app.object("cus_1").is_none(), runs.load(Ordering::SeqCst)), (true, 0));
}

#[tokio::test]
async fn while_stripe_is_down_the_event_waits_and_then_is_processed() {
    let (sim, app, runs) = start().await;
    let id = customer(&sim);
    sim.fail_next("GET", "/v1/events", ApiFault::Html(503), ATTEMPTS);
    assert_eq!(app.post_with(&[], sim.event(&id).unwrap().to_string()).await.status, 200);
    app.run_workers().await;
    let row = app.event(&id);
    assert_eq!((row.status, runs.load(Ordering::SeqCst)), (Status::Failed, 0));
    assert!(row.last_error.unwrap().contains("could not ask Stripe"));
    app.advance(60_000);
    app.run_workers().await;
    assert_eq!((app.status(&id), runs.load(Ordering::SeqCst)), (Status::Processed, 1));
}
