//! An event destination and the rotation of its secret, by hand: the form follows the kind, and both endpoints take events.

use fantoccini::Locator;

use crate::browser::Browser;
use crate::demo::Demo;

#[tokio::test]
async fn an_operator_makes_a_thin_destination_tests_it_and_rotates_its_secret() {
    let demo = Demo::start();
    let browser = Browser::open(1280, 900, false).await;
    browser.go(&demo.link).await;
    browser.go(&format!("{}/admin/endpoints/new", demo.base)).await;

    // Only what its kind has can be seen.
    assert!(is_shown(&browser, ".for-snapshots [data-preset]").await && !is_shown(&browser, ".for-thin").await);
    tick(&browser, "input[value=thin_destination]").await;
    assert!(is_shown(&browser, ".for-thin [data-preset]").await && !is_shown(&browser, "#api_version").await);
    tick(&browser, ".for-thin [data-preset]").await;
    let chosen = browser.evaluate("return document.querySelectorAll('.for-thin :checked').length").await;
    assert!(chosen.as_u64().is_some_and(|count| count > 30), "{chosen}");
    let told = browser.evaluate("return document.querySelector('.for-thin .type-count').textContent").await;
    assert_eq!(told, format!("{chosen} chosen"));
    browser.fill("#base_url", &demo.base).await;
    browser.fill("#description", "Thin by hand").await;
    browser.press("Create").await;
    let page = browser.text().await;
    assert!(page.contains("Thin by hand") && page.contains("Event destination: thin"), "{page}");
    let old = browser.client.current_url().await.unwrap();
    browser.press("Send test event").await;
    browser.reload_until("test event", |page| page.contains("accepted")).await;

    browser.press("Rotate secret").await;
    browser.press("Make the new endpoint").await;
    let page = browser.text().await;
    assert!(page.contains("takes the place of another"), "{page}");
    let new = browser.client.current_url().await.unwrap();
    assert_ne!(old, new);
    browser
        .reload_until("event at the new endpoint", |page| page.contains("accepted") || page.contains("duplicate"))
        .await;
    browser.go(old.as_str()).await;
    browser.press("Retire now").await;
    browser.press("Retire now").await;
    assert_eq!(browser.client.current_url().await.unwrap(), new);
    browser.go(old.as_str()).await;
    let page = browser.text().await;
    assert!(page.contains("This endpoint is deleted"), "{page}");
    browser.close().await;
}

async fn is_shown(browser: &Browser, css: &str) -> bool {
    browser.client.find(Locator::Css(css)).await.unwrap().is_displayed().await.unwrap()
}

async fn tick(browser: &Browser, css: &str) {
    browser.client.find(Locator::Css(css)).await.unwrap().click().await.unwrap();
}
