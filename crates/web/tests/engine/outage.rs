//! The database locked or gone: no 200 without a row, 503 meanwhile, and recovery by itself.

use diesel::prelude::*;
use tollgate::models::AnyConnection;

use crate::app::{App, customer_event};

#[actix_web::test]
async fn a_database_that_is_locked_or_cut_off_gives_503_and_then_recovers() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let mut other = app.database.connect();
    let mut acknowledged = Vec::new();
    match &mut other {
        AnyConnection::Sqlite(conn) => {
            diesel::sql_query("BEGIN EXCLUSIVE").execute(conn).unwrap();
            let body = customer_event("evt_locked", 1, "a@example.com").to_string();
            let answer = app.post_signed(&endpoint, body.as_bytes()).await;
            assert_eq!(answer.refusal(), (503, "unavailable".to_owned()));
            assert!(answer.headers.contains_key("retry-after"));
            diesel::sql_query("ROLLBACK").execute(conn).unwrap();
        }
        AnyConnection::Postgres(conn) => {
            for round in 0..20 {
                // Every other connection to this test's schema is cut off.
                diesel::sql_query(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database() \
                     AND query LIKE '%deliveries%'",
                )
                .execute(conn)
                .unwrap();
                let id = format!("evt_cut_{round}");
                let body = customer_event(&id, 1, "a@example.com").to_string();
                match app.post_signed(&endpoint, body.as_bytes()).await.status {
                    200 => acknowledged.push(id),
                    503 => {}
                    other => panic!("{other}"),
                }
            }
        }
    }
    for round in 0..10 {
        let id = format!("evt_after_{round}");
        let body = customer_event(&id, 1, "a@example.com").to_string();
        if app.post_signed(&endpoint, body.as_bytes()).await.status == 200 {
            acknowledged.push(id);
        }
    }
    assert!(
        acknowledged.iter().filter(|id| id.starts_with("evt_after")).count() >= 8,
        "it did not recover: {acknowledged:?}"
    );
    for id in acknowledged {
        assert!(app.event(&id).await.is_some(), "{id} was acknowledged and is not there");
    }
    app.run_workers().await;
}
