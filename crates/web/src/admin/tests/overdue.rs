//! A handler that does not end, as the dashboard and the page of the handlers tell of it.

use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use tollgate_models::users::Role;

use super::browser::Server;
use super::pages::{keep_preview, keeps_the_rules};
use super::sample::{event_id, fill};
use crate::Handlers;
use crate::config::StuckHandler;

// On PostgreSQL its transaction is broken off before anybody could look.
#[actix_web::test]
async fn a_handler_that_does_not_end_is_told_of_on_sqlite() {
    let (hold, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let handlers = Handlers::new().on_as("seats::count", "*", move |_, _| {
        assert!(held.lock().unwrap().recv().is_err());
        Ok(())
    });
    let server = Server::start_with(handlers, |config| {
        config.handler_deadline = Duration::from_millis(50);
        config.stuck_handler = StuckHandler::Report;
    })
    .await;
    if !server.tollgate.config().database_url.is_sqlite() {
        return;
    }
    fill(&server).await;
    let browser = server.signed_in(Role::Viewer).await;
    assert!(!browser.get("/admin").await.body.contains("does not end"));
    let id = event_id(0);
    let tollgate = server.tollgate.clone();
    let working = std::thread::spawn(move || tollgate.workers().dry_run(&id, None).map(drop));
    let deadline = Instant::now() + Duration::from_secs(10);
    while server.tollgate.workers().overdue().is_empty() {
        assert!(Instant::now() < deadline, "it is not overdue in time");
        actix_web::rt::time::sleep(Duration::from_millis(5)).await;
    }
    for (name, path) in [("overdue-dashboard", "/admin"), ("overdue-handlers", "/admin/handlers")] {
        let answer = browser.get(path).await;
        keeps_the_rules(path, &answer);
        keep_preview(name, &answer);
        assert!(answer.body.contains("seats::count") && answer.body.contains("does not end"), "{}", answer.body);
    }
    assert!(browser.get("/admin/handlers").await.body.contains("Restart the process if it does not"));
    drop(hold);
    working.join().unwrap().unwrap();
}
