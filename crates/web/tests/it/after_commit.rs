//! What runs after the commit: durable tasks, each with attempts, a time limit and an end of its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tollgate::models::events::Status as EventStatus;
use tollgate::models::runs::Outcome;
use tollgate::models::tasks::{self, Status, Task as Row};
use tollgate::{Error, HandlerResult, Handlers, Task, Tollgate, replay};

use crate::support::{Setup, TestApp, event, make_notes, note, until};

type Seen = Arc<Mutex<Vec<String>>>;

fn tasks_of(app: &TestApp, event: &str) -> Vec<Row> {
    app.read(|conn| tasks::of_event(conn, event, 100))
}

// Fails as often as it is told, then notes its idempotency key.
fn flaky(handlers: Handlers, name: &str, pattern: &str, failures: i32, seen: &Seen) -> Handlers {
    let seen = Arc::clone(seen);
    handlers.after_commit_as(name, pattern, move |task: Task| {
        let seen = Arc::clone(&seen);
        async move {
            if task.attempt() <= failures {
                return Err(format!("attempt {} failed", task.attempt()).into());
            }
            seen.lock().unwrap().push(task.idempotency_key().to_owned());
            Ok(())
        }
    })
}

async fn app(handlers: Handlers, delays: &[u64]) -> TestApp {
    let delays = delays.iter().map(|seconds| Duration::from_secs(*seconds)).collect();
    let setup = Setup::new().handlers(handlers).config(|config| config.retry_delays = delays);
    make_notes(setup.db());
    setup.start().await
}

#[tokio::test]
async fn a_task_runs_after_the_commit_and_is_tried_again_by_itself() {
    let seen = Seen::default();
    let handlers = flaky(Handlers::new().on_as("writes", "*", note), "mails", "customer", 2, &seen);
    let app = app(handlers, &[10, 100]).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.run_workers().await;
    // The event is done, whatever becomes of the task.
    assert_eq!((app.status("evt_1"), app.count("notes")), (EventStatus::Processed, 1));
    let task = &tasks_of(&app, "evt_1")[0];
    assert_eq!((task.status, task.attempts, task.last_error.as_deref()), (Status::Failed, 1, Some("attempt 1 failed")));
    for wait in [12_000, 120_000] {
        assert_eq!(app.run_workers().await, 0);
        app.advance(wait);
        assert_eq!(app.run_workers().await, 1);
    }
    assert_eq!(*seen.lock().unwrap(), ["evt_1:mails"]);
    assert_eq!((tasks_of(&app, "evt_1")[0].status, app.count("notes")), (Status::Succeeded, 1));
    let runs = app.runs("evt_1");
    let told: Vec<(&str, i32, Outcome)> =
        runs.iter().map(|run| (run.handler.as_str(), run.attempt, run.outcome)).collect();
    let expected = [
        ("writes", 1, Outcome::Succeeded),
        ("mails", 1, Outcome::Failed),
        ("mails", 2, Outcome::Failed),
        ("mails", 3, Outcome::Succeeded),
    ];
    assert_eq!(told, expected);
    assert!(runs[1..].iter().all(|run| run.task_id == Some(task.id)));
}

#[tokio::test]
async fn an_event_that_fails_leaves_no_task() {
    let seen = Seen::default();
    let handlers = Handlers::new().on_as("fails", "*", |_, context| {
        context.enqueue("mails", json!({}))?;
        if context.attempt() == 1 { Err("no".into()) } else { Ok(()) }
    });
    let app = app(flaky(handlers, "mails", "customer", 0, &seen), &[10]).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.run_workers().await;
    assert_eq!((tasks_of(&app, "evt_1").len(), app.status("evt_1")), (0, EventStatus::Failed));
    app.advance(12_000);
    app.run_workers().await;
    let mut keys = seen.lock().unwrap().clone();
    keys.sort();
    assert_eq!(keys, ["evt_1:fails:1", "evt_1:mails"]);
}

#[tokio::test]
async fn a_task_gets_what_was_given_along_and_reads_the_database() {
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    let handlers = Handlers::new()
        .on_as("asks", "customer", |_, context| {
            assert_eq!(context.account(), Some("acct_ours"));
            context.enqueue("greets", json!({ "words": ["hello", "Zoë"] }))?;
            context.enqueue("greets", json!({ "words": [] }))
        })
        .task("greets", move |task: Task| {
            let noted = Arc::clone(&noted);
            async move {
                #[derive(serde::Deserialize)]
                struct Given {
                    words: Vec<String>,
                }
                let (given, id) = (task.payload::<Given>()?, task.event().id().to_owned());
                let event = task.db().read(move |conn| tollgate::models::events::find(conn, &id)).await?;
                let status = event.ok_or("no such event")?.status;
                noted.lock().unwrap().push(format!("{} {status} {:?}", given.words.join(" "), task.account()));
                Ok(())
            }
        });
    let app = app(handlers, &[]).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.run_workers().await;
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    assert_eq!(seen, [r#" processed Some("acct_ours")"#, r#"hello Zoë processed Some("acct_ours")"#]);
}

#[tokio::test]
async fn a_task_that_nobody_registered_fails_the_handler_that_asks_for_it() {
    let handlers = Handlers::new().on_as("asks", "*", |_, context| context.enqueue("greets", ()));
    let app = app(handlers, &[]).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.run_workers().await;
    let error = app.event("evt_1").last_error.unwrap();
    assert!(error.contains("greets") && error.contains("Handlers::task"), "{error}");
}

async fn panics(_: Task) -> HandlerResult {
    panic!("in a task")
}

async fn sleeps(_: Task) -> HandlerResult {
    std::future::pending().await
}

#[tokio::test]
async fn a_task_that_panics_or_takes_too_long_fails_alone() {
    let seen = Seen::default();
    let handlers = Handlers::new()
        .after_commit("customer", panics)
        .after_commit("customer", sleeps)
        .with_deadline(Duration::from_millis(50))
        .with_retries([]);
    let app = app(flaky(handlers, "mails", "customer", 0, &seen), &[10]).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.run_workers().await;
    let ends: Vec<(String, Status)> =
        tasks_of(&app, "evt_1").into_iter().map(|task| (task.handler, task.status)).collect();
    let expected = [
        ("after_commit::panics".to_owned(), Status::Failed),
        ("after_commit::sleeps".to_owned(), Status::Dead),
        ("mails".to_owned(), Status::Succeeded),
    ];
    assert_eq!(ends, expected);
    let outcome = |handler: &str| {
        let run = app.runs("evt_1").into_iter().find(|run| run.handler == handler).unwrap();
        (run.outcome, run.error.unwrap_or_default())
    };
    assert_eq!(outcome("after_commit::panics"), (Outcome::Panicked, "the handler panicked: in a task".to_owned()));
    assert_eq!(outcome("after_commit::sleeps").0, Outcome::TimedOut);
}

#[tokio::test]
async fn a_replay_runs_the_tasks_again_under_the_same_key() {
    let seen = Seen::default();
    let app = app(flaky(Handlers::new(), "mails", "customer", 0, &seen), &[]).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.run_workers().await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.run_workers().await;
    assert_eq!(seen.lock().unwrap().len(), 1, "a duplicate runs nothing");
    replay::one(&app.tollgate, "evt_1", &replay::Request::by_cli("it was lost")).await.unwrap();
    app.run_workers().await;
    assert_eq!(*seen.lock().unwrap(), ["evt_1:mails", "evt_1:mails"]);
    assert_eq!(tasks_of(&app, "evt_1").len(), 1);
}

#[tokio::test]
async fn a_death_is_told_to_those_who_asked() {
    let seen = Seen::default();
    let told = Arc::clone(&seen);
    let handlers = Handlers::new()
        .on_as("fails", "customer.updated", |_, _| Err("never".into()))
        .after_commit_as("gives_up", "customer.created", |_| async { Err("no".into()) })
        .with_retries([])
        .after_commit_as("alerts", ["tollgate.event.dead", "tollgate.task.dead"], move |task: Task| {
            let told = Arc::clone(&told);
            async move {
                let object = task.event().data_object();
                told.lock().unwrap().push(format!("{} {} {}", task.event().type_(), object["id"], object["error"]));
                Ok(())
            }
        });
    let app = app(handlers, &[]).await;
    app.deliver(&event("evt_1", "customer.updated")).await;
    app.deliver(&event("evt_2", "customer.created")).await;
    app.run_workers().await;
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!(seen[0], r#"tollgate.event.dead "evt_1" "fails: never""#);
    assert!(seen[1].starts_with("tollgate.task.dead") && seen[1].ends_with(r#""no""#), "{seen:?}");
}

#[tokio::test]
async fn what_tollgate_tells_itself_cannot_be_handled_in_a_transaction() {
    let setup = Setup::new();
    let config = tollgate::Config::for_database(&setup.db().url_text()).unwrap();
    let handlers = Handlers::new().on_as("alerts", "tollgate.event.dead", |_, _| Ok(()));
    let error = Tollgate::builder(config).handlers(handlers).build().await.err();
    assert!(matches!(&error, Some(Error::BadRequest(text)) if text.contains("after_commit")), "{error:?}");
}

#[tokio::test]
async fn tasks_run_by_themselves_several_at_a_time_and_stop_in_good_order() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let handlers = Handlers::new().after_commit_as("works", "customer", move |_| {
        let (now, peak) = (Arc::clone(&now), Arc::clone(&peak));
        async move {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Ends once another one has run beside it.
            while peak.load(Ordering::SeqCst) < 2 {
                tokio::task::yield_now().await;
            }
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
    });
    let app = Setup::new().live().handlers(handlers).config(|config| config.task_places = 3).start().await;
    for number in 0..20 {
        app.deliver(&event(&format!("evt_{number}"), "customer.created")).await;
    }
    until("every task has succeeded", async || (app.count("tasks WHERE status = 'succeeded'") == 20).then_some(()))
        .await;
    assert!((2..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    app.tollgate.shut_down(Duration::from_secs(5)).await;
    assert_eq!(app.count("tasks WHERE claimed_by IS NOT NULL"), 0);
}
