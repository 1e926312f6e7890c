//! Tasks whose database fails at a bad moment, and those of processes that are gone: each is taken up again soon.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use tollgate::models::claims::Claim;
use tollgate::models::tasks::{self, Status};
use tollgate::models::{Error as DbError, Lane};
use tollgate::{Clock, Handlers};

use crate::support::{NOW, Setup, TestApp, build, event, until};

/// The status and the attempts of the only task.
fn the_task(app: &TestApp) -> Option<(Status, i32)> {
    let tasks = app.read(|conn| tasks::of_event(conn, "evt_1", 10));
    tasks.first().map(|task| (task.status, task.attempts))
}

async fn until_it_is(app: &TestApp, status: Status, attempts: i32) {
    until("the task gets there", async || (the_task(app) == Some((status, attempts))).then_some(())).await;
}

#[tokio::test]
async fn a_task_whose_end_cannot_be_recorded_is_recorded_later_and_not_run_twice() {
    let (go_on, held) = mpsc::channel::<()>();
    let (held, runs) = (Arc::new(Mutex::new(held)), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&runs);
    let handlers = Handlers::new().after_commit_as("mails", "customer", move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        let held = Arc::clone(&held);
        async move { Ok(tokio::task::spawn_blocking(move || held.lock().unwrap().recv()).await??) }
    });
    let app = Setup::new().live().handlers(handlers).start().await;
    app.deliver(&event("evt_1", "customer.created")).await;
    until("the task runs", async || (runs.load(Ordering::SeqCst) == 1).then_some(())).await;
    app.execute("ALTER TABLE runs RENAME TO runs_gone");
    go_on.send(()).unwrap();
    // It is not seen from outside that recording failed: it has had ample time to.
    let released = tokio::time::Instant::now();
    until("some time passes", async || (released.elapsed() > Duration::from_millis(300)).then_some(())).await;
    assert_eq!(the_task(&app), Some((Status::Running, 0)));
    app.execute("ALTER TABLE runs_gone RENAME TO runs");
    until_it_is(&app, Status::Succeeded, 1).await;
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn tasks_that_were_claimed_and_could_not_be_read_are_given_back() {
    let handlers = Handlers::new()
        .after_commit_as("mails", "customer", |task| async move {
            if task.attempt() == 1 { Err("once".into()) } else { Ok(()) }
        })
        .with_retries([Duration::from_secs(2)]);
    let app = Setup::new().live().handlers(handlers).start().await;
    app.deliver(&event("evt_1", "customer.created")).await;
    until_it_is(&app, Status::Failed, 1).await;
    app.execute("ALTER TABLE event_payloads RENAME TO payloads_gone");
    until_it_is(&app, Status::Running, 1).await;
    app.execute("ALTER TABLE payloads_gone RENAME TO event_payloads");
    until_it_is(&app, Status::Succeeded, 2).await;
}

#[tokio::test]
async fn what_a_process_that_is_gone_ran_on_sqlite_runs_again_at_once() {
    let handlers = || Handlers::new().after_commit_as("mails", "customer", |_| async { Ok(()) });
    let app = Setup::new().handlers(handlers()).start().await;
    if !app.db.url().is_sqlite() {
        // Another process may well run it: it is taken over when the claim ends.
        return;
    }
    app.deliver(&event("evt_1", "customer.created")).await;
    app.execute(
        "INSERT INTO tasks (event_id, handler, idempotency_key, status, attempts, cause, next_attempt_at, created_at) \
         VALUES ('evt_1', 'mails', 'evt_1:mails', 'pending', 0, 'delivery', 0, 0)",
    );
    let claim = Claim { worker: "killed", now: NOW, until: i64::MAX };
    let names = ["mails".to_owned()];
    let claimed = app
        .tollgate
        .db()
        .blocking()
        .write(Lane::Ordinary, |conn| tasks::claim(conn, claim, &names, 1).map_err(DbError::from));
    assert_eq!(claimed.unwrap().len(), 1);
    let next = build(app.tollgate.config().clone(), Clock::fixed(NOW), handlers(), true).await;
    until_it_is(&app, Status::Succeeded, 1).await;
    next.shut_down(Duration::from_secs(5)).await;
}
