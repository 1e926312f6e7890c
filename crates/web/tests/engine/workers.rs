//! What handlers can rely on: the order, the transaction, the retries, the replay.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::prelude::*;
use tollgate::audit::Actor;
use tollgate::models::endpoints::Endpoint;
use tollgate::models::events::Status;
use tollgate::models::runs::Outcome;
use tollgate::{AnyConnection, Handlers, Tollgate, replay};

use crate::app::{App, config, customer_event};

diesel::table! {
    host_notes (id) {
        id -> Text,
    }
}

fn make_host_table(app: &App) {
    let mut conn = app.database.connect();
    diesel::sql_query("CREATE TABLE host_notes (id TEXT NOT NULL PRIMARY KEY)").execute(&mut conn).unwrap();
}

fn note(conn: &mut AnyConnection, id: &str) -> QueryResult<usize> {
    diesel::insert_into(host_notes::table).values(host_notes::id.eq(id)).execute(conn)
}

fn notes(app: &App) -> Vec<String> {
    host_notes::table.select(host_notes::id).order(host_notes::id).load(&mut app.database.connect()).unwrap()
}

async fn post(app: &App, endpoint: &Endpoint, id: &str, created: i64, email: &str) {
    let body = customer_event(id, created, email).to_string();
    assert_eq!(app.post_signed(endpoint, body.as_bytes()).await.status, 200);
}

#[actix_web::test]
async fn five_hundred_events_of_one_object_in_any_order_leave_the_newest() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let app = App::handling(Handlers::new().on_as("count", "customer", move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }))
    .await;
    let endpoint = app.endpoint().await;
    // 7 and 500 have no common divisor: every number once, in an order that is far from sorted.
    for step in 0..500 {
        let created = 1_000 + (step * 7) % 500;
        post(&app, &endpoint, &format!("evt_{created}"), created, &format!("{created}@example.com")).await;
        if step % 100 == 99 {
            app.run_workers().await;
        }
    }
    assert_eq!(app.mirrored("customer", "cus_1").await.unwrap()["email"], "1499@example.com");
    assert_eq!(calls.load(Ordering::Relaxed), 500);
    // It came in the second hundred, when newer ones had been applied.
    assert!(app.event("evt_1001").await.unwrap().superseded);
    assert!(!app.event("evt_1499").await.unwrap().superseded);
}

#[actix_web::test]
async fn handlers_run_after_the_mirror_from_broad_to_narrow_in_one_transaction() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let noted = |name: &'static str| {
        let order = Arc::clone(&order);
        move |event: &tollgate::Event, context: &mut tollgate::Context<'_>| {
            let found = tollgate::models::mirror::find(context.conn(), "customer", "cus_1")?;
            order.lock().unwrap().push((name, found.is_some()));
            note(context.conn(), &format!("{name} {}", event.id()))?;
            Ok(())
        }
    };
    let handlers = Handlers::new()
        .on_as("exact", "customer.updated", noted("exact"))
        .on_as("family", "customer", noted("family"))
        .on_as("any", "*", noted("any"))
        .on_as("other", "invoice", noted("other"));
    let app = App::handling(handlers).await;
    make_host_table(&app);
    let endpoint = app.endpoint().await;
    post(&app, &endpoint, "evt_1", 1, "a@example.com").await;
    app.run_workers().await;
    assert_eq!(*order.lock().unwrap(), [("any", true), ("family", true), ("exact", true)]);
    assert_eq!(notes(&app), ["any evt_1", "exact evt_1", "family evt_1"]);
}

#[actix_web::test]
async fn a_failing_handler_rolls_everything_back_and_is_tried_again_later() {
    let callbacks = Arc::new(AtomicUsize::new(0));
    let called_back = Arc::clone(&callbacks);
    let handlers = Handlers::new()
        .on_as("writes", "*", move |event, context| {
            let attempt = context.attempt();
            note(context.conn(), &format!("{} {attempt}", event.id()))?;
            let called_back = Arc::clone(&called_back);
            context.on_commit(move || {
                called_back.fetch_add(1, Ordering::Relaxed);
            });
            Ok(())
        })
        .on_as("fails twice", "customer", |_, context| match context.attempt() {
            1 => Err("the mail server is away".into()),
            2 => panic!("unexpected"),
            _ => Ok(()),
        });
    let app = App::handling(handlers).await;
    make_host_table(&app);
    let endpoint = app.endpoint().await;
    post(&app, &endpoint, "evt_1", 1, "a@example.com").await;

    app.run_workers().await;
    let event = app.event("evt_1").await.unwrap();
    assert_eq!((event.status, event.attempts), (Status::Failed, 1));
    assert_eq!(event.last_error.as_deref(), Some("fails twice: the mail server is away"));
    assert!(event.next_attempt_at > app.clock.now_millis());
    assert_eq!(notes(&app), [""; 0]);
    assert_eq!(app.mirrored("customer", "cus_1").await, None);
    assert_eq!(app.run_workers().await, 0, "it is not due yet");

    app.pass(Duration::from_secs(60));
    app.run_workers().await;
    app.pass(Duration::from_secs(600));
    app.run_workers().await;
    let event = app.event("evt_1").await.unwrap();
    assert_eq!((event.status, event.attempts), (Status::Processed, 3));
    assert_eq!(notes(&app), ["evt_1 3"]);
    assert_eq!(callbacks.load(Ordering::Relaxed), 1);
    let outcomes: Vec<_> = app.runs("evt_1").await.iter().map(|run| (run.handler.clone(), run.outcome)).collect();
    let expected = [
        ("writes", Outcome::RolledBack),
        ("fails twice", Outcome::Failed),
        ("writes", Outcome::RolledBack),
        ("fails twice", Outcome::Panicked),
        ("writes", Outcome::Succeeded),
        ("fails twice", Outcome::Succeeded),
    ];
    assert_eq!(outcomes, expected.map(|(name, outcome)| (name.to_owned(), outcome)));
}

#[actix_web::test]
async fn one_bad_event_costs_only_itself() {
    let handlers = Handlers::new().on_as("picky", "*", |event, context| {
        note(context.conn(), event.id())?;
        if event.id() == "evt_bad" { Err("no".into()) } else { Ok(()) }
    });
    let app = App::handling(handlers).await;
    make_host_table(&app);
    let endpoint = app.endpoint().await;
    for (created, id) in ["evt_a", "evt_bad", "evt_z"].into_iter().enumerate() {
        post(&app, &endpoint, id, created as i64, "a@example.com").await;
    }
    app.run_workers().await;
    assert_eq!(notes(&app), ["evt_a", "evt_z"]);
    assert_eq!(app.event("evt_bad").await.unwrap().status, Status::Failed);
}

#[actix_web::test]
async fn after_the_last_try_an_event_is_dead_until_it_is_replayed_or_sent_again() {
    let broken = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let still = Arc::clone(&broken);
    let handlers = Handlers::new()
        .on_as("broken", "*", move |_, _| if still.load(Ordering::Relaxed) { Err("broken".into()) } else { Ok(()) });
    let app = App::handling(handlers).await;
    let endpoint = app.endpoint().await;
    post(&app, &endpoint, "evt_1", 1, "a@example.com").await;
    for _ in 0..20 {
        app.run_workers().await;
        app.pass(Duration::from_secs(2 * 86_400));
    }
    let event = app.event("evt_1").await.unwrap();
    assert_eq!((event.status, event.attempts), (Status::Dead, 10));

    // Stripe's own resend opens it again.
    post(&app, &endpoint, "evt_1", 1, "a@example.com").await;
    app.run_workers().await;
    assert_eq!(app.event("evt_1").await.unwrap().attempts, 1);

    broken.store(false, Ordering::Relaxed);
    replay::one(&app.tollgate, "evt_1", &Actor::cli()).await.unwrap();
    app.run_workers().await;
    assert_eq!(app.event("evt_1").await.unwrap().status, Status::Processed);
    let causes: Vec<_> = app.runs("evt_1").await.iter().map(|run| run.cause.as_str()).collect();
    assert_eq!(causes[9..], ["retry", "resend", "replay"]);
}

#[actix_web::test]
async fn replay_runs_the_handlers_of_a_processed_event_again() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let app = App::handling(Handlers::new().on_as("count", "*", move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }))
    .await;
    let endpoint = app.endpoint().await;
    for number in 0..5 {
        post(&app, &endpoint, &format!("evt_{number}"), number, "a@example.com").await;
    }
    app.run_workers().await;
    replay::one(&app.tollgate, "evt_3", &Actor::cli()).await.unwrap();
    app.run_workers().await;
    assert_eq!(calls.load(Ordering::Relaxed), 6);
    let all = tollgate::models::events::Filter { type_: Some("customer".to_owned()), ..Default::default() };
    app.pass(Duration::from_secs(1));
    assert_eq!(replay::matching(&app.tollgate, all, &Actor::cli()).await.unwrap(), 5);
    app.run_workers().await;
    assert_eq!(calls.load(Ordering::Relaxed), 11);
    assert!(replay::one(&app.tollgate, "evt_none", &Actor::cli()).await.is_err());
}

#[actix_web::test]
async fn two_servers_on_one_database_process_each_event_once() {
    let app = App::start().await;
    make_host_table(&app);
    let endpoint = app.endpoint().await;
    for number in 0..200 {
        post(&app, &endpoint, &format!("evt_{number}"), number, "a@example.com").await;
    }
    let mut servers = Vec::new();
    for _ in 0..2 {
        let handlers = Handlers::new().on_as("once", "*", |event, context| {
            note(context.conn(), event.id())?;
            Ok(())
        });
        let builder = Tollgate::builder(config(&app.database, &app.sim)).handlers(handlers).clock(app.clock.clone());
        servers.push(builder.without_workers().build().await.unwrap());
    }
    let work = servers.iter().map(|server| {
        let server = server.clone();
        actix_web::web::block(move || server.workers().run_until_idle())
    });
    for done in futures_util::future::join_all(work).await {
        done.unwrap().unwrap();
    }
    assert_eq!(notes(&app).len(), 200);
    assert_eq!(app.event("evt_199").await.unwrap().status, Status::Processed);
}

#[actix_web::test]
async fn a_worker_that_died_gives_its_events_back() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    post(&app, &endpoint, "evt_1", 1, "a@example.com").await;
    let now = app.clock.now_millis();
    let claim = move |conn: &mut AnyConnection| {
        let claim = tollgate::models::claims::Claim { worker: "dead", now, until: now + 300_000 };
        tollgate::models::claims::claim(conn, claim, 10)
    };
    assert_eq!(app.tollgate.db().write(claim).await.unwrap().len(), 1);
    assert_eq!(app.run_workers().await, 0);
    app.pass(Duration::from_secs(301));
    assert_eq!(app.run_workers().await, 1);
    assert_eq!(app.event("evt_1").await.unwrap().status, Status::Processed);
}

#[actix_web::test]
async fn a_misspelt_event_type_is_refused_at_start_with_the_nearest_name() {
    let app = App::start().await;
    let handlers = Handlers::new().on_as("receipt", "invoice.payed", |_, _| Ok(()));
    let refused = Tollgate::builder(config(&app.database, &app.sim)).handlers(handlers).build().await;
    let text = refused.err().unwrap().to_string();
    assert!(text.contains("invoice.payed") && text.contains("\"invoice.paid\""), "{text}");
}
