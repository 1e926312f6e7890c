//! What is counted and measured: deliveries, events, handlers, tasks, Stripe, and trouble.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use serde_json::json;
use tollgate::models::claims::{self, Claim};
use tollgate::models::endpoints::{Endpoint, Validation};
use tollgate::models::{Error as DbError, Lane};
use tollgate::stripe::ApiKey;
use tollgate::{HandlerResult, Handlers, Task};
use tollgate_stripe_sim::{ApiFault, Simulator};

use crate::support::{ATTEMPTS, ENDPOINT, NOW, SECONDS, SECRET, Scrape, Setup, event, row, until, with_token};

fn setup() -> Setup {
    Setup::new().config(with_token)
}

#[tokio::test]
async fn every_delivery_is_counted_by_what_became_of_it() {
    let app = setup().start().await;
    let mut payload = event("evt_1", "customer.created");
    payload["created"] = json!(SECONDS - 90);
    app.deliver(&payload).await;
    app.deliver(&payload).await;
    app.post_with(&[], "junk").await;
    app.post_with(&[("stripe-signature", "t=1,v1=00")], "junk").await;
    app.post_body("no event").await;
    app.http.post("/stripe/webhooks/00000000-0000-4000-8000-000000000000", &[], "{}").await;
    let scrape = Scrape::of(&app).await;
    let counted = scrape.counts([
        "deliveries_received_total",
        "deliveries_stored_total{outcome=\"accepted\"}",
        "deliveries_stored_total{outcome=\"duplicate\"}",
        "deliveries_refused_total{reason=\"missing_signature\"}",
        "deliveries_refused_total{reason=\"no_matching_signature\"}",
        "deliveries_refused_total{reason=\"malformed_body\"}",
        "deliveries_unavailable_total{cause=\"database\"}",
    ]);
    assert_eq!(counted, [5, 1, 1, 1, 1, 1, 0]);
    let bytes = 2 * payload.to_string().len() + 4 + 4 + 8;
    assert_eq!(scrape.value("tollgate_delivery_body_bytes_total"), bytes as f64);
    let batches = ["intake_batch_deliveries_count", "intake_batch_deliveries_sum", "intake_commit_seconds_count"];
    assert_eq!(scrape.counts(batches), [5, 5, 5]);
    // A duplicate is no news: 90.25 s from its creation to its first arrival.
    let lag = ["event_lag_seconds_count", "event_lag_seconds_sum", "event_lag_seconds_bucket{le=\"60\"}"];
    assert_eq!(scrape.counts(lag), [1, 90, 0]);
}

#[tokio::test]
async fn what_is_not_taken_is_counted_by_its_cause() {
    let app = setup().start().await;
    let payload = event("evt_1", "customer.created");
    app.execute("ALTER TABLE deliveries RENAME TO deliveries_gone");
    assert_eq!(app.post_webhook(&payload).await.status, 503);
    app.execute("ALTER TABLE deliveries_gone RENAME TO deliveries");
    app.tollgate.shut_down(Duration::from_secs(5)).await;
    assert_eq!(app.post_webhook(&payload).await.status, 503);
    // A refusal stands whether or not it is logged.
    assert_eq!(app.post_with(&[], "junk").await.status, 400);
    let counted = Scrape::of(&app).await.counts([
        "deliveries_received_total",
        "deliveries_refused_total{reason=\"missing_signature\"}",
        "deliveries_unavailable_total{cause=\"database\"}",
        "deliveries_unavailable_total{cause=\"closing\"}",
        "deliveries_unavailable_total{cause=\"queue_full\"}",
        "deliveries_unavailable_total{cause=\"too_many_bodies\"}",
        "intake_commit_seconds_count",
    ]);
    assert_eq!(counted, [3, 1, 1, 1, 0, 0, 0]);
}

#[tokio::test]
async fn events_are_counted_by_their_end_with_retries_ties_and_superseded_ones() {
    let handlers = Handlers::new()
        .on_as(
            "fails_once",
            "customer.updated",
            |_, context| {
                if context.attempt() == 1 { Err("no".into()) } else { Ok(()) }
            },
        )
        .on_as("always_fails", "customer.deleted", |_, _| Err("no".into()))
        .on_as("panics", "invoice.paid", |_, _| panic!("no"));
    let delays = vec![Duration::from_secs(10)];
    let app = setup().handlers(handlers).config(|config| config.retry_delays = delays).start().await;
    let about = |id: &str, event_type: &str, object: &str, created: i64| {
        let mut payload = event(id, event_type);
        payload["created"] = json!(created);
        payload["data"]["object"]["id"] = json!(object);
        payload
    };
    app.deliver(&about("evt_new", "customer.created", "cus_1", SECONDS)).await;
    app.deliver(&about("evt_fails", "customer.updated", "cus_2", SECONDS)).await;
    app.deliver(&about("evt_dies", "customer.deleted", "cus_3", SECONDS)).await;
    app.deliver(&about("evt_panics", "invoice.paid", "cus_4", SECONDS)).await;
    let mut nothing = about("evt_nothing", "balance.available", "", SECONDS);
    nothing["data"]["object"] = json!({});
    app.deliver(&nothing).await;
    app.run_workers().await;
    app.deliver(&about("evt_old", "customer.created", "cus_1", SECONDS - 100)).await;
    app.deliver(&about("evt_tie", "customer.created", "cus_1", SECONDS)).await;
    app.advance(12_000);
    app.run_workers().await;
    let scrape = Scrape::of(&app).await;
    let counted = scrape.counts([
        "event_attempts_total{outcome=\"processed\"}",
        "event_attempts_total{outcome=\"ignored\"}",
        "event_attempts_total{outcome=\"failed\"}",
        "event_attempts_total{outcome=\"dead\"}",
        "event_retries_total",
        "events_superseded_total",
        "event_completion_seconds_count",
        "worker_batch_events_sum",
        "events{status=\"dead\"}",
        "queue_events",
    ]);
    assert_eq!(counted, [4, 1, 3, 2, 3, 1, 5, 10, 2, 0]);
    assert_eq!(scrape.value("tollgate_event_ties_total{settled_by=\"arrival\"}"), 1.0);
    // One of them was done at its second attempt, twelve seconds after it came.
    let waited = ["event_completion_seconds_bucket{le=\"5\"}", "event_completion_seconds_bucket{le=\"15\"}"];
    let [soon, later] = scrape.counts(waited);
    assert!(soon < later && later == 5);
    let runs = scrape.counts([
        "handler_runs_total{handler=\"fails_once\",outcome=\"failed\"}",
        "handler_runs_total{handler=\"fails_once\",outcome=\"succeeded\"}",
        "handler_runs_total{handler=\"panics\",outcome=\"panicked\"}",
        "handler_seconds_count{handler=\"fails_once\"}",
        "handler_seconds_count{handler=\"always_fails\"}",
    ]);
    assert_eq!(runs, [1, 1, 2, 2, 2]);
}

#[tokio::test]
async fn a_replay_of_an_old_event_is_no_slow_event() {
    let app = setup().start().await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.run_workers().await;
    app.advance(90 * 24 * 3_600_000);
    let request = tollgate::replay::Request::by_cli("a test");
    tollgate::replay::one(&app.tollgate, "evt_1", &request).await.unwrap();
    app.run_workers().await;
    let counted = ["event_attempts_total{outcome=\"processed\"}", "event_completion_seconds_count"];
    assert_eq!(Scrape::of(&app).await.counts(counted), [2, 1]);
}

async fn mails(task: Task) -> HandlerResult {
    if task.attempt() == 1 { Err("no".into()) } else { Ok(()) }
}

async fn never(_: Task) -> HandlerResult {
    Err("no".into())
}

#[tokio::test]
async fn tasks_are_counted_by_handler_and_end() {
    let handlers = Handlers::new().after_commit_as("mails", "customer", mails).after_commit_as("never", "*", never);
    let delays = vec![Duration::from_secs(10)];
    let app = setup().handlers(handlers).config(|config| config.retry_delays = delays).start().await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.run_workers().await;
    let waiting = ["tasks{status=\"waiting\"}", "tasks{status=\"failed\"}", "tasks{status=\"dead\"}"];
    assert_eq!(Scrape::of(&app).await.counts(waiting), [0, 2, 0]);
    app.advance(12_000);
    app.run_workers().await;
    let scrape = Scrape::of(&app).await;
    assert_eq!(scrape.counts(waiting), [0, 0, 1]);
    let counted = scrape.counts([
        "task_attempts_total{handler=\"mails\",outcome=\"failed\"}",
        "task_attempts_total{handler=\"mails\",outcome=\"succeeded\"}",
        "task_attempts_total{handler=\"never\",outcome=\"failed\"}",
        "task_attempts_total{handler=\"never\",outcome=\"dead\"}",
        "handler_runs_total{handler=\"never\",outcome=\"failed\"}",
        "handler_seconds_count{handler=\"mails\"}",
    ]);
    assert_eq!(counted, [1, 1, 1, 1, 2, 2]);
}

#[tokio::test]
async fn the_queue_is_read_when_somebody_looks_and_remembered_for_seconds() {
    let app = setup().start().await;
    let waiting = ["queue_events", "queue_oldest_seconds", "database_up"];
    app.deliver(&event("evt_1", "customer.created")).await;
    app.advance(3_000);
    assert_eq!(Scrape::of(&app).await.counts(waiting), [1, 3, 1]);
    app.deliver(&event("evt_2", "customer.created")).await;
    app.advance(4_999);
    // It is not counted again, but time goes on.
    assert_eq!(Scrape::of(&app).await.counts(waiting), [1, 7, 1]);
    app.advance(1);
    assert_eq!(Scrape::of(&app).await.counts(waiting), [2, 8, 1]);
}

#[tokio::test]
async fn a_scrape_tells_what_is_known_while_the_database_does_not_answer() {
    let app = setup().start().await;
    app.deliver(&event("evt_1", "customer.created")).await;
    let mut other = app.db.connect();
    let hold = |conn: &mut tollgate::AnyConnection, sql: &str| {
        diesel::connection::SimpleConnection::batch_execute(conn, sql).unwrap();
    };
    match app.db.url().is_sqlite() {
        // Readers pass a lock there.
        true => hold(&mut other, "ALTER TABLE events RENAME TO events_gone"),
        // It does not even refuse.
        false => hold(&mut other, "BEGIN; LOCK TABLE events"),
    }
    for _ in 0..2 {
        let scrape = Scrape::of(&app).await;
        assert_eq!(scrape.counts(["database_up", "deliveries_stored_total{outcome=\"accepted\"}"]), [0, 1]);
        assert!(!scrape.types.contains_key("tollgate_queue_events"));
    }
    match app.db.url().is_sqlite() {
        true => hold(&mut other, "ALTER TABLE events_gone RENAME TO events"),
        false => hold(&mut other, "ROLLBACK"),
    }
    until("it is seen again", async || {
        app.advance(5_000);
        (Scrape::of(&app).await.counts(["database_up"]) == [1]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn labels_come_from_us_and_never_from_what_is_delivered() {
    let name = "says \"hi\"\nand \\ more";
    let app = setup().handlers(Handlers::new().on_as(name, "*", |_, _| Ok(()))).start().await;
    let before = Scrape::of(&app).await;
    for number in 0..20 {
        app.deliver(&event(&format!("evt_{number}"), &format!("thing{number}.\"happened\""))).await;
        app.post_with(&[("stripe-signature", &format!("t={number},v1=\"{{}}"))], "x").await;
    }
    app.run_workers().await;
    app.advance(5_000);
    let after = Scrape::of(&app).await;
    assert_eq!(before.series.keys().collect::<Vec<_>>(), after.series.keys().collect::<Vec<_>>());
    let escaped = r#"handler_runs_total{handler="says \"hi\"\nand \\ more",outcome="succeeded"}"#;
    assert_eq!(after.counts([escaped]), [20]);
}

#[tokio::test]
async fn calls_of_stripe_are_counted_by_their_result() {
    let sim = Simulator::builder().seed(7).start().await.unwrap();
    let key = ApiKey::parse(&sim.api_key(&sim.account(), false)).unwrap();
    let asking = Endpoint { validation: Validation::RetrieveEvent, account: Some(sim.account()), ..row(ENDPOINT) };
    let setup = Setup::bare().endpoint(asking, [SECRET]).stripe(&sim).config(with_token);
    let app = setup.config(|config| config.stripe_api_key = Some(key)).start().await;
    app.deliver(&event("evt_unknown", "customer.created")).await;
    app.run_workers().await;
    sim.fail_next("GET", "/v1/events/evt_later", ApiFault::Truncated, ATTEMPTS);
    app.deliver(&event("evt_later", "customer.created")).await;
    app.run_workers().await;
    let counted = ["missing", "no_answer", "ok", "server_error"]
        .map(|result| format!("stripe_calls_total{{result=\"{result}\"}}"));
    let scrape = Scrape::of(&app).await;
    assert_eq!(counted.each_ref().map(|series| scrape.counts([series.as_str()])[0]), [1, 1, 0, 0]);
}

#[tokio::test]
async fn events_of_workers_that_are_gone_are_counted_when_they_are_taken_over() {
    let app = setup().start().await;
    app.deliver(&event("evt_1", "customer.created")).await;
    let claim = Claim { worker: "dead", now: NOW, until: NOW + 1000 };
    let claimed = app
        .tollgate
        .db()
        .blocking()
        .write(Lane::Ordinary, |conn| -> Result<_, DbError> { Ok(claims::claim(conn, claim, 10)?) });
    assert_eq!(claimed.unwrap().len(), 1);
    app.advance(1001);
    app.run_workers().await;
    assert_eq!(Scrape::of(&app).await.counts(["events_taken_back_total"]), [1]);
}

#[tokio::test]
async fn a_handler_that_does_not_end_is_counted_once() {
    // It goes on when the sender is gone.
    let (hold, held) = mpsc::channel::<()>();
    let (held, began) = (Mutex::new(held), Arc::new(AtomicBool::new(false)));
    let begins = Arc::clone(&began);
    let handlers = Handlers::new().on_as("hangs", "customer.updated", move |_, _| {
        if !begins.swap(true, Ordering::SeqCst) {
            assert!(held.lock().unwrap().recv().is_err());
        }
        Ok(())
    });
    let setup = setup().live().handlers(handlers).config(|config| {
        config.handler_deadline = Duration::from_millis(200);
        config.stuck_handler = tollgate::config::StuckHandler::Report;
    });
    let app = setup.start().await;
    app.deliver(&event("evt_1", "customer.updated")).await;
    until("the handler hangs", async || began.load(Ordering::SeqCst).then_some(())).await;
    let overdue = "handlers_overdue_total{handler=\"hangs\"}";
    until("it is counted", async || (Scrape::of(&app).await.counts([overdue]) == [1]).then_some(())).await;
    if !app.db.url().is_sqlite() {
        let broken = ["transactions_broken_off_total", "handler_runs_total{handler=\"hangs\",outcome=\"timed_out\"}"];
        until("it is broken off", async || (Scrape::of(&app).await.counts(broken) == [1, 1]).then_some(())).await;
    }
    drop(hold);
    assert_eq!(Scrape::of(&app).await.counts([overdue]), [1]);
}

#[tokio::test]
async fn answers_that_wait_for_handlers_are_counted_by_what_became_of_the_event() {
    let inline = Endpoint { inline_events: r#"["customer"]"#.to_owned(), ..row(ENDPOINT) };
    let handlers = Handlers::new().on_as("fails", "customer.deleted", |_, _| Err("no".into()));
    let setup = Setup::bare().endpoint(inline, [SECRET]).handlers(handlers).config(with_token);
    let app = setup.live().start().await;
    for (id, event_type, status) in
        [("evt_1", "customer.created", 200), ("evt_2", "customer.deleted", 500), ("evt_3", "invoice.paid", 200)]
    {
        assert_eq!(app.post_webhook(&event(id, event_type)).await.status, status, "{id}");
    }
    let counted = Scrape::of(&app).await.counts([
        "deliveries_stored_total{outcome=\"accepted\"}",
        "deliveries_inline_total{outcome=\"processed\"}",
        "deliveries_inline_total{outcome=\"failed\"}",
        "deliveries_inline_total{outcome=\"queued\"}",
    ]);
    assert_eq!(counted, [3, 1, 1, 0]);
}
