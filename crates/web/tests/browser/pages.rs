//! Every page of the menu, at desktop and phone width, light and dark: it fits, it has one heading, and nothing breaks in it.

use fantoccini::Locator;

use crate::browser::Browser;
use crate::demo::Demo;

/// When set, pictures of all pages are written to this folder.
const PICTURES: &str = "TOLLGATE_PICTURES";

#[tokio::test]
async fn every_page_fits_at_desktop_and_phone_width_in_both_themes() {
    let demo = Demo::start();
    let desktop = Browser::open(1280, 900, false).await;
    desktop.go(&demo.link).await;
    desktop.go(&format!("{}/admin/events", demo.base)).await;
    desktop.reload_until("first events", |page| page.contains("customer") || page.contains("invoice")).await;
    desktop.go(&format!("{}/admin/tasks?status=dead", demo.base)).await;
    desktop.reload_until("first dead task", |page| page.contains("send_receipt")).await;
    replay_everything(&desktop, &demo.base).await;
    let cookie = desktop.client.get_all_cookies().await.unwrap();
    let pages = pages(&desktop, &demo.base).await;
    assert!(pages.len() > 10, "{pages:?}");
    look_at(&desktop, &demo.base, &pages, "1280-light").await;
    desktop.close().await;

    for (width, dark, name) in
        [(390, false, "390-light"), (1280, true, "1280-dark"), (390, true, "390-dark"), (320, false, "320-light")]
    {
        let browser = Browser::open(width, 844, dark).await;
        browser.go(&format!("{}/admin/sign-in", demo.base)).await;
        for one in &cookie {
            browser.client.add_cookie(one.clone()).await.unwrap();
        }
        look_at(&browser, &demo.base, &pages, name).await;
        browser.close().await;
    }
}

// So that there is a replay to look at.
async fn replay_everything(browser: &Browser, base: &str) {
    browser.go(&format!("{base}/admin/events/replay?status=processed")).await;
    browser.fill("#reason", "to have one to look at").await;
    browser.press("Go on").await;
    fits(browser, "confirmation of a replay", "1280-light").await;
    browser.press("Replay them").await;
}

// The menu's pages, and one page of each kind that they lead to.
async fn pages(browser: &Browser, base: &str) -> Vec<String> {
    let mut pages = links(browser, "nav a").await;
    pages.extend(
        ["/admin/endpoints/new", "/admin/events/replay", "/admin/events/missed", "/admin/syncs", "/admin/checks"]
            .map(str::to_owned),
    );
    for menu in pages.clone() {
        browser.go(&format!("{base}{menu}")).await;
        for prefix in [
            "/admin/events/evt_",
            "/admin/replays/",
            "/admin/deliveries/",
            "/admin/endpoints/",
            "/admin/objects/customer",
            "/admin/objects/invoice",
        ] {
            let found = links(browser, &format!("main a[href^='{prefix}']")).await;
            pages.extend(found.into_iter().take(1));
        }
    }
    for list in
        pages.clone().iter().filter(|page| page.starts_with("/admin/objects/") || page.starts_with("/admin/endpoints/"))
    {
        browser.go(&format!("{base}{list}")).await;
        let inner = links(browser, &format!("main a[href^='{list}/']")).await;
        pages.extend(inner.into_iter().take(4));
    }
    pages.sort();
    pages.dedup();
    pages
}

async fn links(browser: &Browser, css: &str) -> Vec<String> {
    let mut links = Vec::new();
    for link in browser.client.find_all(Locator::Css(css)).await.unwrap() {
        if let Some(href) = link.attr("href").await.unwrap() {
            links.push(href);
        }
    }
    links
}

async fn look_at(browser: &Browser, base: &str, pages: &[String], name: &str) {
    for page in pages {
        browser.go(&format!("{base}{page}")).await;
        fits(browser, page, name).await;
        picture(browser, page, name).await;
    }
    // This one answers a form.
    if let Some(event) = pages.iter().find(|page| page.starts_with("/admin/events/evt_")) {
        browser.go(&format!("{base}{event}")).await;
        browser.press("Dry run").await;
        fits(browser, "dry run", name).await;
        picture(browser, "/dry-run", name).await;
    }
}

async fn fits(browser: &Browser, page: &str, name: &str) {
    let headings = browser.client.find_all(Locator::Css("h1")).await.unwrap().len();
    assert_eq!(headings, 1, "{page} at {name} has {headings} main headings: {}", browser.text().await);
    let overflow = browser.evaluate("return document.documentElement.scrollWidth - window.innerWidth").await;
    assert!(overflow.as_i64().is_some_and(|pixels| pixels <= 0), "{page} at {name} is {overflow} pixels too wide");
}

async fn picture(browser: &Browser, page: &str, name: &str) {
    let Ok(folder) = std::env::var(PICTURES) else { return };
    let file = page.trim_start_matches("/admin").replace(['/', '?', '=', '#'], "_");
    let picture = browser.client.screenshot().await.unwrap();
    std::fs::write(format!("{folder}/{name}{file}.png"), picture).unwrap();
}
