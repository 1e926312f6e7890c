//! The same event more than once, at once, through two endpoints, or resent by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::json;
use tollgate::Handlers;
use tollgate::models::deliveries::Outcome;
use tollgate::models::events::Status;

use crate::support::{SECONDS, SECRET, Setup, event, row, sign_at};

const SECOND_ENDPOINT: &str = "0a4f6a2e-8a55-4c3b-8b5d-5a1f6f3d2b22";

fn counting(runs: &Arc<AtomicUsize>) -> Handlers {
    let runs = Arc::clone(runs);
    Handlers::new().on_as("count", "*", move |_, _| {
        runs.fetch_add(1, Ordering::SeqCst);
        Ok(())
    })
}

#[tokio::test]
async fn an_event_that_comes_fifty_times_at_once_is_stored_and_handled_once() {
    let runs = Arc::default();
    let app = Setup::new().handlers(counting(&runs)).start().await;
    let payload = event("evt_1", "customer.created");
    let answers = join_all((0..50).map(|_| app.post_webhook(&payload))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let fresh = answers.iter().filter(|answer| answer.json()["duplicate"] == json!(false)).count();
    assert_eq!(fresh, 1);
    app.run_workers().await;
    assert_eq!((app.count("events"), app.count("event_payloads")), (1, 1));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    let rows = app.deliveries();
    assert_eq!(rows.len(), 50);
    assert_eq!(rows.iter().filter(|row| row.outcome == Outcome::Accepted).count(), 1);
}

#[tokio::test]
async fn the_same_event_through_two_endpoints_counts_once() {
    let runs = Arc::default();
    let app = Setup::new().endpoint(row(SECOND_ENDPOINT), [SECRET]).handlers(counting(&runs)).start().await;
    let payload = event("evt_1", "customer.created");
    app.deliver(&payload).await;
    let body = payload.to_string();
    let signature = sign_at(SECRET, SECONDS, body.as_bytes());
    let path = format!("/stripe/webhooks/{SECOND_ENDPOINT}");
    let answer = app.http.post(&path, &[("stripe-signature", &signature)], body).await;
    assert_eq!(answer.json(), json!({ "received": true, "id": "evt_1", "duplicate": true }));
    app.run_workers().await;
    assert_eq!((app.count("events"), runs.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_processed_event_that_is_signed_anew_is_a_duplicate_and_not_handled_again() {
    let runs = Arc::default();
    let app = Setup::new().handlers(counting(&runs)).start().await;
    let payload = event("evt_1", "customer.created");
    app.deliver(&payload).await;
    app.run_workers().await;
    app.advance(3_600_000);
    let answer = app.post_webhook(&payload).await;
    assert_eq!((answer.status, answer.json()["duplicate"].clone()), (200, json!(true)));
    assert_eq!(app.run_workers().await, 0);
    assert_eq!((app.status("evt_1"), runs.load(Ordering::SeqCst)), (Status::Processed, 1));
}

#[tokio::test]
async fn resending_an_event_that_failed_or_is_dead_has_it_tried_again_at_once() {
    for delays in [vec![std::time::Duration::from_secs(3600)], vec![]] {
        let first = Arc::new(AtomicUsize::new(0));
        let failing = Arc::clone(&first);
        let handlers = Handlers::new().on_as("fails_once", "*", move |_, _| {
            if failing.fetch_add(1, Ordering::SeqCst) == 0 { Err("not yet".into()) } else { Ok(()) }
        });
        let expected = if delays.is_empty() { Status::Dead } else { Status::Failed };
        let app = Setup::new().handlers(handlers).config(|config| config.retry_delays = delays).start().await;
        let payload = event("evt_1", "customer.created");
        app.deliver(&payload).await;
        app.run_workers().await;
        assert_eq!(app.status("evt_1"), expected);
        let answer = app.post_webhook(&payload).await;
        assert_eq!((answer.status, answer.json()["duplicate"].clone()), (200, json!(true)));
        assert_eq!(app.run_workers().await, 1);
        assert_eq!(app.status("evt_1"), Status::Processed);
        let causes: Vec<&str> = app.runs("evt_1").iter().map(|run| run.cause.as_str()).collect();
        assert_eq!(causes, ["delivery", "resend"]);
    }
}
