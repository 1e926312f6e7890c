//! Where a request goes: always the host that the client was made for, whatever the path holds.

use url::{Url, form_urlencoded};

use super::Request;
use crate::error::Error;
use crate::scrub::scrub;

impl Request {
    /// A GET of the `next_page_url` of a v2 list: a path with a query, alone or after the base URL it was asked at.
    ///
    /// What is left of a URL of another host is no path that [`url`](Self::url) lets through.
    pub(crate) fn next_page(next_page_url: &str, base: &Url) -> Self {
        let root = base.as_str().trim_end_matches('/');
        let rest = next_page_url.strip_prefix(root).unwrap_or(next_page_url);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Self::get(path).queries(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The address under `base`, which stays on its host and under its path.
    ///
    /// The path may come from Stripe (a thin event's `related_object.url`), so it is checked and never resolved.
    pub(crate) fn url(&self, base: &Url) -> Result<Url, Error> {
        if let Some(fault) = self.fault {
            return Err(Error::InvalidRequest(fault.to_owned()));
        }
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
        Error::InvalidRequest(scrub(&format!("the path {:?} {reason}", self.path)))
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
}
