//! The database locked or gone: no acknowledgement without a row, and recovery without help.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use tollgate::models::{AnyConnection, DatabaseUrl};

use crate::support::{Setup, event, until};

#[tokio::test]
async fn a_locked_database_is_answered_with_503_and_works_again_when_it_is_free() {
    let app = Setup::new().start().await;
    let payload = event("evt_1", "customer.created");
    let mut other = app.db.connect();
    match &mut other {
        AnyConnection::Sqlite(conn) => conn.batch_execute("BEGIN EXCLUSIVE").unwrap(),
        // Waiting for a lock is bounded by the deadline of the acknowledgement alone.
        AnyConnection::Postgres(conn) => conn.batch_execute("BEGIN; LOCK TABLE events").unwrap(),
    }
    let answer = app.post_webhook(&payload).await;
    assert_eq!(answer.refusal(), (503, "unavailable".to_owned()));
    assert!(answer.header("retry-after").is_some());
    match &mut other {
        AnyConnection::Sqlite(conn) => conn.batch_execute("ROLLBACK").unwrap(),
        AnyConnection::Postgres(conn) => conn.batch_execute("ROLLBACK").unwrap(),
    }
    drop(other);
    app.deliver(&payload).await;
    assert_eq!(app.count("events"), 1);
}

#[tokio::test]
async fn a_refusal_stands_even_if_the_log_cannot_take_it() {
    let app = Setup::new().start().await;
    app.execute("ALTER TABLE deliveries RENAME TO deliveries_gone");
    assert_eq!(app.post_with(&[], "junk").await.refusal(), (400, "missing_signature".to_owned()));
    let answer = app.post_webhook(&event("evt_1", "customer.created")).await;
    assert_eq!(answer.status, 503);
    app.execute("ALTER TABLE deliveries_gone RENAME TO deliveries");
    app.deliver(&event("evt_1", "customer.created")).await;
    assert_eq!((app.count("events"), app.count("event_payloads")), (1, 1));
}

#[tokio::test]
async fn connections_that_are_cut_lose_no_acknowledged_event() {
    let setup = Setup::new().live();
    let DatabaseUrl::Postgres(url) = setup.db().url().clone() else {
        // A file has no connections to cut; its lock is tested above.
        return;
    };
    let app =
        setup.config(|config| config.database_url = DatabaseUrl::Postgres(url + "&application_name=cut")).start().await;
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, url) = (Arc::clone(&stop), app.db.url_text());
    let cutter = std::thread::spawn(move || {
        let mut conn = <diesel::PgConnection as diesel::Connection>::establish(&url).unwrap();
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE application_name = 'cut' AND query LIKE '%event_payloads%'";
        while !stopped.load(Ordering::SeqCst) {
            diesel::sql_query(sql).execute(&mut conn).unwrap();
            std::thread::yield_now();
        }
    });
    let (mut acknowledged, mut refused) = (Vec::new(), 0);
    for number in 0..400 {
        let id = format!("evt_{number}");
        match app.post_webhook(&event(&id, "customer.created")).await.status {
            200 => acknowledged.push(id),
            503 => refused += 1,
            other => panic!("answered {other}"),
        }
    }
    stop.store(true, Ordering::SeqCst);
    cutter.join().unwrap();
    assert!(refused > 0, "nothing was cut");
    let last = event("evt_last", "customer.created");
    until("it takes events again", async || (app.post_webhook(&last).await.status == 200).then_some(())).await;
    for id in &acknowledged {
        assert!(app.find_event(id).is_some(), "{id} was acknowledged and is not there");
    }
    until("the workers go on", async || (app.count("events WHERE status <> 'processed'") == 0).then_some(())).await;
}
