//! Events that arrive in any order leave the mirror as the newest one says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::json;
use tollgate::Handlers;
use tollgate::models::events::Status;

use crate::support::{Payload, SECONDS, Setup, event};

const COUNT: i64 = 500;

fn change(number: i64) -> Payload {
    let mut payload = event(&format!("evt_{number:03}"), "customer.updated");
    payload["created"] = json!(SECONDS - COUNT + number);
    payload["data"]["object"]["id"] = json!("cus_1");
    payload["data"]["object"]["name"] = json!(format!("name {number}"));
    payload
}

#[tokio::test]
async fn five_hundred_events_of_one_object_in_random_order_leave_the_newest_and_run_each_handler_once() {
    let seen: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let runs = Arc::clone(&seen);
    let handlers = Handlers::new().on_as("count", "customer", move |event, _| {
        *runs.lock().unwrap().entry(event.id().to_owned()).or_default() += 1;
        Ok(())
    });
    let app = Setup::new().handlers(handlers).start().await;
    let mut payloads: Vec<Payload> = (1..=COUNT).map(change).collect();
    payloads.shuffle(&mut StdRng::seed_from_u64(7));
    for (number, some) in payloads.chunks(50).enumerate() {
        let answers = join_all(some.iter().map(|payload| app.post_webhook(payload))).await;
        assert!(answers.iter().all(|answer| answer.status == 200));
        // Some are processed before the others come.
        if number % 3 == 0 {
            app.run_workers().await;
        }
    }
    app.run_workers().await;
    let object = app.object("cus_1").unwrap();
    assert_eq!((object.json()["name"].clone(), object.as_of), (json!("name 500"), SECONDS));
    assert_eq!(object.event_id.as_deref(), Some("evt_500"));
    let seen = seen.lock().unwrap();
    assert_eq!((seen.len(), seen.values().max()), (COUNT as usize, Some(&1)));
    assert_eq!(app.count("events WHERE status = 'processed'"), COUNT);
}

#[tokio::test]
async fn older_content_is_superseded_and_a_deletion_stays() {
    let app = Setup::new().start().await;
    app.deliver(&change(400)).await;
    app.run_workers().await;
    app.deliver(&change(300)).await;
    app.run_workers().await;
    assert_eq!(app.object("cus_1").unwrap().json()["name"], "name 400");
    let (newer, older) = (app.event("evt_400"), app.event("evt_300"));
    assert_eq!((newer.superseded, older.superseded, older.status), (false, true, Status::Processed));

    let mut deleted = change(450);
    deleted["type"] = json!("customer.deleted");
    app.deliver(&deleted).await;
    app.run_workers().await;
    app.deliver(&change(449)).await;
    app.run_workers().await;
    assert!(app.object("cus_1").unwrap().deleted_at.is_some());
}

#[tokio::test]
async fn what_waits_is_processed_in_the_order_of_creation() {
    let order: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&order);
    let handlers = Handlers::new().on_as("note", "*", move |event, _| {
        seen.lock().unwrap().push(event.id().to_owned());
        Ok(())
    });
    let app = Setup::new().handlers(handlers).start().await;
    for number in [30, 10, 20] {
        app.deliver(&change(number)).await;
    }
    app.run_workers().await;
    assert_eq!(*order.lock().unwrap(), ["evt_010", "evt_020", "evt_030"]);
}
