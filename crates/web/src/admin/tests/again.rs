//! Doing things again: replays of one event and of many, dry runs, and tasks, from form to form.

use actix_web::http::StatusCode;
use tollgate_models::events::{self, Event, Status};
use tollgate_models::tasks;
use tollgate_models::users::Role;

use super::browser::{Answer, Browser, Server};
use super::pages::{keep_preview, keeps_the_rules};
use super::sample::{event_id, fill};
use super::sample_work::{self, DEAD_TASK, RUNNING, WITH_TASKS};

fn page_of(number: i64) -> String {
    format!("/admin/events/{}", event_id(number))
}

async fn event(server: &Server, number: i64) -> Event {
    let id = event_id(number);
    server.tollgate.db().read(move |conn| events::find(conn, &id)).await.unwrap().unwrap()
}

async fn dry_run(browser: &Browser<'_>, number: i64, fields: &[(&str, &str)]) -> Answer {
    let page = page_of(number);
    browser.post(&page, &format!("{page}/dry-run"), fields).await
}

#[actix_web::test]
async fn one_event_is_replayed_with_a_reason_for_one_handler() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    let page = page_of(4);
    let form = browser.get(&page).await;
    assert!(form.body.contains("<option value=\"billing::grant_access\">Only billing::grant_access</option>"));
    assert!(!form.body.contains("disputes::alert"), "handlers of other types are not offered");
    let fields = [("reason", "  a seat is free <again> "), ("handler", "billing::grant_access")];
    let answer = browser.post(&page, &format!("{page}/replay"), &fields).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, page.as_str()));
    let replayed = event(&server, 4).await;
    assert_eq!((replayed.status, replayed.only_handler.as_deref()), (Status::Pending, Some("billing::grant_access")));
    let shown = browser.get(&page).await;
    for part in [
        "Replayed an event",
        "operator@example.com: only billing::grant_access; a seat is free &#60;again&#62;",
        "asked for the handler billing::grant_access alone",
    ] {
        assert!(shown.body.contains(part), "{part} in {}", shown.body);
    }
    let audit = browser.get(&format!("/admin/audit?subject={}", event_id(4))).await;
    assert!(audit.body.contains("Replayed an event") && audit.body.contains("a seat is free"), "{}", audit.body);

    let long = "x".repeat(501);
    for fields in [[("reason", long.as_str()), ("handler", "")], [("reason", ""), ("handler", "nobody")]] {
        let answer = browser.post(&page, &format!("{page}/replay"), &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields:?}");
    }
    let missing = browser.post("/admin", "/admin/events/evt_none/replay", &[]).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn a_dry_run_tells_what_would_change_and_changes_nothing() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    let before = event(&server, 3).await;
    let told = dry_run(&browser, 3, &[("reason", "to see")]).await;
    assert_eq!(told.status, StatusCode::OK);
    keeps_the_rules("dry run", &told);
    keep_preview("dry-run", &told);
    for part in [
        "the event would be processed",
        "is not undone",
        "billing::grant_access",
        "<strong class=\"mono\">mail::welcome</strong>",
        "value=\"to see\"",
    ] {
        assert!(told.body.contains(part), "{part} in {}", told.body);
    }
    let after = event(&server, 3).await;
    assert_eq!((after.status, after.attempts, after.cause), (before.status, before.attempts, before.cause));

    // The button on it replays for real, with what was written there.
    let reason = told.field("csrf");
    let fields = [("csrf", reason.as_str()), ("reason", "to see"), ("handler", "")];
    let answer = browser.post_raw(&format!("{}/replay", page_of(3)), &fields).await;
    assert_eq!((answer.status, event(&server, 3).await.status), (StatusCode::SEE_OTHER, Status::Pending));
}

#[actix_web::test]
async fn a_dry_run_of_what_cannot_run_says_why() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    let told = dry_run(&browser, 4, &[("handler", "no::such <handler>")]).await;
    assert_eq!(told.status, StatusCode::OK);
    keeps_the_rules("failed dry run", &told);
    keep_preview("dry-run-dead", &told);
    assert!(told.body.contains("would be dead") && told.body.contains("no::such &#60;handler&#62;"), "{}", told.body);
    assert!(told.body.contains("no handler ran"), "{}", told.body);
    let missing = browser.post("/admin", "/admin/events/evt_none/dry-run", &[]).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn many_events_are_counted_and_asked_about_before_they_are_replayed() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    let form = "/admin/events/replay?type=invoice&mode=live&period=24h";
    let asked = browser.get(form).await;
    // Every third of 64 is about an invoice.
    for part in
        ["21 events of any status", "1 event that is failed", "Of all events of type or family invoice in live mode"]
    {
        assert!(asked.body.contains(part), "{part} in {}", asked.body);
    }
    let fields = [
        ("type", "invoice"),
        ("mode", "live"),
        ("period", "24h"),
        ("status", ""),
        ("reason", "Because <of> it"),
        ("handler", "mail::send_receipt"),
    ];
    let confirm = browser.post(form, "/admin/events/replay/confirm", &fields).await;
    assert_eq!(confirm.status, StatusCode::OK);
    keeps_the_rules("confirmation of a replay", &confirm);
    keep_preview("replay-confirm", &confirm);
    for part in [
        "Replay 21 events?",
        "only mail::send_receipt",
        "Because &#60;of&#62; it",
        "unless they heed the idempotency key",
    ] {
        assert!(confirm.body.contains(part), "{part} in {}", confirm.body);
    }
    let (from, until) = (confirm.field("from"), confirm.field("until"));
    assert_eq!((from.as_str(), until.as_str()), ("2026-11-22T05:50:46", "2026-11-23T05:50:47"));
    let fields = [
        ("type", "invoice"),
        ("mode", "live"),
        ("from", from.as_str()),
        ("until", until.as_str()),
        ("reason", "Because <of> it"),
        ("handler", "mail::send_receipt"),
    ];
    let begun = browser.post(form, "/admin/events/replay", &fields).await;
    assert_eq!((begun.status, begun.location()), (StatusCode::SEE_OTHER, "/admin/replays/1"));
    let running = browser.get("/admin/replays/1").await;
    for part in
        ["running", "operator@example.com", "Because &#60;of&#62; it", ">Stop</button>", "only mail::send_receipt"]
    {
        assert!(running.body.contains(part), "{part} in {}", running.body);
    }
    crate::replay::work_off(&server.tollgate, 1, |_| {}).await.unwrap();
    let done = browser.get("/admin/replays/1").await;
    assert!(done.body.contains("value=\"100\"") && done.body.contains("<dd>21</dd>"), "{}", done.body);
    assert!(!done.body.contains(">Stop</button>") && !done.body.contains("id=\"follow\""), "{}", done.body);
    let replayed = event(&server, 4).await;
    assert_eq!((replayed.status, replayed.only_handler.as_deref()), (Status::Pending, Some("mail::send_receipt")));
    assert_eq!(event(&server, 5).await.status, Status::Processed, "it is about a charge");
    let audit = browser.get("/admin/audit?subject=replay+1").await;
    assert!(audit.body.contains("Began a replay of many events") && audit.body.contains("href=\"/admin/replays/1\""));
    // That event's own page leads to whoever did it.
    assert!(browser.get(&page_of(4)).await.body.contains("together with others"));
}

#[actix_web::test]
async fn a_replay_that_cannot_be_right_comes_back_with_what_was_written() {
    let server = Server::start().await;
    fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    let (form, confirm) = ("/admin/events/replay", "/admin/events/replay/confirm");
    let long = "ü".repeat(501);
    let answer = browser.post(form, confirm, &[("status", "dead"), ("reason", &long)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("may have 500 characters") && answer.body.contains(&long), "{}", answer.body);
    let answer = browser.post(form, confirm, &[("status", "dead"), ("type", "payout")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("No event fits any more"), "{}", answer.body);
    for fields in [[("status", "broken")], [("handler", "nobody")], [("from", "yesterday")]] {
        for path in [confirm, form] {
            let answer = browser.post(form, path, &fields).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {fields:?}");
        }
    }
    assert_eq!(browser.get("/admin/replays/1").await.status, StatusCode::NOT_FOUND, "nothing was begun");
}

#[actix_web::test]
async fn a_replay_is_stopped_once() {
    let server = Server::start().await;
    fill(&server).await;
    sample_work::fill(&server).await;
    let viewer = server.signed_in(Role::Viewer).await;
    let page = format!("/admin/replays/{RUNNING}");
    assert!(!viewer.get(&page).await.body.contains(">Stop</button>"), "viewers are not offered it");
    let browser = server.signed_in(Role::Operator).await;
    for expected in ["The replay is stopped.", "The replay has ended already."] {
        let answer = browser.post(&page, &format!("{page}/stop"), &[]).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, page.as_str()));
        assert!(browser.get(&page).await.body.contains(expected), "{expected}");
    }
    assert!(browser.get(&page).await.body.contains("Somebody stopped it"));
    let missing = browser.post(&page, "/admin/replays/999/stop", &[]).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/admin/replays/x").await.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn tasks_are_listed_by_state_and_handler_and_retried_from_any_page() {
    let server = Server::start().await;
    fill(&server).await;
    sample_work::fill(&server).await;
    let browser = server.signed_in(Role::Operator).await;
    let (list, event_page) = ("/admin/tasks?status=dead", page_of(WITH_TASKS));
    let dead = browser.get(list).await;
    assert!(dead.body.contains("mail::goodbye") && dead.body.contains("451 4.7.1"), "{}", dead.body);
    assert!(!dead.body.contains("<a class=\"main-cell\" href=\"/admin/events/evt_1PqX0009LkdIwHu7ixraBm#task-2\""));
    let old = browser.get("/admin/tasks?handler=mail%3A%3Aold_name").await;
    assert!(old.body.contains("does not have the handlers") && old.body.contains("not in this process"));
    let shown = browser.get(&event_page).await;
    for part in ["id=\"task-3\"", "Idempotency key", ":mail::goodbye", "no handler of this name", "2 runs", "Next try"]
    {
        assert!(shown.body.contains(part), "{part} in {}", shown.body);
    }

    let retry = format!("/admin/tasks/{DEAD_TASK}/retry");
    let answer = browser.post(list, &retry, &[("back", &event_page)]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, event_page.as_str()));
    assert!(browser.get(&event_page).await.body.contains("Task #3 is back in the queue"));
    let task = server.tollgate.db().read(|conn| tasks::find(conn, DEAD_TASK)).await.unwrap().unwrap();
    assert_eq!((task.status, task.attempts), (tasks::Status::Pending, 0));
    let elsewhere = browser.post(list, &retry, &[("back", "https://evil.example")]).await;
    assert_eq!(elsewhere.location(), "/admin");
    for (path, status) in [("/admin/tasks/999/retry", 404), ("/admin/tasks/x/retry", 404)] {
        assert_eq!(browser.post(list, path, &[]).await.status.as_u16(), status, "{path}");
    }
    assert_eq!(browser.get("/admin/tasks?status=broken").await.status, StatusCode::BAD_REQUEST);
    let viewer = server.signed_in(Role::Viewer).await;
    for path in [list, event_page.as_str()] {
        let seen = viewer.get(path).await.body;
        assert!(!seen.contains("451 4.7.1") && !seen.contains("/retry\""), "{path}");
    }
}
