//! The operator's way: sign in, add an endpoint, see an event arrive, replay it.

use fantoccini::Locator;

use crate::browser::Browser;
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
    let before = runs(&browser).await;
    browser.press("Run again").await;
    browser.reload_until("run of the replay", |page| page.contains("replay")).await;
    assert!(runs(&browser).await > before);
    browser.close().await;
}

async fn sign_in(browser: &Browser, password: &str) {
    browser.fill("#email", EMAIL).await;
    browser.fill("#password", password).await;
    browser.press("Sign in").await;
}

async fn runs(browser: &Browser) -> usize {
    browser.client.find_all(Locator::Css("[aria-labelledby=runs] li")).await.unwrap().len()
}
