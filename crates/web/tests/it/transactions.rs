//! What a handler does inside the event's transaction, and what it leaves for after the commit.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use diesel::{Connection, RunQueryDsl};
use tollgate::models::events::Status;
use tollgate::models::{AnyConnection, Error as DbError, Lane};
use tollgate::{Context, Event, HandlerResult, Handlers};

use crate::support::{Setup, TestApp, event, make_notes, note};

async fn app(handlers: Handlers) -> TestApp {
    let setup = Setup::new().handlers(handlers);
    make_notes(setup.db());
    setup.start().await
}

#[tokio::test]
async fn a_row_of_the_hosts_own_is_committed_together_with_the_event() {
    let app = app(Handlers::new().on("*", note)).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    assert_eq!(app.count("notes"), 0);
    app.run_workers().await;
    assert_eq!((app.count("notes WHERE event_id = 'evt_1'"), app.status("evt_1")), (1, Status::Processed));
}

#[tokio::test]
async fn on_commit_runs_after_the_commit_and_not_if_it_is_rolled_back() {
    let seen: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let setup = Setup::new();
    let database = setup.db().open();
    let noted = Arc::clone(&seen);
    let calls_back = move |event: &Event, context: &mut Context<'_>| -> HandlerResult {
        let (noted, database, id) = (Arc::clone(&noted), database.clone(), event.id().to_owned());
        context.on_commit(move || {
            // By another connection: it sees only what is committed.
            let found = database.read(|conn| tollgate::models::events::find(conn, &id)).unwrap();
            noted.lock().unwrap().push((id, found.unwrap().status.to_string()));
        });
        Ok(())
    };
    let handlers = Handlers::new()
        .on_as("calls_back", "*", calls_back)
        .on_as("fails", "customer.updated", |_, _| Err("no".into()));
    let app = setup.handlers(handlers).start().await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.deliver(&event("evt_2", "customer.updated")).await;
    app.run_workers().await;
    assert_eq!(*seen.lock().unwrap(), [("evt_1".to_owned(), "processed".to_owned())]);
}

#[tokio::test]
async fn a_panic_in_on_commit_harms_nobody_else() {
    let called = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&called);
    let handlers = Handlers::new().on_as("panics", "*", move |_, context| {
        let counter = Arc::clone(&counter);
        context.on_commit(|| panic!("after the commit"));
        context.on_commit(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        Ok(())
    });
    let app = app(handlers).await;
    for id in ["evt_1", "evt_2"] {
        app.deliver(&event(id, "customer.created")).await;
    }
    app.run_workers().await;
    assert_eq!(called.load(Ordering::SeqCst), 2);
    assert_eq!((app.status("evt_1"), app.status("evt_2")), (Status::Processed, Status::Processed));
}

#[tokio::test]
async fn a_failed_query_that_a_handler_swallows_does_not_pass_for_success() {
    let handlers = Handlers::new().on_as("first", "*", note).on_as("swallows", "customer.created", |_, context| {
        drop(diesel::sql_query("INSERT INTO no_such_table VALUES (1)").execute(context.conn()));
        Ok(())
    });
    let app = app(handlers).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.deliver(&event("evt_2", "customer.updated")).await;
    app.run_workers().await;
    // PostgreSQL undoes the whole savepoint, SQLite only the statement: either way status and rows agree.
    let done = app.status("evt_1") == Status::Processed;
    assert_eq!(app.count("notes WHERE event_id = 'evt_1'"), i64::from(done));
    assert_eq!(app.object("cus_evt_1").is_some(), done);
    assert_eq!((app.status("evt_2"), app.count("notes WHERE event_id = 'evt_2'")), (Status::Processed, 1));
}

fn nested(_: &Event, context: &mut Context<'_>) -> HandlerResult {
    context.conn().transaction(|conn: &mut AnyConnection| -> Result<(), diesel::result::Error> {
        diesel::sql_query("INSERT INTO notes (event_id, text) VALUES ('nested', 'x')").execute(conn)?;
        panic!("inside a transaction of the handler's own")
    })?;
    Ok(())
}

#[tokio::test]
async fn a_panic_inside_a_handlers_own_transaction_leaves_nothing_open() {
    let called = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&called);
    let handlers = Handlers::new().on_as("nested", "customer.created", nested).on_as("good", "*", move |_, context| {
        let counter = Arc::clone(&counter);
        context.on_commit(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        Ok(())
    });
    let app = app(handlers).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.deliver(&event("evt_2", "customer.updated")).await;
    app.run_workers().await;
    assert_eq!((app.status("evt_1"), app.status("evt_2")), (Status::Failed, Status::Processed));
    assert_eq!((app.count("notes"), app.object("cus_evt_1").is_some()), (0, false));
    assert_eq!((app.object("cus_evt_2").is_some(), called.load(Ordering::SeqCst)), (true, 1));
}

#[tokio::test]
async fn a_transaction_of_a_handlers_own_that_succeeds_or_is_rolled_back_is_part_of_the_events() {
    let handlers = Handlers::new().on_as("inner", "*", |_, context| {
        let note = |conn: &mut AnyConnection, text: &str| {
            diesel::sql_query(format!("INSERT INTO notes (event_id, text) VALUES ('e', '{text}')")).execute(conn)
        };
        context.conn().transaction(|conn| note(conn, "kept"))?;
        let undone = context.conn().transaction(|conn| {
            note(conn, "undone")?;
            Err::<(), _>(diesel::result::Error::RollbackTransaction)
        });
        assert!(undone.is_err());
        Ok(())
    });
    let app = app(handlers).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.run_workers().await;
    assert_eq!(
        (app.status("evt_1"), app.count("notes"), app.count("notes WHERE text = 'kept'")),
        (Status::Processed, 1, 1)
    );
}

#[tokio::test]
async fn a_transaction_that_a_handler_forgets_to_end_is_undone_and_fails_the_event() {
    let handlers = Handlers::new().on_as("forgets", "customer.created", |event, context| {
        type Transactions = <AnyConnection as Connection>::TransactionManager;
        <Transactions as diesel::connection::TransactionManager<AnyConnection>>::begin_transaction(context.conn())?;
        note(event, context)
    });
    let app = app(handlers).await;
    app.deliver(&event("evt_1", "customer.created")).await;
    app.deliver(&event("evt_2", "customer.updated")).await;
    app.run_workers().await;
    assert_eq!((app.status("evt_1"), app.status("evt_2")), (Status::Failed, Status::Processed));
    assert_eq!(app.count("notes"), 0);
    let written = app.tollgate.db().blocking().write(Lane::Ordinary, |_| Ok::<_, DbError>(()));
    assert!(written.is_ok());
}
