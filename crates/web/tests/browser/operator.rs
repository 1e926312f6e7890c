//! The operator's way: sign in, add an endpoint, see an event arrive, try it out, replay it and others, and retry a task.

use fantoccini::Locator;

use crate::browser::{Browser, wait_for};
use crate::demo::{Demo, EMAIL, PASSWORD};

#[tokio::test]
async fn the_link_signs_in_once() {
    let demo = Demo::start();
    let browser = Browser::open(1280, 900, false).await;
    browser.go(&demo.link).await;
    assert_eq!(browser.client.current_url().await.unwrap().path(), "/admin");

    let other = Browser::open(1280, 900, false).await;
    other.go(&demo.link).await;
    assert!(other.text().await.contains("link"), "{}", other.text().await);
    other.go(&format!("{}/admin/events", demo.base)).await;
    assert_eq!(other.client.current_url().await.unwrap().path(), "/admin/sign-in");
    other.close().await;
    browser.close().await;
}

#[tokio::test]
async fn an_operator_adds_an_endpoint_and_replays_an_event_that_arrives_at_it() {
    let demo = Demo::start();
    demo.add_operator();
    let browser = Browser::open(1280, 900, false).await;

    // A wrong password is refused in words, and leads nowhere.
    browser.go(&format!("{}/admin/endpoints/new", demo.base)).await;
    sign_in(&browser, "not the password at all").await;
    assert_eq!(browser.client.current_url().await.unwrap().path(), "/admin/sign-in");
    assert!(!browser.client.find_all(Locator::Css("[role=alert]")).await.unwrap().is_empty());

    // The right one leads to the page that was asked for.
    sign_in(&browser, PASSWORD).await;
    let page = browser.text().await;
    assert_eq!(browser.client.current_url().await.unwrap().path(), "/admin/endpoints/new", "{page}");

    // What cannot be right comes back at its field, with what was entered.
    browser.fill("#base_url", "ftp://nowhere.example").await;
    browser.fill("#description", "Made in a browser").await;
    browser.press("Create").await;
    let page = browser.text().await;
    assert!(page.contains("must start with https"), "{page}");
    let kept = browser.client.find(Locator::Css("#description")).await.unwrap().prop("value").await.unwrap();
    assert_eq!(kept.as_deref(), Some("Made in a browser"));

    // Then it is created on Stripe, and its first event arrives.
    browser.fill("#base_url", &demo.base).await;
    browser.press("Create").await;
    let page = browser.text().await;
    assert!(page.contains("Made in a browser") && page.to_lowercase().contains("enabled"), "{page}");
    let endpoint = browser.client.current_url().await.unwrap();
    let uuid = endpoint.path_segments().unwrap().next_back().unwrap().to_owned();
    browser.go(&format!("{}/admin/events?endpoint={uuid}", demo.base)).await;
    browser.reload_until("event at the new endpoint", |page| page.contains("evt_")).await;

    // The event's page shows its runs; replay adds runs.
    browser.click("main a[href^='/admin/events/evt_']").await;
    browser.reload_until("processed event", |page| page.contains("write_audit_trail")).await;
    let runs = |page: &str| page.matches("write_audit_trail").count();
    let before = runs(&browser.text().await);
    browser.press("Run again").await;
    browser.reload_until("run of the replay", |page| runs(page) > before).await;
    browser.close().await;
}

#[tokio::test]
async fn an_operator_tries_an_event_out_replays_it_with_a_reason_and_follows_the_replay_of_many() {
    let demo = Demo::start();
    demo.add_operator();
    let browser = Browser::open(1280, 900, false).await;
    browser.go(&format!("{}/admin/events?status=processed", demo.base)).await;
    sign_in(&browser, PASSWORD).await;
    browser.reload_until("processed event", |page| page.contains("evt_")).await;

    // A dry run tells what would be, and leaves the event as it is.
    browser.click("main a[href^='/admin/events/evt_']").await;
    let event = browser.client.current_url().await.unwrap();
    browser.fill("#reason", "to see what it does").await;
    browser.press("Dry run").await;
    let page = browser.text().await;
    for part in ["If it were replayed now, the event would be processed.", "is not undone", "write_audit_trail"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    browser.go(event.as_str()).await;
    assert!(!browser.text().await.contains("Replayed an event"));

    // From there it is replayed for real, with the reason that was given.
    browser.fill("#reason", "the books were closed").await;
    browser.press("Dry run").await;
    browser.press("Replay for real").await;
    browser.reload_until("run of the replay", |page| page.contains("attempt 1, replay")).await;
    let page = browser.text().await;
    assert!(page.contains("Replayed an event") && page.contains(&format!("{EMAIL}: the books were closed")), "{page}");

    // Many are counted, asked about, and followed to the end without a new page.
    let hold = demo.hold_replays();
    browser.go(&format!("{}/admin/events?type=customer", demo.base)).await;
    browser.press("Replay events").await;
    browser.client.find(Locator::Css("input[name=status][value='']")).await.unwrap().click().await.unwrap();
    browser.fill("#reason", "the search index was lost").await;
    browser.press("Go on").await;
    let page = browser.text().await;
    assert!(page.contains("all events of type or family customer") && page.contains("search index"), "{page}");
    browser.press("Replay them").await;
    let page = browser.text().await;
    assert!(page.contains("Replay #1") && page.contains("running") && page.contains("Stop"), "{page}");
    browser.client.find(Locator::Css("#follow")).await.unwrap().click().await.unwrap();
    browser.evaluate("window.stillTheOldPage = true").await;
    drop(hold);
    wait_for("end of the replay", || async { browser.text().await.contains("100 %") }).await;
    let page = browser.text().await;
    assert!(page.contains("done") && !page.contains("Stop") && page.contains("search index"), "{page}");
    assert_eq!(browser.evaluate("return window.stillTheOldPage").await, true);
    browser.close().await;
}

#[tokio::test]
async fn an_operator_retries_a_dead_task() {
    let demo = Demo::start();
    demo.add_operator();
    let browser = Browser::open(1280, 900, false).await;
    browser.go(&format!("{}/admin/tasks?status=dead", demo.base)).await;
    sign_in(&browser, PASSWORD).await;
    browser.reload_until("dead task", |page| page.contains("550 5.7.1")).await;
    browser.click("main tbody a[href*='#task-']").await;
    let task = browser.client.current_url().await.unwrap().fragment().unwrap().to_owned();
    assert!(of_task(&browser, &task).await.contains("dead"));
    browser.press("Retry").await;
    let page = browser.text().await;
    assert!(page.contains("is back in the queue") && page.contains("Retried a task"), "{page}");
    wait_for("success of the task", || async {
        browser.client.refresh().await.unwrap();
        of_task(&browser, &task).await.contains("succeeded")
    })
    .await;
    browser.close().await;
}

async fn of_task(browser: &Browser, id: &str) -> String {
    browser.client.find(Locator::Id(id)).await.unwrap().text().await.unwrap()
}

async fn sign_in(browser: &Browser, password: &str) {
    browser.fill("#email", EMAIL).await;
    browser.fill("#password", password).await;
    browser.press("Sign in").await;
}
