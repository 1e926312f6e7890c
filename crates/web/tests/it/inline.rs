//! Endpoints that answer only after their handlers have committed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tollgate::models::endpoints::Endpoint;
use tollgate::models::events::Status;
use tollgate::{Clock, Handlers};

use crate::support::{ENDPOINT, SECRET, Setup, TestApp, build, event, make_notes, note, row, until};

fn setup(handlers: Handlers) -> Setup {
    let inline = Endpoint { inline_events: r#"["customer"]"#.to_owned(), ..row(ENDPOINT) };
    let setup = Setup::bare().endpoint(inline, [SECRET]).handlers(handlers).live();
    make_notes(setup.db());
    setup
}

async fn start(handlers: Handlers) -> TestApp {
    setup(handlers).start().await
}

#[tokio::test]
async fn the_answer_follows_the_handlers_commit() {
    let app = start(Handlers::new().on("customer", note)).await;
    let answer = app.post_webhook(&event("evt_1", "customer.created")).await;
    assert_eq!((answer.status, answer.json()["processed"].clone()), (200, json!(true)));
    assert_eq!((app.status("evt_1"), app.count("notes")), (Status::Processed, 1));
    let other = app.post_webhook(&event("evt_2", "invoice.paid")).await;
    assert_eq!((other.status, other.json()["processed"].clone()), (200, json!(null)), "it did not ask for that");
    let again = app.post_webhook(&event("evt_1", "customer.created")).await;
    assert_eq!((again.status, again.json()["duplicate"].clone(), app.count("notes")), (200, json!(true), 1));
}

#[tokio::test]
async fn a_handler_that_fails_is_answered_with_500_until_it_succeeds() {
    let failing = Arc::new(AtomicBool::new(true));
    let fails = Arc::clone(&failing);
    let handlers = Handlers::new().on("customer", note).on_as("flaky", "customer.created", move |_, _| {
        if fails.load(Ordering::SeqCst) { Err("not yet".into()) } else { Ok(()) }
    });
    let app = start(handlers).await;
    let payload = event("evt_1", "customer.created");
    let answer = app.post_webhook(&payload).await;
    assert_eq!((answer.status, answer.json()["error"].clone()), (500, json!("handler_failed")));
    assert!(!answer.text().contains("not yet"), "what a handler says is nobody else's business");
    assert_eq!((app.status("evt_1"), app.count("notes")), (Status::Failed, 0));
    until("the log tells how it was answered", async || (app.only_delivery().http_status == 500).then_some(())).await;
    failing.store(false, Ordering::SeqCst);
    // Stripe sends it again.
    assert_eq!(app.post_webhook(&payload).await.status, 200);
    assert_eq!((app.status("evt_1"), app.count("notes")), (Status::Processed, 1));
}

#[tokio::test]
async fn when_the_time_is_up_it_is_answered_as_queued_and_goes_on() {
    let (hold, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let handlers = Handlers::new().on_as("waits", "customer", move |_, _| {
        assert!(held.lock().unwrap().recv().is_err());
        Ok(())
    });
    let app = setup(handlers).config(|config| config.inline_deadline = Duration::from_millis(300)).start().await;
    let answer = app.post_webhook(&event("evt_1", "customer.created")).await;
    assert_eq!((answer.status, answer.json()["processed"].clone()), (200, json!(false)));
    drop(hold);
    until("it is processed", async || (app.status("evt_1") == Status::Processed).then_some(())).await;
}

#[tokio::test]
async fn a_hundred_at_once_are_each_answered_after_their_own_commit() {
    let app = start(Handlers::new().on("customer", note)).await;
    let payloads: Vec<_> = (0..100).map(|number| event(&format!("evt_{number}"), "customer.updated")).collect();
    for answer in join_all(payloads.iter().map(|payload| app.post_webhook(payload))).await {
        assert_eq!((answer.status, answer.json()["processed"].clone()), (200, json!(true)));
    }
    assert_eq!((app.count("notes"), app.count("events WHERE status = 'processed'")), (100, 100));
}

#[tokio::test]
async fn the_same_event_at_once_on_many_connections_runs_once_and_all_are_told() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let handlers = Handlers::new().on_as("counts", "customer", move |_, context| {
        let counter = Arc::clone(&counter);
        context.on_commit(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        Ok(())
    });
    let app = start(handlers).await;
    let payload = event("evt_1", "customer.created");
    let answers = join_all((0..40).map(|_| app.post_webhook(&payload))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    until("the callback has run", async || (runs.load(Ordering::SeqCst) == 1).then_some(())).await;
}

#[tokio::test]
async fn an_event_that_another_process_works_on_is_waited_for_too() {
    let app = {
        let inline = Endpoint { inline_events: r#"["*"]"#.to_owned(), ..row(ENDPOINT) };
        Setup::bare()
            .endpoint(inline, [SECRET])
            .config(|config| config.inline_deadline = Duration::from_secs(9))
            .start()
    }
    .await;
    // A second instance with pools and threads of its own, as another process has them.
    let worker = build(app.tollgate.config().clone(), Clock::System, Handlers::new(), true).await;
    let answer = app.post_webhook(&event("evt_1", "customer.created")).await;
    assert_eq!((answer.status, answer.json()["processed"].clone()), (200, json!(true)));
    worker.shut_down(Duration::from_secs(5)).await;
}
