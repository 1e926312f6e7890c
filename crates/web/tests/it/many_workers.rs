//! Several workers at one queue, in one process and in several, and workers that die.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tollgate::models::claims::{self, Claim};
use tollgate::models::events::{self, Status};
use tollgate::models::{Error as DbError, Lane};
use tollgate::{Clock, Handlers};

use crate::support::{NOW, Setup, TestApp, build, event, until};

const LEASE: i64 = 5 * 60 * 1000;

type Seen = Arc<Mutex<HashMap<String, usize>>>;

fn counting(seen: &Seen) -> Handlers {
    let seen = Arc::clone(seen);
    Handlers::new().on_as("count", "*", move |event, context| {
        let (seen, id) = (Arc::clone(&seen), event.id().to_owned());
        context.on_commit(move || *seen.lock().unwrap().entry(id).or_default() += 1);
        Ok(())
    })
}

async fn deliver_many(app: &TestApp, count: usize) {
    let payloads: Vec<_> = (0..count).map(|number| event(&format!("evt_{number}"), "customer.created")).collect();
    for some in payloads.chunks(50) {
        assert!(join_all(some.iter().map(|one| app.post_webhook(one))).await.iter().all(|answer| answer.status == 200));
    }
}

async fn all_processed(app: &TestApp, count: usize) {
    until("every event is processed", async || {
        (app.count("events WHERE status = 'processed'") == count as i64).then_some(())
    })
    .await;
}

#[tokio::test]
async fn several_threads_process_each_event_once() {
    let seen = Seen::default();
    let app = Setup::new().live().config(|config| config.workers = 4).handlers(counting(&seen)).start().await;
    deliver_many(&app, 200).await;
    all_processed(&app, 200).await;
    until("every callback was called", async || (seen.lock().unwrap().len() == 200).then_some(())).await;
    assert_eq!(app.count("runs"), 200);
    assert!(seen.lock().unwrap().values().all(|times| *times == 1));
}

#[tokio::test]
async fn two_processes_on_one_database_process_each_event_once() {
    let seen = Seen::default();
    let app = Setup::new().live().handlers(counting(&seen)).start().await;
    // A second instance with pools and threads of its own, as another process has them.
    let second = build(app.tollgate.config().clone(), Clock::System, counting(&seen), true).await;
    deliver_many(&app, 200).await;
    all_processed(&app, 200).await;
    second.shut_down(Duration::from_secs(5)).await;
    assert_eq!(app.count("runs"), 200);
    assert!(seen.lock().unwrap().values().all(|times| *times == 1));
}

fn claim_as(app: &TestApp, worker: &str, limit: i64) -> usize {
    let claim = Claim { worker, now: NOW + app.elapsed(), until: NOW + app.elapsed() + LEASE };
    let claimed = app
        .tollgate
        .db()
        .blocking()
        .write(Lane::Ordinary, |conn| claims::claim(conn, claim, limit).map_err(DbError::from));
    claimed.unwrap().len()
}

#[tokio::test]
async fn what_a_dead_worker_had_is_taken_over_when_its_lease_ends() {
    let app = Setup::new().start().await;
    deliver_many(&app, 2).await;
    assert_eq!(claim_as(&app, "killed", 10), 2);
    assert_eq!(app.run_workers().await, 0);
    app.advance(LEASE - 1);
    assert_eq!(app.run_workers().await, 0);
    app.advance(1);
    assert_eq!(app.run_workers().await, 2);
    let row = app.event("evt_0");
    assert_eq!((row.status, row.attempts, row.claimed_by), (Status::Processed, 1, None));
}

#[tokio::test]
async fn a_process_that_starts_takes_over_at_once_what_is_free() {
    let app = Setup::new().start().await;
    deliver_many(&app, 2).await;
    assert_eq!(claim_as(&app, "killed", 10), 2);
    let started = Instant::now();
    let next = build(app.tollgate.config().clone(), Clock::fixed(NOW + LEASE), Handlers::new(), true).await;
    all_processed(&app, 2).await;
    assert!(started.elapsed() < Duration::from_secs(4), "it took {:?}", started.elapsed());
    next.shut_down(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_worker_that_lost_its_claim_rolls_back_what_it_did() {
    let stolen = Arc::new(AtomicBool::new(false));
    let seen = Seen::default();
    let thief = Arc::clone(&stolen);
    let setup = Setup::new();
    let (one_writer, database) = (setup.db().url().is_sqlite(), setup.db().open());
    let handlers = counting(&seen).on_as("slow", "*", move |event, context| {
        if !thief.swap(true, Ordering::SeqCst) {
            // As if the lease had ended meanwhile and another worker had taken the event over.
            let sql = format!("UPDATE events SET claimed_by = 'thief' WHERE id = '{}'", event.id());
            let steal = |conn: &mut tollgate::AnyConnection| {
                diesel::RunQueryDsl::execute(diesel::sql_query(&sql), conn).map(drop)
            };
            // SQLite lets nobody else write meanwhile.
            if one_writer { steal(context.conn())? } else { database.write(Lane::Ordinary, steal)? }
        }
        Ok(())
    });
    let app = setup.handlers(handlers).start().await;
    deliver_many(&app, 1).await;
    app.run_workers().await;
    if !one_writer {
        assert!(app.object("cus_evt_0").is_none() && app.runs("evt_0").is_empty());
        assert!(seen.lock().unwrap().is_empty());
        let row = app.event("evt_0");
        assert_eq!((row.status, row.claimed_by.as_deref()), (Status::Processing, Some("thief")));
        app.advance(LEASE);
        assert_eq!(app.run_workers().await, 1);
    }
    assert_eq!((app.status("evt_0"), seen.lock().unwrap().len()), (Status::Processed, 1));
}

#[tokio::test]
async fn stopping_gives_back_what_was_not_done() {
    // Handlers go on when the sender is gone.
    let (hold, held) = mpsc::channel::<()>();
    let (held, armed, waiting) = (Mutex::new(held), Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (arm, waits) = (Arc::clone(&armed), Arc::clone(&waiting));
    let handlers = Handlers::new().on_as("waits", "*", move |_, _| {
        if armed.load(Ordering::SeqCst) {
            waits.store(true, Ordering::SeqCst);
            assert!(held.lock().unwrap().recv().is_err());
        }
        Ok(())
    });
    let app = Setup::new().handlers(handlers).live().start().await;
    // On SQLite nothing is taken in while the handler waits, so all of them are there before.
    deliver_many(&app, 3).await;
    all_processed(&app, 3).await;
    arm.store(true, Ordering::SeqCst);
    let (database, now) = (app.tollgate.db().blocking(), app.tollgate.clock().now_millis());
    let again = database.write(Lane::Ordinary, |conn| events::replay(conn, &["evt_0", "evt_1", "evt_2"], None, now));
    assert_eq!(again.unwrap(), 3);
    until("a handler runs", async || waiting.load(Ordering::SeqCst).then_some(())).await;
    let tollgate = app.tollgate.clone();
    let stopping = tokio::spawn(async move { tollgate.shut_down(Duration::from_secs(20)).await });
    until("it refuses new events", async || {
        (app.post_webhook(&event("evt_late", "customer.created")).await.status == 503).then_some(())
    })
    .await;
    drop(hold);
    stopping.await.unwrap();
    let done = app.count("events WHERE status = 'processed'");
    assert!(done >= 1);
    assert_eq!(app.count("events WHERE status = 'pending'"), app.count("events") - done);
    assert_eq!(app.count("events WHERE claimed_by IS NOT NULL"), 0);
}
