//! Pages about what is no longer kept.

use actix_web::http::StatusCode;
use tollgate_models::retention::{self, Kind, Position, Rule};
use tollgate_models::users::Role;
use tollgate_models::{Error, Lane, events};

use super::browser::{NOW, Server};
use super::sample::{event_id, fill};
use crate::admin::period;

fn prune(server: &Server, kind: Kind, id: &str) {
    let rule = Rule { now: i64::MAX, before: i64::MAX, failed_too: false, history_before: None };
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

#[actix_web::test]
async fn the_history_of_an_object_outlives_payloads_and_tells_what_has_expired() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    let page = "/admin/objects/subscription/sub_1MowQVLkdIwHu7ix/history";
    let steps =
        |body: &str| (body.matches("<li><div").count(), body.contains("expired"), body.contains("for their age"));
    let before = steps(&browser.get(page).await.body);
    assert!(before.0 > 10 && !before.1 && !before.2, "{before:?}");
    prune(&server, Kind::Payloads, &event_id(4));
    assert_eq!(steps(&browser.get(page).await.body), before, "the content is kept without its payload");
    let rule = Rule { now: i64::MAX, before: NOW, failed_too: false, history_before: None };
    let gone = server.tollgate.db().blocking().write(Lane::Ordinary, |conn| -> Result<_, Error> {
        let found = retention::next(conn, Kind::History, rule, Position::default(), 10)?;
        Ok(retention::delete(conn, Kind::History, rule, &found.numbers)?.versions)
    });
    assert_eq!(gone.unwrap(), 1);
    let body = browser.get(page).await.body;
    assert_eq!(steps(&body), (before.0, true, true), "{body}");
    assert!(body.contains("This content has expired") && body.contains("The content before it has expired"), "{body}");
    // When the fourth event was the newest.
    let then = period::text(NOW - 4 * 17 * 60_000).unwrap();
    let body = browser.get(&format!("{page}?at={then}")).await.body;
    assert!(body.contains("This is the newest content before then that is kept"), "{body}");
    let viewer = server.signed_in(Role::Viewer).await;
    assert!(viewer.get(page).await.body.contains("This content has expired"));
}

#[actix_web::test]
async fn a_content_whose_event_is_gone_is_shown_without_a_link() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    let page = "/admin/objects/subscription/sub_1MowQVLkdIwHu7ix/history";
    let before = browser.get(page).await.body;
    prune(&server, Kind::Events, &event_id(4));
    let after = browser.get(page).await.body;
    assert_eq!(after.matches("<li><div").count(), before.matches("<li><div").count());
    assert!(before.contains(&event_id(4)) && !after.contains(&event_id(4)), "{after}");
}
