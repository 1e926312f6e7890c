//! Servers that are killed, and workers that lose the database: nothing that was acknowledged is lost or forgotten.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use tollgate::models::{AnyConnection, events};
use tollgate::{Clock, Handlers};

use crate::support::{Cli, Http, NOW, SECRET, Served, Setup, build, event, sign_at, until};

/// Posts events one after the other until the server is gone; gives those that were acknowledged.
async fn post_until_gone(http: Http, sender: usize) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let id = format!("evt_{sender}_{number}");
        let body = event(&id, "customer.created").to_string();
        let signature = sign_at(SECRET, tollgate::Clock::System.now_seconds(), body.as_bytes());
        match http.try_post("/stripe/webhooks", &[("stripe-signature", &signature)], body).await {
            Ok(200) => acknowledged.push(id),
            Ok(status) => panic!("answered {status}"),
            Err(_) => break,
        }
    }
    acknowledged
}

#[tokio::test]
async fn a_server_that_is_killed_under_load_has_every_event_that_it_acknowledged() {
    let cli = Cli::new();
    let server = Served::start(&cli, &[("TOLLGATE_LEGACY_WEBHOOK_SECRET", SECRET)]);
    let http = Http::new(&server.base);
    let senders: Vec<_> = (0..8).map(|sender| tokio::spawn(post_until_gone(http.clone(), sender))).collect();
    let database = cli.db.open();
    until("events flow", async || {
        let filter = events::Filter::default();
        let some = database.read(|conn| events::ids(conn, &filter, 0, 200)).unwrap();
        (some.len() == 200).then_some(())
    })
    .await;
    server.kill();
    let mut acknowledged = Vec::new();
    for sender in senders {
        acknowledged.append(&mut sender.await.unwrap());
    }
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
    for id in &acknowledged {
        let found = database
            .read(|conn| Ok::<_, tollgate::models::Error>((events::find(conn, id)?, events::payload(conn, id)?)));
        assert!(matches!(found.unwrap(), (Some(_), Some(_))), "{id} was acknowledged and is not there");
    }
    // Another one starts on what it left.
    let next = Served::start(&cli, &[]);
    assert_eq!(Http::new(&next.base).get("/readyz").await.status, 200);
    assert_eq!(next.stop().await.0, Some(0));
}

// Longer than a write waits for the lock, twice: for the work, and for giving it back.
const OUTAGE: Duration = Duration::from_secs(9);

#[tokio::test]
async fn workers_that_lose_the_database_go_on_soon_after_it_is_back() {
    let setup = Setup::new();
    let (locked, lock) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(setup.db().connect())));
    let (taking, taken) = (Arc::clone(&lock), Arc::clone(&locked));
    let handlers = Handlers::new().on_as("slow", "*", move |_, context| {
        // Long enough that the worker commits after each event instead of after all it has claimed.
        std::thread::sleep(Duration::from_millis(60));
        let (taking, taken) = (Arc::clone(&taking), Arc::clone(&taken));
        context.on_commit(move || {
            if !taken.swap(true, Ordering::SeqCst) {
                take_lock(&mut taking.lock().unwrap());
            }
        });
        Ok(())
    });
    let app = setup.start().await;
    for number in 0..3 {
        app.deliver(&event(&format!("evt_{number}"), "customer.created")).await;
    }
    // They start when all three are there, so that one worker claims them together; its lease never ends.
    let working = build(app.tollgate.config().clone(), Clock::fixed(NOW), handlers, true).await;
    until("the database is locked", async || locked.load(Ordering::SeqCst).then_some(())).await;
    let since = Instant::now();
    until("the outage is over", async || (since.elapsed() > OUTAGE).then_some(())).await;
    execute(&mut lock.lock().unwrap(), "ROLLBACK");
    until("the rest is processed", async || (app.count("events WHERE status = 'processed'") == 3).then_some(())).await;
    working.shut_down(Duration::from_secs(5)).await;
}

fn take_lock(conn: &mut AnyConnection) {
    let sql = match conn {
        // Others may be writing just then.
        AnyConnection::Sqlite(_) => "PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE",
        AnyConnection::Postgres(_) => "BEGIN; LOCK TABLE events",
    };
    execute(conn, sql);
}

fn execute(conn: &mut AnyConnection, sql: &str) {
    conn.batch_execute(sql).unwrap();
}
