//! Who gets in: sign-in, sessions and their end, roles, and forms from elsewhere.

use actix_web::http::StatusCode;
use tollgate_models::sessions;
use tollgate_models::users::Role;

use super::browser::{PASSWORD, Server};
use crate::admin::{session, sign_in};
use crate::users;

#[actix_web::test]
async fn signing_in_and_out_by_password() {
    let server = Server::start().await;
    server.add_user("ada@example.com", Role::Admin).await;
    let browser = server.browser();
    let first = browser.get("/admin/events?status=dead").await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    assert_eq!(first.location(), "/admin/sign-in?next=%2Fadmin%2Fevents%3Fstatus%3Ddead");
    let answer = browser
        .post(
            first.location(),
            "/admin/sign-in",
            &[("email", " Ada@Example.com "), ("password", PASSWORD), ("next", "/admin/events?status=dead")],
        )
        .await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/admin/events?status=dead"));
    assert_eq!(browser.get("/admin").await.status, StatusCode::OK);
    assert_eq!(browser.get("/admin/sign-in").await.location(), "/admin");
    let old = browser.cookie("tollgate_session").unwrap();
    let out = browser.post("/admin", "/admin/sign-out", &[]).await;
    assert_eq!(out.location(), "/admin/sign-in");
    browser.set_cookie("tollgate_session", &old);
    assert_eq!(browser.get("/admin").await.status, StatusCode::SEE_OTHER, "the server forgot the session");
}

#[actix_web::test]
async fn wrong_passwords_and_unknown_people_get_the_same_answer_and_block_for_a_while() {
    let server = Server::start().await;
    server.add_user("ada@example.com", Role::Admin).await;
    let browser = server.browser();
    let unknown = browser.sign_in("nobody@example.com", PASSWORD).await;
    for _ in 0..6 {
        let wrong = browser.sign_in("ada@example.com", "wrong wrong wrong wrong").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(wrong.body.replace("ada@example.com", ""), unknown.body.replace("nobody@example.com", ""));
        server.advance(1);
    }
    let right = browser.sign_in("ada@example.com", PASSWORD).await;
    assert_eq!(right.status, StatusCode::UNPROCESSABLE_ENTITY, "blocked, even with the right password");
    server.advance(sign_in::LONGEST_BLOCK);
    assert_eq!(browser.sign_in("ada@example.com", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn a_session_ends_when_it_is_idle_and_at_the_latest_after_its_longest_time() {
    let server = Server::start().await;
    let browser = server.signed_in(Role::Viewer).await;
    let mut passed = 0;
    while passed + session::IDLE < session::LONGEST {
        server.advance(session::IDLE - 1);
        passed += session::IDLE - 1;
        assert_eq!(browser.get("/admin/audit").await.status, StatusCode::OK, "after {passed} ms");
    }
    server.advance(session::LONGEST - passed);
    assert_eq!(browser.get("/admin/audit").await.status, StatusCode::SEE_OTHER);

    let idle = server.signed_in(Role::Viewer).await;
    server.advance(session::IDLE + 1);
    assert_eq!(idle.get("/admin/audit").await.status, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn a_sign_in_link_works_once_and_not_when_it_is_old() {
    let server = Server::start().await;
    let id = server.add_user("ada@example.com", Role::Admin).await;
    let token = users::sign_in_token(&server.tollgate, id, 60_000).await.unwrap();
    let old = users::sign_in_token(&server.tollgate, id, 1_000).await.unwrap();
    let path = format!("/admin/sign-in/link/{token}");
    assert_eq!(server.browser().get(&path).await.status, StatusCode::SEE_OTHER);
    assert_eq!(server.browser().get(&path).await.status, StatusCode::BAD_REQUEST);
    server.advance(1_001);
    assert_eq!(server.browser().get(&format!("/admin/sign-in/link/{old}")).await.status, StatusCode::BAD_REQUEST);
}

#[actix_web::test]
async fn signing_in_again_gives_a_new_token_and_kills_the_old_one() {
    let server = Server::start().await;
    let browser = server.signed_in(Role::Admin).await;
    let first = browser.cookie("tollgate_session").unwrap();
    let user = server.tollgate.db().read(|conn| tollgate_models::users::find_by_email(conn, "admin@example.com"));
    let id = user.await.unwrap().unwrap().id;
    let token = users::sign_in_token(&server.tollgate, id, 60_000).await.unwrap();
    browser.get(&format!("/admin/sign-in/link/{token}")).await;
    assert_ne!(browser.cookie("tollgate_session").unwrap(), first);
    let left = server.tollgate.db().read(move |conn| sessions::of_user(conn, id, 0)).await.unwrap();
    assert_eq!(left.len(), 1);
    assert!(left.iter().all(|session| session.token_hash != first), "tokens are stored hashed");
}

#[actix_web::test]
async fn own_sessions_can_be_ended_and_nobody_elses() {
    let server = Server::start().await;
    let here = server.signed_in(Role::Viewer).await;
    let there = server.signed_in(Role::Viewer).await;
    let other = server.signed_in(Role::Operator).await;
    let ended = here.post("/admin/sessions", "/admin/sessions/3/end", &[]).await;
    assert_eq!(ended.status, StatusCode::NOT_FOUND, "session 3 is another user's");
    assert_eq!(here.post("/admin/sessions", "/admin/sessions/2/end", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(there.get("/admin").await.status, StatusCode::SEE_OTHER);
    let there = server.signed_in(Role::Viewer).await;
    here.post("/admin/sessions", "/admin/sessions/end-others", &[]).await;
    assert_eq!(there.get("/admin").await.status, StatusCode::SEE_OTHER);
    assert_eq!((here.get("/admin").await.status, other.get("/admin").await.status), (StatusCode::OK, StatusCode::OK));
}

#[actix_web::test]
async fn a_form_needs_the_token_of_its_own_browser_and_an_origin_of_ours() {
    let server = Server::start().await;
    let (mut mine, theirs) = (server.signed_in(Role::Admin).await, server.signed_in(Role::Admin).await);
    let token = theirs.get("/admin").await.field("csrf");
    for fields in [vec![], vec![("csrf", "")], vec![("csrf", token.as_str())]] {
        assert_eq!(mine.post_raw("/admin/theme", &fields).await.status, StatusCode::FORBIDDEN, "{fields:?}");
    }
    mine.site = "cross-site";
    assert_eq!(mine.post("/admin", "/admin/theme", &[("theme", "dark")]).await.status, StatusCode::FORBIDDEN);
    mine.site = "same-origin";
    assert_eq!(mine.post("/admin", "/admin/theme", &[("theme", "dark")]).await.status, StatusCode::SEE_OTHER);
    assert!(mine.get("/admin").await.body.contains("data-theme=\"dark\""));
    let anonymous = server.browser();
    let forged = anonymous.post_raw("/admin/sign-in", &[("email", "admin@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN, "the sign-in form is protected too");
    assert_eq!(anonymous.post_raw("/admin/theme", &[]).await.status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn each_page_asks_for_its_role() {
    let server = Server::start().await;
    let uuid = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
    let edit = format!("/admin/endpoints/{uuid}/edit");
    let disable = format!("/admin/endpoints/{uuid}/disable");
    let of_endpoint = |rest: &str| format!("/admin/endpoints/{uuid}/{rest}");
    let (rotate, retire, ping) = (of_endpoint("rotate"), of_endpoint("retire"), of_endpoint("ping"));
    let (secrets, retire_secret) = (of_endpoint("secrets"), of_endpoint("secrets/1/retire"));
    let gets = [
        ("/admin", Role::Viewer),
        ("/admin/events", Role::Viewer),
        ("/admin/deliveries", Role::Viewer),
        ("/admin/endpoints", Role::Viewer),
        ("/admin/objects", Role::Viewer),
        ("/admin/objects/customer", Role::Viewer),
        ("/admin/handlers", Role::Viewer),
        ("/admin/tasks", Role::Viewer),
        ("/admin/replays", Role::Viewer),
        ("/admin/replays/1", Role::Viewer),
        ("/admin/keys", Role::Viewer),
        ("/admin/audit", Role::Viewer),
        ("/admin/sessions", Role::Viewer),
        ("/admin/find?q=evt_1", Role::Viewer),
        ("/admin/events/replay", Role::Operator),
        ("/admin/events/evt_1/raw", Role::Operator),
        ("/admin/endpoints/new", Role::Operator),
        (edit.as_str(), Role::Operator),
        (disable.as_str(), Role::Operator),
        (rotate.as_str(), Role::Operator),
        (retire.as_str(), Role::Operator),
        (retire_secret.as_str(), Role::Operator),
        ("/admin/users", Role::Admin),
        ("/admin/keys/1/delete", Role::Admin),
    ];
    let posts = [
        ("/admin/sessions/end-others", Role::Viewer),
        ("/admin/events/evt_1/replay", Role::Operator),
        ("/admin/events/evt_1/dry-run", Role::Operator),
        ("/admin/events/replay", Role::Operator),
        ("/admin/events/replay/confirm", Role::Operator),
        ("/admin/tasks/1/retry", Role::Operator),
        ("/admin/replays/1/stop", Role::Operator),
        ("/admin/endpoints", Role::Operator),
        (edit.as_str(), Role::Operator),
        (disable.as_str(), Role::Operator),
        (rotate.as_str(), Role::Operator),
        (retire.as_str(), Role::Operator),
        (ping.as_str(), Role::Operator),
        (secrets.as_str(), Role::Operator),
        (retire_secret.as_str(), Role::Operator),
        ("/admin/keys", Role::Admin),
        ("/admin/keys/1/default", Role::Admin),
        ("/admin/keys/1/delete", Role::Admin),
    ];
    let order = [Role::Viewer, Role::Operator, Role::Admin];
    for (position, role) in order.iter().enumerate() {
        let browser = server.signed_in(*role).await;
        let token = browser.get("/admin").await.field("csrf");
        let refused = |needed: &Role| order.iter().position(|known| known == needed).unwrap() > position;
        for (path, needed) in &gets {
            let answer = browser.get(path).await;
            assert_eq!(answer.status == StatusCode::FORBIDDEN, refused(needed), "GET {path} as {role}");
        }
        for (path, needed) in &posts {
            let answer = browser.post_raw(path, &[("csrf", &token)]).await;
            assert_eq!(answer.status == StatusCode::FORBIDDEN, refused(needed), "POST {path} as {role}");
        }
    }
    for (path, _) in &gets {
        assert_eq!(server.browser().get(path).await.status, StatusCode::SEE_OTHER, "{path} for nobody");
    }
    for (path, _) in &posts {
        assert_eq!(server.browser().post_raw(path, &[]).await.status, StatusCode::UNAUTHORIZED, "{path} for nobody");
    }
}

#[actix_web::test]
async fn every_answer_carries_the_security_headers_and_behind_https_its_cookies_are_bound() {
    let server = Server::start_at(&[("TOLLGATE_PUBLIC_URL", "https://pay.example.com")]).await;
    let browser = server.signed_in(Role::Admin).await;
    assert!(browser.cookie("__Host-tollgate").is_some());
    let css = crate::admin::assets::address("admin.css");
    for path in ["/admin", "/admin/nothing", "/admin/sign-in", css.as_str(), "/admin/static/nothing"] {
        let answer = browser.get(path).await;
        let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
        assert!(header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert!(header("strict-transport-security").contains("max-age"), "{path}");
        let stored = if path == css { "public, max-age=31536000, immutable" } else { "no-store" };
        assert_eq!(header("cache-control"), stored, "{path}");
    }
}
