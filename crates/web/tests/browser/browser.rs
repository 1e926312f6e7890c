//! Headless Chromium, driven through its own driver.

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(20);

/// A browser window with a fresh profile.
pub struct Browser {
    /// The window.
    pub client: Client,
    driver: Child,
}

impl Browser {
    /// Opens a window of this size, in light or dark.
    pub async fn open(width: u32, height: u32, dark: bool) -> Self {
        let (driver, port) = start_driver();
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--hide-scrollbars".to_owned(),
        ];
        if dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        // A window cannot be as narrow as a phone; an emulated screen can.
        let options = json!({
            "args": arguments,
            "mobileEmulation": { "deviceMetrics": { "width": width, "height": height, "pixelRatio": 1.0, "touch": false } },
        });
        let capabilities = json!({ "goog:chromeOptions": options });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().expect("an object").clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        Self { client, driver }
    }

    /// Goes to an address.
    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.expect("the page loads");
    }

    /// The text of the page.
    pub async fn text(&self) -> String {
        self.client.find(Locator::Css("body")).await.expect("a body").text().await.expect("its text")
    }

    /// Follows the link that a CSS selector finds first, and waits for the page it leads to.
    pub async fn click(&self, css: &str) {
        self.follow(Locator::Css(css)).await;
    }

    /// Presses a button or link by its words, and waits for the page it leads to.
    pub async fn press(&self, words: &str) {
        let path =
            format!("//main//*[self::button or self::a][not(@aria-hidden)][contains(normalize-space(.), '{words}')]");
        self.follow(Locator::XPath(&path)).await;
    }

    // A click returns before the next page is there: the mark goes with the page it was left on.
    async fn follow(&self, what: Locator<'_>) {
        let found = self.client.find(what).await.unwrap_or_else(|error| panic!("{what:?}: {error}"));
        self.evaluate("window.stillTheOldPage = true").await;
        found.click().await.expect("it can be clicked");
        wait_for("next page", || async {
            let script = "return !window.stillTheOldPage && document.readyState === 'complete'";
            self.client.execute(script, Vec::new()).await.is_ok_and(|loaded| loaded == true)
        })
        .await;
    }

    /// Replaces what is in a field.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.client.find(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"));
        field.clear().await.expect("it can be cleared");
        field.send_keys(text).await.expect("it can be filled");
    }

    /// Evaluates JavaScript.
    pub async fn evaluate(&self, script: &str) -> serde_json::Value {
        self.client.execute(script, Vec::new()).await.expect("the script runs")
    }

    /// Reloads until the page's text fits.
    pub async fn reload_until(&self, what: &str, fits: impl Fn(&str) -> bool) {
        wait_for(what, || async {
            self.client.refresh().await.expect("the page reloads");
            fits(&self.text().await)
        })
        .await;
    }

    /// Closes the window and ends the driver.
    pub async fn close(mut self) {
        drop(self.client.clone().close().await);
        self.stop_driver();
    }

    // Asked to end, the driver ends its browser too; killed, it would leave it behind.
    fn stop_driver(&mut self) {
        let asked = Command::new("kill").arg(self.driver.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            drop(self.driver.kill());
        }
        drop(self.driver.wait());
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if matches!(self.driver.try_wait(), Ok(None)) {
            self.stop_driver();
        }
    }
}

/// Waits until a condition holds.
pub async fn wait_for<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "no {what} in time");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn start_driver() -> (Child, u16) {
    let program = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
    let mut driver = Command::new(&program)
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not start ({error}): scripts/test installs it"));
    let output = BufReader::new(driver.stdout.take().expect("its output is piped"));
    let port = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok())
        .expect("chromedriver says its port");
    (driver, port)
}
