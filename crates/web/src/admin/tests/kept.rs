//! Pages about what is no longer kept.

use actix_web::http::StatusCode;
use tollgate_models::retention::{self, Kind, Rule};
use tollgate_models::users::Role;
use tollgate_models::{Error, Lane, events};

use super::browser::Server;
use super::sample::{event_id, fill};

fn prune(server: &Server, kind: Kind, id: &str) {
    let rule = Rule { now: i64::MAX, before: i64::MAX, failed_too: false };
    let pruned = server.tollgate.db().blocking().write(Lane::Ordinary, |conn| -> Result<_, Error> {
        let seq = events::find(conn, id)?.map(|event| event.seq);
        Ok(retention::delete(conn, kind, rule, seq.as_slice())?)
    });
    let pruned = pruned.unwrap();
    assert_eq!((pruned.payloads, pruned.events), (1, usize::from(kind == Kind::Events)));
}

#[actix_web::test]
async fn the_page_of_an_event_without_its_payload_says_so() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    let page = format!("/admin/events/{}", event_id(4));
    assert!(!browser.get(&page).await.body.contains("The payload is no longer kept."));
    prune(&server, Kind::Payloads, &event_id(4));
    let answer = browser.get(&page).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("The payload is no longer kept."), "{}", answer.body);
    assert_eq!(browser.get(&format!("{page}/raw")).await.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn a_delivery_whose_event_is_gone_still_has_its_page() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    prune(&server, Kind::Events, &event_id(4));
    for path in ["/admin", "/admin/events", "/admin/deliveries", "/admin/deliveries/5"] {
        assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(browser.get(&format!("/admin/events/{}", event_id(4))).await.status, StatusCode::NOT_FOUND);
}
