//! Which handlers run for an event, and in which order.

use std::sync::{Arc, Mutex};

use tollgate::models::events::Status;
use tollgate::{Handlers, Tollgate};

use crate::support::{Setup, event};

type Order = Arc<Mutex<Vec<String>>>;

fn noting(handlers: Handlers, order: &Order, name: &'static str, pattern: &str) -> Handlers {
    let order = Arc::clone(order);
    handlers.on_as(name, pattern, move |event, context| {
        let text = format!("{name} {} {}", event.id(), context.attempt());
        order.lock().unwrap().push(text);
        assert_eq!(context.idempotency_key(), format!("{}:{name}", event.id()));
        Ok(())
    })
}

fn recorded(order: &Order) -> Vec<String> {
    std::mem::take(&mut *order.lock().unwrap())
}

#[tokio::test]
async fn handlers_run_after_the_mirror_from_broad_to_narrow_as_registered() {
    let order = Order::default();
    let mut handlers = Handlers::new();
    for (name, pattern) in [
        ("exact", "customer.updated"),
        ("family", "customer"),
        ("second", "customer"),
        ("all", "*"),
        ("not", "invoice"),
    ] {
        handlers = noting(handlers, &order, name, pattern);
    }
    let handlers = handlers.on_as("sees_mirror", "customer", |event, context| {
        let id = event.data_object()["id"].as_str().unwrap_or_default().to_owned();
        let found = tollgate::models::mirror::find_anywhere(context.conn(), &id)?;
        found.map(drop).ok_or_else(|| "the mirror has no such object yet".into())
    });
    let app = Setup::new().handlers(handlers).start().await;
    app.deliver(&event("evt_1", "customer.updated")).await;
    assert_eq!(app.run_workers().await, 1);
    assert_eq!(recorded(&order), ["all evt_1 1", "family evt_1 1", "second evt_1 1", "exact evt_1 1"]);
    assert_eq!(app.status("evt_1"), Status::Processed);
    let names: Vec<String> = app.runs("evt_1").into_iter().map(|run| run.handler).collect();
    assert_eq!(names, ["all", "family", "second", "sees_mirror", "exact"]);
}

#[tokio::test]
async fn an_event_with_nothing_to_mirror_and_nobody_to_run_is_ignored() {
    let app = Setup::new().start().await;
    let mut payload = event("evt_1", "customer.created");
    payload["data"] = serde_json::json!({});
    app.deliver(&payload).await;
    app.run_workers().await;
    assert_eq!(app.status("evt_1"), Status::Ignored);
}

#[tokio::test]
async fn a_misspelt_event_type_stops_the_build_with_the_nearest_name() {
    let setup = Setup::new();
    let config = tollgate::Config::for_database(&setup.db().url_text()).unwrap();
    let handlers = Handlers::new().on_as("receipt", "invoice.payed", |_, _| Ok(()));
    let error = Tollgate::builder(config).handlers(handlers).build().await.err().unwrap().to_string();
    assert!(error.contains("receipt") && error.contains("invoice.paid"), "{error}");
}
