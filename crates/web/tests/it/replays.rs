//! Replay: of one event or many, of all handlers or one, for real or rolled back, and what is kept of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tollgate::audit::Actor;
use tollgate::models::audit;
use tollgate::models::events::{Filter, Status};
use tollgate::models::page::Cursor;
use tollgate::models::replays::{self, Replay};
use tollgate::{Error, Handlers, replay};

use crate::support::{Setup, TestApp, event, make_notes, note, note_as, until};

type Seen = Arc<Mutex<Vec<String>>>;

fn noting(handlers: Handlers, name: &'static str, pattern: &str, seen: &Seen) -> Handlers {
    let seen = Arc::clone(seen);
    handlers.on_as(name, pattern, move |event, _| {
        seen.lock().unwrap().push(format!("{name} {}", event.id()));
        Ok(())
    })
}

fn recorded(seen: &Seen) -> Vec<String> {
    std::mem::take(&mut *seen.lock().unwrap())
}

async fn deliver_many(app: &TestApp, count: usize, event_type: &str) {
    for number in 0..count {
        app.deliver(&event(&format!("evt_{number}"), event_type)).await;
    }
}

async fn work_off(app: &TestApp, filter: &Filter, request: &replay::Request) -> Replay {
    let number = replay::matching(&app.tollgate, filter, request).await.unwrap();
    replay::work_off(&app.tollgate, number, |_| {}).await.unwrap()
}

#[tokio::test]
async fn a_replay_runs_the_handlers_again_and_keeps_who_asked_and_why() {
    let seen = Seen::default();
    let app = Setup::new().handlers(noting(Handlers::new(), "all", "*", &seen)).start().await;
    deliver_many(&app, 2, "customer.created").await;
    app.run_workers().await;
    assert_eq!(recorded(&seen).len(), 2);
    let actor = Actor { name: "ann@example.com".to_owned(), ip: None };
    let request = replay::Request::new(actor, "the mail server was down");
    replay::one(&app.tollgate, "evt_1", &request).await.unwrap();
    assert_eq!(app.status("evt_1"), Status::Pending);
    app.run_workers().await;
    assert_eq!(recorded(&seen), ["all evt_1"]);
    let causes: Vec<&str> = app.runs("evt_1").iter().map(|run| run.cause.as_str()).collect();
    assert_eq!(causes, ["delivery", "replay"]);
    let entry = app.read(|conn| audit::list(conn, Some("evt_1"), Cursor::Newest, 10)).rows.remove(0);
    assert_eq!((entry.actor.as_str(), entry.detail.as_str()), ("ann@example.com", "the mail server was down"));
    let unknown = replay::one(&app.tollgate, "evt_none", &request).await;
    assert!(matches!(unknown, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_replay_of_one_handler_leaves_the_others_alone() {
    let seen = Seen::default();
    let handlers = noting(noting(Handlers::new(), "a", "*", &seen), "b", "customer", &seen);
    let app = Setup::new().handlers(handlers).start().await;
    deliver_many(&app, 1, "customer.created").await;
    app.run_workers().await;
    recorded(&seen);
    let only = |name: &str| replay::Request::by_cli("").only(Some(name.to_owned()));
    replay::one(&app.tollgate, "evt_0", &only("b")).await.unwrap();
    app.run_workers().await;
    assert_eq!((recorded(&seen), app.status("evt_0")), (vec!["b evt_0".to_owned()], Status::Processed));
    assert_eq!(app.event("evt_0").only_handler, None);
    let error = replay::one(&app.tollgate, "evt_0", &only("c")).await.unwrap_err().to_string();
    assert!(error.contains("there are a, b"), "{error}");
}

#[tokio::test]
async fn what_failed_in_a_replay_of_one_handler_is_tried_again_for_that_one() {
    let seen = Seen::default();
    let handlers = noting(Handlers::new(), "other", "*", &seen)
        .on_as("flaky", "customer", |_, context| if context.attempt() == 1 { Err("not yet".into()) } else { Ok(()) });
    let app = Setup::new().handlers(handlers).start().await;
    deliver_many(&app, 1, "customer.created").await;
    app.run_workers().await;
    app.advance(15_000);
    app.run_workers().await;
    recorded(&seen);
    replay::one(&app.tollgate, "evt_0", &replay::Request::by_cli("").only(Some("flaky".to_owned()))).await.unwrap();
    app.run_workers().await;
    assert_eq!(app.status("evt_0"), Status::Failed);
    app.advance(15_000);
    app.run_workers().await;
    assert_eq!((app.status("evt_0"), recorded(&seen).len()), (Status::Processed, 0));
}

#[tokio::test]
async fn many_events_are_put_back_in_the_background_and_the_count_is_kept() {
    let seen = Seen::default();
    let app = Setup::new().handlers(noting(Handlers::new(), "all", "*", &seen)).start().await;
    deliver_many(&app, 7, "customer.created").await;
    deliver_many_of(&app, "invoice.paid").await;
    app.run_workers().await;
    recorded(&seen);
    app.execute("DELETE FROM event_payloads WHERE event_id = 'evt_3'");
    let customers = Filter { type_: Some("customer".to_owned()), ..Filter::default() };
    let replay = work_off(&app, &customers, &replay::Request::by_cli("why not")).await;
    assert_eq!((replay.status, replay.replayed, replay.skipped), (replays::Status::Done, 6, 1));
    assert_eq!((replay.reason.as_str(), replay.actor.as_str()), ("why not", "cli"));
    app.run_workers().await;
    assert_eq!(recorded(&seen).len(), 6);
}

async fn deliver_many_of(app: &TestApp, event_type: &str) {
    app.deliver(&event("evt_of_another_type", event_type)).await;
}

#[tokio::test]
async fn a_replay_goes_on_after_its_process_is_gone_and_can_be_stopped() {
    let app = Setup::new().start().await;
    deliver_many(&app, 3, "customer.created").await;
    app.run_workers().await;
    let request = replay::Request::by_cli("");
    let first = replay::matching(&app.tollgate, &Filter::default(), &request).await.unwrap();
    let second = replay::matching(&app.tollgate, &Filter::default(), &request).await.unwrap();
    replay::stop(&app.tollgate, second, &Actor::cli()).await.unwrap();
    let again = replay::stop(&app.tollgate, second, &Actor::cli()).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
    // Whoever begins to work on this database goes on with what is unfinished.
    let config = app.tollgate.config().clone();
    let next = crate::support::build(config, tollgate::Clock::System, Handlers::new(), true).await;
    until("the replay is done", async || {
        let replay = replay::find(&app.tollgate, first).await.unwrap();
        (replay.status == replays::Status::Done).then_some(replay.replayed)
    })
    .await;
    next.shut_down(Duration::from_secs(5)).await;
    assert_eq!(replay::find(&app.tollgate, second).await.unwrap().status, replays::Status::Stopped);
    assert!(matches!(replay::find(&app.tollgate, 999).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_dry_run_tells_everything_and_changes_nothing() {
    let handlers = Handlers::new()
        .on_as("writes", "*", |event, context| {
            note(event, context)?;
            note_as(event, context, "twice")?;
            context.enqueue("mails", json!({}))
        })
        .task("mails", |_| async { Ok(()) });
    let setup = Setup::new().handlers(handlers);
    make_notes(setup.db());
    let app = setup.start().await;
    let mut payload = event("evt_1", "customer.updated");
    app.deliver(&payload).await;
    app.run_workers().await;
    payload["id"] = json!("evt_2");
    payload["created"] = json!(crate::support::SECONDS + 1);
    payload["data"]["object"]["name"] = json!("Zoë");
    app.deliver(&payload).await;
    let before = (app.count("notes"), app.count("tasks"), app.count("runs"), app.object("cus_evt_1").unwrap().data);
    let told = replay::dry_run(&app.tollgate, "evt_2", None).await.unwrap();
    assert_eq!((told.status.as_str(), told.mirrored, told.error), ("processed", "stored", None));
    let fields: Vec<_> = told.fields.iter().map(|change| (change.field.as_str(), change.after.clone())).collect();
    assert_eq!(fields, [("name", json!("Zoë"))]);
    let tables: Vec<_> =
        told.tables.iter().map(|table| (table.table.as_str(), table.inserted, table.updated, table.deleted)).collect();
    assert_eq!(tables, [("customers", 0, 1, 0), ("notes", 2, 0, 0)]);
    assert_eq!((told.handlers.len(), told.handlers[0].handler.as_str()), (1, "writes"));
    assert_eq!(told.tasks[0].idempotency_key, "evt_2:writes:1");
    let after = (app.count("notes"), app.count("tasks"), app.count("runs"), app.object("cus_evt_1").unwrap().data);
    assert_eq!((after, app.status("evt_2")), (before, Status::Pending));
    // Nothing of it is left in the connection either.
    app.run_workers().await;
    assert_eq!((app.status("evt_2"), app.count("notes")), (Status::Processed, 4));
    let told = replay::dry_run(&app.tollgate, "evt_2", None).await.unwrap();
    assert_eq!((told.mirrored, told.fields.len()), ("stored", 0));
}

#[tokio::test]
async fn a_dry_run_of_what_fails_tells_the_error() {
    let handlers = Handlers::new().on_as("writes", "*", note).on_as("fails", "customer", |_, _| Err("no".into()));
    let setup = Setup::new().handlers(handlers);
    make_notes(setup.db());
    let app = setup.start().await;
    app.deliver(&event("evt_1", "customer.created")).await;
    let told = replay::dry_run(&app.tollgate, "evt_1", None).await.unwrap();
    assert_eq!((told.status.as_str(), told.error.as_deref()), ("failed", Some("fails: no")));
    assert_eq!((told.tables.len(), told.fields.len()), (0, 0));
    let told = replay::dry_run(&app.tollgate, "evt_1", Some("writes")).await.unwrap();
    assert_eq!((told.status.as_str(), told.handlers.len()), ("processed", 1));
    assert!(matches!(replay::dry_run(&app.tollgate, "evt_none", None).await, Err(Error::NotFound(_))));
    assert_eq!(app.status("evt_1"), Status::Pending);
}
