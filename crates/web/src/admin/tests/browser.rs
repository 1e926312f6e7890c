//! A server on a fresh database, and a browser that keeps its cookies.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::header::{HeaderMap, LOCATION, SET_COOKIE};
use actix_web::http::{Method, StatusCode};
use actix_web::{App, test};
use tollgate_models::testing::TestDb;
use tollgate_models::users::{self as rows, Role};

use crate::audit::Actor;
use crate::{Clock, Config, Context, Event, HandlerResult, Handlers, Tollgate, users};

/// 2026-11-23 05:50:46 UTC.
pub(super) const NOW: i64 = 1_795_413_046_000;
pub(super) const PASSWORD: &str = "plough Mirror seven gates";

/// A Tollgate on a fresh database.
pub(super) struct Server {
    pub(super) tollgate: Tollgate,
    pub(super) clock: Clock,
    _db: TestDb,
}

/// What a browser got.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// Cookies, and the headers that a browser sends along.
pub(super) struct Browser<'a> {
    server: &'a Server,
    cookies: RefCell<BTreeMap<String, String>>,
    pub(super) site: &'static str,
}

fn grant_access(_: &Event, _: &mut Context<'_>) -> HandlerResult {
    Ok(())
}

fn send_receipt(_: &Event, _: &mut Context<'_>) -> HandlerResult {
    Ok(())
}

fn handlers() -> Handlers {
    Handlers::new()
        .on_as("billing::grant_access", ["customer.subscription", "invoice.paid"], grant_access)
        .on_as("mail::send_receipt", "invoice.paid", send_receipt)
        .on_as("disputes::alert", "charge.dispute", send_receipt)
        .after_commit_as("mail::welcome", "customer.subscription", |_| async { Ok(()) })
        .with_deadline(Duration::from_secs(5))
        .with_retries(vec![Duration::from_secs(30), Duration::from_secs(300)])
        .after_commit_as("pager::ring", "tollgate.event.dead", |_| async { Ok(()) })
        .task("mail::letter", |_| async { Ok(()) })
        .with_retries(Vec::new())
}

impl Server {
    pub(super) async fn start() -> Self {
        Self::start_at(&[]).await
    }

    /// With settings.
    pub(super) async fn start_at(settings: &[(&str, &str)]) -> Self {
        let config = Config::from_sources(
            |name| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()),
            None,
        );
        Self::build(handlers(), config.unwrap()).await
    }

    /// With other handlers and another configuration.
    pub(super) async fn start_with(handlers: Handlers, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::from_sources(|_| None, None).unwrap();
        change(&mut config);
        Self::build(handlers, config).await
    }

    async fn build(handlers: Handlers, mut config: Config) -> Self {
        let db = TestDb::new();
        let (_, key) = crate::keyring::Keyring::generate();
        config.database_url = db.url().clone();
        config.secret_key = Some(key);
        let clock = Clock::fixed(NOW);
        let tollgate =
            Tollgate::builder(config).clock(clock.clone()).handlers(handlers).without_workers().build().await.unwrap();
        Self { tollgate, clock, _db: db }
    }

    pub(super) fn advance(&self, millis: i64) {
        if let Clock::Fixed(now) = &self.clock {
            now.fetch_add(millis, std::sync::atomic::Ordering::Relaxed);
        }
    }

    pub(super) async fn add_user(&self, email: &str, role: Role) -> i64 {
        users::add(&self.tollgate, email, role, PASSWORD, &Actor::cli()).await.unwrap()
    }

    pub(super) fn browser(&self) -> Browser<'_> {
        Browser { server: self, cookies: RefCell::default(), site: "same-origin" }
    }

    /// A browser in which somebody with this role is signed in.
    pub(super) async fn signed_in(&self, role: Role) -> Browser<'_> {
        let email = format!("{role}@example.com");
        let found = self.tollgate.db().read({
            let email = email.clone();
            move |conn| rows::find_by_email(conn, &email)
        });
        let id = match found.await.unwrap() {
            Some(user) => user.id,
            None => self.add_user(&email, role).await,
        };
        let token = users::sign_in_token(&self.tollgate, id, 60_000).await.unwrap();
        let browser = self.browser();
        let answer = browser.get(&format!("/admin/sign-in/link/{token}")).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/admin"));
        browser
    }
}

impl Answer {
    pub(super) fn location(&self) -> &str {
        self.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value of the first hidden field with a name.
    pub(super) fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.split_once(&start).unwrap_or_else(|| panic!("no field {name} in {}", self.body));
        rest.split('"').next().unwrap_or_default().to_owned()
    }
}

impl Browser<'_> {
    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// Posts fields with the CSRF token of a page.
    pub(super) async fn post(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.get(page).await.field("csrf");
        let mut fields = fields.to_vec();
        fields.push(("csrf", &csrf));
        self.post_raw(path, &fields).await
    }

    pub(super) async fn post_raw(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, path, Some(form)).await
    }

    pub(super) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/admin/sign-in", "/admin/sign-in", &[("email", email), ("password", password)]).await
    }

    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    pub(super) fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    async fn send(&self, method: Method, path: &str, form: Option<String>) -> Answer {
        let app = test::init_service(App::new().configure(self.server.tollgate.admin_routes())).await;
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = test::TestRequest::with_uri(path)
            .method(method)
            .insert_header(("cookie", cookies.join("; ")))
            .insert_header(("host", "127.0.0.1:8000"))
            .insert_header(("sec-fetch-site", self.site))
            .insert_header(("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36"));
        if let Some(form) = form {
            request = request.insert_header(("content-type", "application/x-www-form-urlencoded")).set_payload(form);
        }
        let response = test::call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        self.keep(&headers);
        let body = test::read_body(response).await;
        Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    fn keep(&self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE).filter_map(|value| value.to_str().ok()) {
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.set_cookie(name, value);
            }
        }
    }
}
