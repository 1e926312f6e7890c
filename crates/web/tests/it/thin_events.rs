//! Thin events: their object is fetched by the worker, mirrored, and given to handlers.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tollgate::models::endpoints::{Endpoint, Payload as Kind, Validation};
use tollgate::models::events::Status;
use tollgate::stripe::ApiKey;
use tollgate::{Handlers, Tollgate};
use tollgate_stripe_sim::{ApiFault, Simulator};

use crate::support::{ATTEMPTS, ENDPOINT, SECRET, Setup, TestApp, row};

type Seen = Arc<Mutex<Vec<(String, String)>>>;

async fn start(validation: Validation) -> (Simulator, TestApp, Seen) {
    let sim = Simulator::builder().seed(7).start().await.unwrap();
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    let handlers = Handlers::new().on_as("notes", ["v1.customer", "v2.core"], move |event, _| {
        let name = event.data_object()["name"].as_str().unwrap_or("none").to_owned();
        noted.lock().unwrap().push((event.type_().to_owned(), name));
        Ok(())
    });
    let key = ApiKey::parse(&sim.api_key(&sim.account(), false)).unwrap();
    let thin = Endpoint { payload: Kind::Thin, account: Some(sim.account()), validation, ..row(ENDPOINT) };
    let setup = Setup::bare().endpoint(thin, [SECRET]).stripe(&sim).handlers(handlers);
    let app = setup.config(|config| config.stripe_api_key = Some(key)).start().await;
    (sim, app, seen)
}

fn notification(id: &str, event_type: &str, url: Option<&str>) -> Value {
    let related = url.map(|url| json!({ "id": url.rsplit('/').next(), "type": "customer", "url": url }));
    json!({
        "id": id, "object": "v2.core.event", "type": event_type, "livemode": false,
        "created": "2026-11-23T05:50:46.250Z", "related_object": related,
    })
}

fn put_customer(sim: &Simulator, name: &str) {
    sim.put_object(json!({ "id": "cus_1", "object": "customer", "created": 1_700_000_000, "name": name }));
}

#[tokio::test]
async fn the_object_of_a_thin_event_is_fetched_mirrored_and_handled() {
    let (sim, app, seen) = start(Validation::VerifySignature).await;
    put_customer(&sim, "Ann");
    app.deliver(&notification("evt_1", "v1.customer.updated", Some("/v1/customers/cus_1"))).await;
    // Nothing slow in the request.
    assert!(sim.requests().is_empty());
    app.run_workers().await;
    let event = app.event("evt_1");
    assert_eq!((event.status, event.last_error), (Status::Processed, None));
    assert_eq!(app.object("cus_1").unwrap().json()["name"], "Ann");
    assert_eq!(*seen.lock().unwrap(), [("v1.customer.updated".to_owned(), "Ann".to_owned())]);
    assert_eq!(sim.requests().len(), 1);
}

#[tokio::test]
async fn an_event_without_an_object_or_with_one_that_is_gone_is_handled_without() {
    let (sim, app, seen) = start(Validation::VerifySignature).await;
    put_customer(&sim, "Ann");
    app.deliver(&notification("evt_1", "v1.customer.updated", Some("/v1/customers/cus_1"))).await;
    app.run_workers().await;
    app.advance(2000);
    app.deliver(&notification("evt_2", "v2.core.event_destination.ping", None)).await;
    app.deliver(&notification("evt_3", "v1.customer.updated", Some("/v1/customers/cus_none"))).await;
    app.deliver(&notification("evt_4", "v1.customer.deleted", Some("/v1/customers/cus_none"))).await;
    app.run_workers().await;
    for id in ["evt_2", "evt_3", "evt_4"] {
        assert_eq!(app.status(id), Status::Processed, "{:?}", app.event(id).last_error);
    }
    assert_eq!(seen.lock().unwrap().len(), 4);
    let gone = app.object("cus_none").unwrap();
    assert!(gone.deleted_at.is_some());
}

#[tokio::test]
async fn an_address_that_is_not_stripes_is_never_asked() {
    let (sim, app, seen) = start(Validation::VerifySignature).await;
    for (number, url) in
        ["https://evil.example/v1/customers/cus_1", "//evil.example/v1/x", "/v3/x", "/v1/../x"].iter().enumerate()
    {
        let id = format!("evt_{number}");
        app.deliver(&notification(&id, "v1.customer.updated", Some(url))).await;
        app.run_workers().await;
        let event = app.event(&id);
        assert_eq!(event.status, Status::Dead, "{url}");
        assert!(event.last_error.unwrap().contains("path"), "{url}");
    }
    assert!(sim.requests().is_empty() && seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn while_stripe_is_down_a_thin_event_waits_and_others_go_on() {
    let (sim, app, seen) = start(Validation::VerifySignature).await;
    put_customer(&sim, "Ann");
    sim.fail_next("GET", "/v1/customers", ApiFault::Html(503), ATTEMPTS);
    app.deliver(&notification("evt_1", "v1.customer.updated", Some("/v1/customers/cus_1"))).await;
    app.deliver(&crate::support::event("evt_2", "customer.created")).await;
    app.run_workers().await;
    assert_eq!((app.status("evt_1"), app.status("evt_2")), (Status::Failed, Status::Processed));
    app.advance(60_000);
    app.run_workers().await;
    assert_eq!((app.status("evt_1"), seen.lock().unwrap().len()), (Status::Processed, 1));
}

#[tokio::test]
async fn a_newer_snapshot_is_not_overwritten_by_what_was_fetched_before_it() {
    let (sim, app, _) = start(Validation::VerifySignature).await;
    put_customer(&sim, "fetched");
    app.deliver(&notification("evt_1", "v1.customer.updated", Some("/v1/customers/cus_1"))).await;
    let mut snapshot = crate::support::event("evt_2", "customer.updated");
    snapshot["created"] = json!(crate::support::SECONDS + 10);
    snapshot["data"]["object"]["id"] = json!("cus_1");
    snapshot["data"]["object"]["name"] = json!("newer");
    app.deliver(&snapshot).await;
    app.run_workers().await;
    assert_eq!(app.object("cus_1").unwrap().json()["name"], "newer");
}

#[tokio::test]
async fn a_misspelt_thin_type_stops_the_build() {
    let setup = Setup::new();
    let config = tollgate::Config::for_database(&setup.db().url_text()).unwrap();
    let handlers = Handlers::new().on_as("sync", "v1.custmer.created", |_, _| Ok(()));
    let error = Tollgate::builder(config).handlers(handlers).build().await.err().unwrap().to_string();
    assert!(error.contains("v1.customer.created"), "{error}");
}
