//! Events that never arrived, as an operator looks for them.

use actix_web::http::StatusCode;
use tollgate_models::settings;
use tollgate_models::users::Role;

use super::browser::Server;

const PATH: &str = "/admin/events/missed";
const REPORTS: &str = r#"[
    {"account":"acct_1","livemode":true,"connected":false,"from":1700000000,"until":1700003600,"compared":1234,
     "missing":22,"late":3,"ids":["evt_gone<b>"],"error":null},
    {"account":null,"livemode":false,"connected":true,"from":1,"until":2,"compared":0,"missing":0,"late":0,"ids":[],
     "error":"the key may not read events"}]"#;

#[actix_web::test]
async fn what_the_last_look_found_is_shown() {
    let server = Server::start().await;
    let browser = server.signed_in(Role::Viewer).await;
    assert!(browser.get(PATH).await.body.contains("Nothing was compared yet"));
    server.tollgate.db().write(|conn| settings::set(conn, "reconcile.last", REPORTS)).await.unwrap();
    let page = browser.get(PATH).await;
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "acct_1",
        "some had not arrived",
        "1,234",
        "and 21 others",
        "The key may not read events",
        "by itself 1 h after the last time",
    ] {
        assert!(page.body.contains(text), "{text} in {}", page.body);
    }
    assert!(!page.body.contains("evt_gone<b>") && !page.body.contains("Look now"), "{}", page.body);
    server.tollgate.db().write(|conn| settings::set(conn, "reconcile.last", "damaged")).await.unwrap();
    assert!(browser.get(PATH).await.body.contains("Nothing was compared yet"));
}

#[actix_web::test]
async fn an_operator_asks_for_a_look_and_a_viewer_cannot() {
    let server = Server::start().await;
    let viewer = server.signed_in(Role::Viewer).await;
    assert_eq!(viewer.post("/admin", PATH, &[]).await.status, StatusCode::FORBIDDEN);
    let browser = server.signed_in(Role::Operator).await;
    let answer = browser.post(PATH, PATH, &[]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, PATH));
    assert!(browser.get(PATH).await.body.contains("has asked for it"));
}
