//! Handlers that fail: what is rolled back, what is recorded, and when the event is tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use tollgate::Handlers;
use tollgate::models::events::{Cause, Status};
use tollgate::models::runs::{Outcome, Run};

use crate::support::{NOW, Setup, TestApp, event, make_notes, note, note_as};

async fn app(handlers: Handlers, delays: &[u64]) -> TestApp {
    let delays = delays.iter().map(|seconds| Duration::from_secs(*seconds)).collect();
    let setup = Setup::new().handlers(handlers).config(|config| config.retry_delays = delays);
    make_notes(setup.db());
    setup.start().await
}

fn fails_until(attempt: i32) -> Handlers {
    Handlers::new().on_as("first", "*", note).on_as("second", "customer", move |event, context| {
        note_as(event, context, "second")?;
        if context.attempt() < attempt { Err(format!("attempt {} failed", context.attempt()).into()) } else { Ok(()) }
    })
}

fn outcomes(runs: &[Run]) -> Vec<(&str, i32, Outcome)> {
    runs.iter().map(|run| (run.handler.as_str(), run.attempt, run.outcome)).collect()
}

#[tokio::test]
async fn an_error_rolls_back_the_mirror_and_every_row_and_keeps_the_reason() {
    let app = app(fails_until(9), &[60]).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    assert_eq!(app.run_workers().await, 1);
    assert!(app.object("cus_evt_1").is_none());
    assert_eq!(app.count("notes"), 0);
    let row = app.event("evt_1");
    assert_eq!((row.status, row.attempts, row.cause), (Status::Failed, 1, Cause::Retry));
    assert_eq!(row.last_error.as_deref(), Some("second: attempt 1 failed"));
    assert!(row.claimed_by.is_none() && row.processed_at.is_none());
    let wait = row.next_attempt_at - NOW;
    assert!((48_000..=72_000).contains(&wait), "60 s with a fifth of jitter, not {wait} ms");
    let runs = app.runs("evt_1");
    assert_eq!(outcomes(&runs), [("first", 1, Outcome::RolledBack), ("second", 1, Outcome::Failed)]);
    assert_eq!((runs[0].error.as_deref(), runs[1].error.as_deref()), (None, Some("attempt 1 failed")));
}

#[tokio::test]
async fn an_event_succeeds_after_two_failures_and_its_effects_are_there_once() {
    let app = app(fails_until(3), &[10, 100, 1000]).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    for (wait, status) in [(0, Status::Failed), (12_000, Status::Failed), (120_000, Status::Processed)] {
        app.advance(wait);
        assert_eq!(app.run_workers().await, 1);
        assert_eq!(app.status("evt_1"), status);
        assert_eq!(app.run_workers().await, 0);
    }
    assert!(app.object("cus_evt_1").is_some());
    assert_eq!((app.count("notes"), app.count("notes WHERE text = 'second'")), (2, 1));
    let row = app.event("evt_1");
    assert_eq!((row.attempts, row.last_error), (3, None));
    assert_eq!(row.processed_at, Some(NOW + 132_000));
    let causes: Vec<&str> = app.runs("evt_1").iter().map(|run| run.cause.as_str()).collect();
    assert_eq!(causes, ["delivery", "delivery", "retry", "retry", "retry", "retry"]);
}

#[tokio::test]
async fn a_retry_is_not_made_before_its_time() {
    let app = app(fails_until(9), &[60]).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.run_workers().await;
    app.advance(47_000);
    assert_eq!(app.run_workers().await, 0);
    app.advance(25_001);
    assert_eq!(app.run_workers().await, 1);
}

#[tokio::test]
async fn after_the_last_try_an_event_is_dead_and_stays_so() {
    let app = app(fails_until(99), &[10, 10]).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    for _ in 0..3 {
        app.run_workers().await;
        app.advance(12_000);
    }
    let row = app.event("evt_1");
    assert_eq!((row.status, row.attempts), (Status::Dead, 3));
    assert_eq!(row.last_error.as_deref(), Some("second: attempt 3 failed"));
    app.advance(1_000_000_000);
    assert_eq!(app.run_workers().await, 0);
}

#[tokio::test]
async fn a_panic_is_a_failure_of_that_event_alone() {
    let handlers = Handlers::new().on_as("first", "*", note).on_as("panics", "customer.created", |event, _| {
        assert_ne!(event.id(), "evt_2", "cannot stand number two");
        Ok(())
    });
    let app = app(handlers, &[60]).await;
    for id in ["evt_1", "evt_2", "evt_3"] {
        app.deliver(&event(id, "customer.created")).await;
    }
    app.run_workers().await;
    let statuses = ["evt_1", "evt_2", "evt_3"].map(|id| app.status(id));
    assert_eq!(statuses, [Status::Processed, Status::Failed, Status::Processed]);
    let run = app.runs("evt_2").pop().unwrap();
    assert_eq!(run.outcome, Outcome::Panicked);
    assert!(run.error.unwrap().contains("cannot stand number two"));
    assert_eq!((app.count("notes"), app.object("cus_evt_2").is_some()), (2, false));
}

#[tokio::test]
async fn a_text_that_cannot_be_stored_or_has_no_end_does_not_stop_the_queue() {
    let handlers = Handlers::new().on_as("odd", "*", |_, _| Err(format!("nul \0 {}", "x".repeat(100_000)).into()));
    let app = app(handlers, &[]).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.run_workers().await;
    let error = app.event("evt_1").last_error.unwrap();
    assert!(error.starts_with("odd: nul ") && error.chars().count() < 5000, "{error:.100}");
}

#[tokio::test]
async fn the_schedule_of_retries_spans_three_days() {
    let attempts = Arc::new(AtomicI32::new(0));
    let seen = Arc::clone(&attempts);
    let handlers = Handlers::new().on_as("never", "*", move |_, context| {
        seen.store(context.attempt(), Ordering::SeqCst);
        Err("no".into())
    });
    let app = Setup::new().handlers(handlers).start().await;
    app.deliver(&event("evt_1", "customer.created")).await;
    while app.find_event("evt_1").unwrap().status != Status::Dead {
        app.run_workers().await;
        app.advance((app.event("evt_1").next_attempt_at - NOW - app.elapsed()).max(0));
    }
    assert_eq!(attempts.load(Ordering::SeqCst), 10);
    let hours = app.elapsed() / 3_600_000;
    assert!((50..90).contains(&hours), "{hours} h");
}
