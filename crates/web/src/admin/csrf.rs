//! Forms of our own pages only: a token bound to the browser's session, and a look at where the request came from.

use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use subtle::ConstantTimeEq;
use url::Url;

use crate::Config;
use crate::keyring::Keyring;

/// The token for forms of the browser that holds this cookie.
pub(super) fn token(keyring: &Keyring, cookie: &str) -> String {
    hex::encode(keyring.mac("admin csrf", cookie.as_bytes()))
}

/// Compares two tokens in constant time.
pub(super) fn is_equal(expected: &str, found: &str) -> bool {
    expected.as_bytes().ct_eq(found.as_bytes()).into()
}

/// Whether a browser sent the request from a page of ours. Without `Sec-Fetch-Site` the origin must be named and ours; an
/// origin that is not told is refused, as OWASP's cheat sheet on CSRF asks.
pub(super) fn is_from_here(headers: &HeaderMap, config: &Config) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(Ok(origin)) = text(ORIGIN.as_str()).map(Url::parse) else { return false };
    let authority = origin.authority();
    let is_host = text(HOST.as_str()).is_some_and(|host| host.eq_ignore_ascii_case(authority));
    is_host || config.public_url.as_ref().is_some_and(|public| public.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_form_from_another_site_is_told_by_its_headers() {
        let config = Config::from_sources(
            |name| (name == "TOLLGATE_PUBLIC_URL").then(|| "https://pay.example.com".to_owned()),
            None,
        )
        .unwrap();
        let cases: &[(&[(&str, &str)], bool)] = &[
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8000")], false),
            (&[("origin", "http://127.0.0.1:8000")], true),
            (&[("origin", "https://pay.example.com")], true),
            (&[("origin", "http://127.0.0.1:9000")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "null")], false),
            (&[], false),
        ];
        for (headers, expected) in cases {
            let mut map = HeaderMap::new();
            map.insert(HOST, HeaderValue::from_static("127.0.0.1:8000"));
            for (name, value) in *headers {
                map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            assert_eq!(is_from_here(&map, &config), *expected, "{headers:?}");
        }
    }

    #[test]
    fn each_browser_has_its_own_token() {
        let (keyring, _) = Keyring::generate();
        assert!(is_equal(&token(&keyring, "a"), &token(&keyring, "a")));
        assert!(!is_equal(&token(&keyring, "a"), &token(&keyring, "b")));
        assert!(!is_equal(&token(&keyring, "a"), ""));
    }
}
