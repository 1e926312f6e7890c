//! Handlers that harm: one that fails beside others, one that does not end, one that ends the process, one that deletes the event.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use diesel::RunQueryDsl;
use tollgate::Handlers;
use tollgate::models::claims::{self, Claim};
use tollgate::models::events::Status;
use tollgate::models::runs::Outcome;
use tollgate::models::{Error as DbError, Lane};

use crate::support::{NOW, Setup, event, make_notes, note, until};

#[tokio::test]
async fn a_handler_that_fails_is_called_once_and_its_neighbours_are_done() {
    let calls: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&calls);
    let handlers = Handlers::new().on_as("writes", "*", note).on_as("fails", "customer.updated", move |event, _| {
        noted.lock().unwrap().push(event.id().to_owned());
        Err("no".into())
    });
    let setup = Setup::new().handlers(handlers);
    make_notes(setup.db());
    let app = setup.start().await;
    for number in 0..40 {
        let event_type = if number % 10 == 3 { "customer.updated" } else { "customer.created" };
        app.deliver(&event(&format!("evt_{number}"), event_type)).await;
    }
    assert_eq!(app.run_workers().await, 40);
    assert_eq!(calls.lock().unwrap().len(), 4, "each was called once: {calls:?}");
    assert_eq!((app.count("events WHERE status = 'processed'"), app.count("notes")), (36, 36));
    for id in ["evt_3", "evt_13", "evt_23", "evt_33"] {
        let outcomes: Vec<Outcome> = app.runs(id).iter().map(|run| run.outcome).collect();
        assert_eq!((app.status(id), outcomes), (Status::Failed, vec![Outcome::RolledBack, Outcome::Failed]));
    }
    assert_eq!(app.count("runs"), 36 + 8);
}

#[tokio::test]
async fn a_handler_that_deletes_its_event_is_rolled_back_and_harms_nobody() {
    let handlers = Handlers::new().on_as("deletes", "customer.updated", |event, context| {
        let sql = format!("DELETE FROM events WHERE id = '{}'", event.id());
        diesel::sql_query(sql).execute(context.conn())?;
        Ok(())
    });
    let app = Setup::new().live().handlers(handlers).start().await;
    app.deliver(&event("evt_1", "customer.updated")).await;
    app.deliver(&event("evt_2", "customer.created")).await;
    until("the other event is processed", async || (app.status("evt_2") == Status::Processed).then_some(())).await;
    until("it is recorded as failed", async || (app.status("evt_1") == Status::Failed).then_some(())).await;
    assert!(app.event("evt_1").last_error.unwrap().contains("deleted the event's own row"));
}

// PostgreSQL breaks the transaction off; SQLite cannot, and reports it.
#[tokio::test]
async fn a_handler_that_does_not_end_is_reported_and_does_not_hold_up_others_for_ever() {
    // It goes on when the sender is gone.
    let (hold, held) = mpsc::channel::<()>();
    let (held, began) = (Mutex::new(held), Arc::new(AtomicBool::new(false)));
    let begins = Arc::clone(&began);
    let handlers = Handlers::new().on_as("writes", "*", note).on_as("hangs", "customer.updated", move |_, _| {
        if !begins.swap(true, Ordering::SeqCst) {
            assert!(held.lock().unwrap().recv().is_err());
        }
        Ok(())
    });
    let setup = Setup::new().live().handlers(handlers).config(|config| {
        config.handler_deadline = Duration::from_millis(300);
        config.stuck_handler = tollgate::config::StuckHandler::Report;
        config.retry_delays = vec![Duration::from_millis(10)];
    });
    make_notes(setup.db());
    let app = setup.start().await;
    app.deliver(&event("evt_1", "customer.updated")).await;
    until("the handler hangs", async || began.load(Ordering::SeqCst).then_some(())).await;
    if app.db.url().is_sqlite() {
        until("it is reported", async || (!app.tollgate.workers().overdue().is_empty()).then_some(())).await;
        let overdue = app.tollgate.workers().overdue();
        assert_eq!((overdue[0].0.as_str(), overdue[0].1.as_str()), ("hangs", "evt_1"));
        drop(hold);
    }
    for number in 2..6 {
        let payload = event(&format!("evt_{number}"), "customer.created");
        until("it is taken", async || (app.post_webhook(&payload).await.status == 200).then_some(())).await;
    }
    until("everything is processed", async || (app.count("events WHERE status = 'processed'") == 5).then_some(()))
        .await;
    assert_eq!(app.count("notes"), 5);
    if !app.db.url().is_sqlite() {
        let runs = app.runs("evt_1");
        assert_eq!(runs[0].outcome, Outcome::TimedOut, "{runs:?}");
        assert!(runs[0].error.as_ref().unwrap().contains("0.3 s"), "{runs:?}");
    }
}

#[tokio::test]
async fn an_event_that_workers_die_of_is_dead_after_several_deaths_and_harms_no_other() {
    let app = Setup::new().start().await;
    app.deliver(&event("evt_poison", "customer.created")).await;
    for death in 1..=5 {
        let claim = Claim { worker: "killed", now: NOW + app.elapsed(), until: NOW + app.elapsed() + 1 };
        let claimed = app
            .tollgate
            .db()
            .blocking()
            .write(Lane::Ordinary, |conn| claims::claim(conn, claim, 10).map_err(DbError::from));
        assert_eq!(claimed.unwrap().len(), 1, "death {death}");
        app.advance(1);
        app.tollgate
            .db()
            .blocking()
            .write(Lane::Ordinary, |conn| claims::take_back_expired(conn, NOW + app.elapsed()))
            .unwrap();
    }
    app.deliver(&event("evt_good", "customer.created")).await;
    app.run_workers().await;
    let poison = app.event("evt_poison");
    assert_eq!((poison.status, app.status("evt_good")), (Status::Dead, Status::Processed));
    assert!(poison.last_error.unwrap().contains("died 5 times"));
}
