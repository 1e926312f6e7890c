//! A request to Stripe as a value: it can be built, compared and checked without a connection.

use std::fmt::Write;

use reqwest::Method;
use serde_json::Value;
use url::Url;

use crate::error::Error;
use crate::form::Form;

/// What to ask of Stripe; [`Client::send`](crate::Client::send) sends it.
///
/// ```
/// use tollgate_stripe_client::{Form, Request};
/// let refund = Request::post("/v1/refunds").form(Form::new().with("charge", "ch_123")).idempotency_key("refund-of-order-7");
/// let customer = Request::get("/v1/customers").segment("cus_123").query("expand[]", "sources");
/// assert_ne!(refund, customer);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    method: Method,
    path: String,
    query: Form,
    body: Body,
    idempotency_key: Option<String>,
    context: Option<String>,
}

/// The body in the encoding that the API generation asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    None,
    Form(Form),
    Json(Value),
}

impl Request {
    /// A GET of a path such as `/v1/customers`. Ids go through [`segment`](Self::segment).
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path.into())
    }

    /// A POST to a path. Without an [`idempotency_key`](Self::idempotency_key) it gets a fresh one, kept across retries.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path.into())
    }

    /// A DELETE of a path.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path.into())
    }

    /// A GET of the `next_page_url` of a v2 list: a path with a query, alone or after the base URL it was asked at.
    ///
    /// What is left of a URL of another host is no path that [`url`](Self::url) lets through.
    pub(crate) fn next_page(next_page_url: &str, base: &Url) -> Self {
        let root = base.as_str().trim_end_matches('/');
        let rest = next_page_url.strip_prefix(root).unwrap_or(next_page_url);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Self::get(path).queries(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    fn new(method: Method, path: String) -> Self {
        Self { method, path, query: Form::new(), body: Body::None, idempotency_key: None, context: None }
    }

    /// Adds one segment to the path, encoded so that no id can lead to another path.
    #[must_use]
    pub fn segment(mut self, id: &str) -> Self {
        self.path.push('/');
        for byte in id.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~') {
                self.path.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(self.path, "%{byte:02X}");
            }
        }
        self
    }

    /// Adds one query parameter.
    #[must_use]
    pub fn query(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push(key, value);
        self
    }

    /// Sets the whole query.
    #[must_use]
    pub fn queries(mut self, query: Form) -> Self {
        self.query = query;
        self
    }

    /// Sets a form body, as v1 paths take.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        self.body = Body::Form(form);
        self
    }

    /// Sets a JSON body, as v2 paths take.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    /// Sets the key under which Stripe does the work once, at most 255 characters.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Acts in the `context` of a thin event (`Stripe-Context`); it takes the place of the client's account.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.context = Some(context.into());
        self
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path, percent-encoded.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn body(&self) -> &Body {
        &self.body
    }

    pub(crate) fn context_value(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// The key to send: the one given, or a fresh UUIDv4 where Stripe takes one (POST, and DELETE on v2).
    pub(crate) fn key_to_send(&self) -> Result<Option<String>, Error> {
        let takes_one = self.method == Method::POST || (self.method == Method::DELETE && self.path.starts_with("/v2/"));
        match &self.idempotency_key {
            Some(key) if key.is_empty() || key.chars().count() > 255 => {
                Err(Error::InvalidRequest("an idempotency key has 1 to 255 characters".to_owned()))
            }
            Some(key) => Ok(Some(key.clone())),
            None => Ok(takes_one.then(|| uuid::Uuid::new_v4().to_string())),
        }
    }

    /// The address under `base`, which stays on its host and under its path.
    ///
    /// The path may come from Stripe (a thin event's `related_object.url`), so it is checked and never resolved.
    pub(crate) fn url(&self, base: &Url) -> Result<Url, Error> {
        self.check_path()?;
        let whole = format!("{}{}", base.path().trim_end_matches('/'), self.path);
        let mut url = base.clone();
        url.set_path(&whole);
        // The URL standard resolves dot segments, even percent-encoded ones: a change means there was one.
        if url.path() != whole {
            return Err(self.invalid_path("has a segment that leads elsewhere"));
        }
        url.set_query((!self.query.is_empty()).then(|| self.query.encode()).as_deref());
        Ok(url)
    }

    fn check_path(&self) -> Result<(), Error> {
        let rest = ["/v1/", "/v2/"].iter().find_map(|root| self.path.strip_prefix(root));
        let rest = rest.ok_or_else(|| self.invalid_path("does not start with /v1/ or /v2/"))?;
        if rest.split('/').any(str::is_empty) {
            return Err(self.invalid_path("has an empty segment; an id is missing"));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~%/:".contains(&b);
        if rest.bytes().all(plain) { Ok(()) } else { Err(self.invalid_path("has a character that is not encoded")) }
    }

    fn invalid_path(&self, reason: &str) -> Error {
        Error::InvalidRequest(crate::scrub::scrub(&format!("the path {:?} {reason}", self.path)))
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::Request;
    use crate::error::Error;

    fn url(request: &Request) -> Result<String, Error> {
        request.url(&Url::parse("https://api.stripe.com/").unwrap()).map(String::from)
    }

    #[test]
    fn an_id_stays_one_segment() {
        let cases = [
            ("cus_123", "cus_123"),
            ("../x", "..%2Fx"),
            ("a/b", "a%2Fb"),
            ("a?b#c", "a%3Fb%23c"),
            ("a%2Fb", "a%252Fb"),
            ("Zoë", "Zo%C3%AB"),
            ("a b\n", "a%20b%0A"),
            ("...", "..."),
        ];
        for (id, expected) in cases {
            let request = Request::get("/v1/customers").segment(id);
            assert_eq!(url(&request).unwrap(), format!("https://api.stripe.com/v1/customers/{expected}"), "{id:?}");
        }
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_refused() {
        let paths = [
            "",
            "/",
            "v1/customers",
            "/v3/customers",
            "//evil.example/v1/x",
            "https://evil.example/v1/x",
            "/v1/",
            "/v1//x",
            "/v1/a/",
            "/v1/../x",
            "/v1/./x",
            "/v1/%2e%2e/x",
            "/v1/.%2E/x",
            "/v1/x?y=1",
            "/v1/x#y",
            "/v1/x y",
            "/v1/x\\y",
            "/v1/x@evil",
            "/v1/é",
        ];
        for path in paths {
            assert!(matches!(url(&Request::get(path)), Err(Error::InvalidRequest(_))), "{path:?}");
        }
        for id in ["", ".", ".."] {
            let request = Request::get("/v1/customers").segment(id);
            assert!(matches!(url(&request), Err(Error::InvalidRequest(_))), "{id:?}");
        }
    }

    #[test]
    fn the_next_page_is_on_the_same_host() {
        let base = Url::parse("http://127.0.0.1:1/mock").unwrap();
        let next = |url: &str| Request::next_page(url, &base).url(&base).map(String::from);
        for url in ["/v2/core/events?page=a%2Fb&limit=2", "http://127.0.0.1:1/mock/v2/core/events?page=a%2Fb&limit=2"] {
            assert_eq!(next(url).unwrap(), "http://127.0.0.1:1/mock/v2/core/events?page=a%2Fb&limit=2", "{url}");
        }
        assert_eq!(next("/v2/core/events").unwrap(), "http://127.0.0.1:1/mock/v2/core/events");
        let elsewhere = [
            "https://evil.example/v2/core/events?page=a",
            "http://127.0.0.1:1/v2/core/events",
            "http://127.0.0.1:1/mock.evil.example/v2/core/events",
            "http://127.0.0.1:1/mock@evil.example/v2/core/events",
            "http://127.0.0.1:11/mock/v2/core/events",
            "https://127.0.0.1:1/mock/v2/core/events",
            "//evil.example/v2/core/events",
            "/mock/v2/core/events",
            "/v2/../admin?page=a",
            "?page=a",
            "page",
        ];
        for url in elsewhere {
            assert!(matches!(next(url), Err(Error::InvalidRequest(_))), "{url}");
        }
    }

    #[test]
    fn the_base_may_have_a_path() {
        let base = Url::parse("http://127.0.0.1:1/mock/").unwrap();
        let request = Request::get("/v1/events").query("type", "a b").query("created[gte]", "1");
        assert_eq!(
            request.url(&base).unwrap().as_str(),
            "http://127.0.0.1:1/mock/v1/events?type=a+b&created%5Bgte%5D=1"
        );
    }

    #[test]
    fn writes_get_an_idempotency_key_and_reads_do_not() {
        let fresh = Request::post("/v1/customers").key_to_send().unwrap().unwrap();
        assert_eq!(uuid::Uuid::parse_str(&fresh).unwrap().get_version_num(), 4);
        assert_ne!(Request::post("/v1/customers").key_to_send().unwrap(), Some(fresh));
        let given = Request::post("/v1/customers").idempotency_key("mine");
        assert_eq!(given.key_to_send().unwrap().as_deref(), Some("mine"));
        assert_eq!(Request::get("/v1/customers").key_to_send().unwrap(), None);
        assert_eq!(Request::delete("/v1/customers/cus_1").key_to_send().unwrap(), None);
        assert!(Request::delete("/v2/core/event_destinations/ed_1").key_to_send().unwrap().is_some());
        for key in [String::new(), "k".repeat(256)] {
            let request = Request::post("/v1/customers").idempotency_key(key);
            assert!(matches!(request.key_to_send(), Err(Error::InvalidRequest(_))));
        }
    }
}
