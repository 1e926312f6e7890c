//! Every page with sample rows, and empty: it renders, is escaped, and keeps the rules of the content policy.

use actix_web::http::StatusCode;
use tollgate_models::users::Role;

use super::browser::{Answer, Server};
use super::sample::{LIVE, PENDING, SUCCESSOR, THIN, UNCHECKED, event_id, fill};
use super::sample_work::{self, RUNNING};

fn paths() -> Vec<(&'static str, String)> {
    let endpoint = |uuid: &str, rest: &str| format!("/admin/endpoints/{uuid}{rest}");
    let event = |number| format!("/admin/events/{}", event_id(number));
    let page = |name, path: &str| (name, path.to_owned());
    vec![
        page("dashboard", "/admin"),
        page("events", "/admin/events"),
        page("events-filtered", "/admin/events?status=failed&type=invoice&mode=live&period=7d"),
        page("events-none", "/admin/events?q=evt_none"),
        ("event-pending", event(0)),
        ("event-failed", event(1)),
        ("event-dead", event(2)),
        ("event-processed", event(4)),
        ("event-superseded", event(5)),
        ("event-tie", event(6)),
        ("event-replayed", event(8)),
        ("event-tasks", event(sample_work::WITH_TASKS)),
        page("replay", "/admin/events/replay"),
        page("replay-narrowed", "/admin/events/replay?status=processed&type=invoice&mode=live"),
        page("replays", "/admin/replays"),
        ("replay-running", format!("/admin/replays/{RUNNING}")),
        page("replay-done", "/admin/replays/2"),
        page("replay-stopped", "/admin/replays/3"),
        page("replay-failed", "/admin/replays/4"),
        page("tasks", "/admin/tasks"),
        page("tasks-dead", "/admin/tasks?status=dead"),
        page("tasks-handler", "/admin/tasks?handler=mail::old_name"),
        page("tasks-none", "/admin/tasks?status=running"),
        page("deliveries", "/admin/deliveries"),
        page("deliveries-refused", "/admin/deliveries?outcome=refused&reason=malformed_body"),
        page("delivery-forged", "/admin/deliveries/65"),
        page("delivery-binary", "/admin/deliveries/66"),
        page("delivery", "/admin/deliveries/1"),
        page("endpoints", "/admin/endpoints"),
        page("endpoint-new", "/admin/endpoints/new"),
        ("endpoint-pending", endpoint(PENDING, "")),
        ("endpoint", endpoint(LIVE, "")),
        ("endpoint-replaced", endpoint(THIN, "")),
        ("endpoint-successor", endpoint(SUCCESSOR, "")),
        ("endpoint-thin-edit", endpoint(THIN, "/edit")),
        ("endpoint-rotate", endpoint(LIVE, "/rotate")),
        ("endpoint-rotate-disabled", endpoint(UNCHECKED, "/rotate")),
        ("endpoint-rotate-under-way", endpoint(THIN, "/rotate")),
        ("endpoint-retire", endpoint(THIN, "/retire")),
        ("endpoint-retire-secret", endpoint(LIVE, "/secrets/1/retire")),
        ("endpoint-disable", endpoint(LIVE, "/disable")),
        ("endpoint-delete", endpoint(UNCHECKED, "/delete")),
        ("endpoint-retry", endpoint(PENDING, "/retry")),
        page("objects", "/admin/objects"),
        page("customers", "/admin/objects/customer"),
        page("prices", "/admin/objects/price"),
        page("payment-methods", "/admin/objects/payment_method"),
        page("customer", "/admin/objects/customer/cus_Na6dX7aXxi11N4"),
        page("subscription", "/admin/objects/subscription/sub_1MowQVLkdIwHu7ix"),
        page("subscription-history", "/admin/objects/subscription/sub_1MowQVLkdIwHu7ix/history"),
        page("customer-then", "/admin/objects/customer/cus_Na6dX7aXxi11N4/history?at=2030-01-01T00:00"),
        page("charge", "/admin/objects/charge/ch_3MmlLrLkdIwHu7ix"),
        page("handlers", "/admin/handlers"),
        page("keys", "/admin/keys"),
        page("key-delete", "/admin/keys/1/delete"),
        page("users", "/admin/users"),
        page("sessions", "/admin/sessions"),
        page("audit", "/admin/audit"),
        page("not-found", "/admin/nothing"),
    ]
}

pub(super) fn keeps_the_rules(path: &str, answer: &Answer) {
    let body = &answer.body;
    for forbidden in ["style=", "<style", "onclick=", "javascript:", "<script>", "Rosen</b>", "sealed"] {
        assert!(!body.contains(forbidden), "{forbidden} in {path}");
    }
    assert_eq!(body.matches("<h1").count(), 1, "one heading in {path}");
    for (open, close) in [
        ("<div", "</div>"),
        ("<section", "</section>"),
        ("<table", "</table>"),
        ("<form", "</form>"),
        ("<details", "</details>"),
    ] {
        assert_eq!(body.matches(open).count(), body.matches(close).count(), "{open} in {path}");
    }
    let ids: Vec<&str> = body.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let distinct: std::collections::HashSet<&&str> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "an id stands twice in {path}: {ids:?}");
}

/// With TOLLGATE_PREVIEW set to a folder, the pages are written there, to be looked at.
pub(super) fn keep_preview(name: &str, answer: &Answer) {
    if let Some(folder) = std::env::var_os("TOLLGATE_PREVIEW") {
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.html")), &answer.body).unwrap();
    }
}

#[actix_web::test]
async fn every_page_renders_with_rows() {
    let server = Server::start().await;
    fill(&server).await;
    sample_work::fill(&server).await;
    let browser = server.signed_in(Role::Admin).await;
    for (name, path) in paths() {
        let answer = browser.get(&path).await;
        let expected = if name == "not-found" { StatusCode::NOT_FOUND } else { StatusCode::OK };
        assert_eq!(answer.status, expected, "{path}: {}", answer.body);
        keeps_the_rules(&path, &answer);
        keep_preview(name, &answer);
    }
    let sign_in = server.browser().get("/admin/sign-in").await;
    keeps_the_rules("/admin/sign-in", &sign_in);
    keep_preview("sign-in", &sign_in);
}

#[actix_web::test]
async fn every_list_says_something_when_it_is_empty() {
    let server = Server::start().await;
    let browser = server.signed_in(Role::Admin).await;
    for (name, path) in [
        ("empty-dashboard", "/admin"),
        ("empty-events", "/admin/events"),
        ("empty-deliveries", "/admin/deliveries"),
        ("empty-endpoints", "/admin/endpoints"),
        ("empty-objects", "/admin/objects"),
        ("empty-customers", "/admin/objects/customer"),
        ("empty-keys", "/admin/keys"),
        ("empty-replay", "/admin/events/replay"),
        ("empty-replays", "/admin/replays"),
        ("empty-tasks", "/admin/tasks"),
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        keeps_the_rules(path, &answer);
        let says = answer.body.contains("class=\"empty\"") || answer.body.contains("First steps");
        assert!(says, "{path} is silent");
        keep_preview(name, &answer);
    }
}

#[actix_web::test]
async fn viewers_see_no_personal_data() {
    let server = Server::start().await;
    fill(&server).await;
    sample_work::fill(&server).await;
    let browser = server.signed_in(Role::Viewer).await;
    for (_, path) in paths() {
        let answer = browser.get(&path).await;
        for secret in
            ["jenny.rosen", "Jenny", "evt_forged", "pro &#60;b&#62;", "no seat is left", "index out of bounds"]
        {
            assert!(!answer.body.contains(secret), "{secret} in {path}");
        }
    }
}

#[actix_web::test]
async fn pages_of_a_list_lead_to_one_another() {
    let server = Server::start().await;
    fill(&server).await;
    sample_work::fill_pages(&server).await;
    let browser = server.signed_in(Role::Viewer).await;
    for path in [
        "/admin/tasks?handler=mail::letter",
        "/admin/replays",
        "/admin/events?mode=live",
        "/admin/deliveries?endpoint=7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "/admin/objects/price",
    ] {
        let first = browser.get(path).await;
        let older = neighbour(&first, "next");
        assert!(first.body.matches("<tr").count() == 51 && neighbour(&first, "prev").is_empty(), "{path}");
        let second = browser.get(&older).await;
        assert!(neighbour(&second, "next").is_empty(), "{older}");
        let back = browser.get(&neighbour(&second, "prev")).await;
        assert_eq!(neighbour(&back, "next"), older, "{path}");
    }
}

fn neighbour(answer: &Answer, rel: &str) -> String {
    let end = format!("\" rel=\"{rel}\"");
    let before = answer.body.split_once(&end).map(|(before, _)| before).unwrap_or_default();
    before.rsplit_once("href=\"").map(|(_, href)| href.replace("&#38;", "&")).unwrap_or_default()
}

#[actix_web::test]
async fn anything_is_found_by_its_id() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Viewer).await;
    for (id, to) in [
        (event_id(3), format!("/admin/events/{}", event_id(3))),
        ("cus_Na6dX7aXxi11N4".to_owned(), "/admin/objects/customer/cus_Na6dX7aXxi11N4".to_owned()),
        (
            "pm_1MqLiJLkdIwHu7ix".to_owned(),
            "/admin/objects/payment_method/pm_1MqLiJLkdIwHu7ix?account=acct_1Nv0FGQ9RKHgCVdK&mode=live".to_owned(),
        ),
        (LIVE.to_owned(), format!("/admin/endpoints/{LIVE}")),
        ("we_1Nv07c9e6679".to_owned(), format!("/admin/endpoints/{LIVE}")),
        ("cus_nowhere".to_owned(), "/admin/events?q=cus_nowhere".to_owned()),
        ("'; DROP TABLE events".to_owned(), "/admin/events?q=%27%3B+DROP+TABLE+events".to_owned()),
    ] {
        let query = url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>();
        assert_eq!(browser.get(&format!("/admin/find?q={query}")).await.location(), to);
    }
}
