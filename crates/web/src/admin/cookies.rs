//! The admin's cookies: read from a request, written for a response.

use actix_web::http::header::{COOKIE, HeaderMap};

use crate::Config;

/// A cookie of ours by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    /// The session's token.
    Session,
    /// A token for the sign-in form, before there is a session.
    Visitor,
    /// A message for the next page.
    Flash,
    /// The chosen theme.
    Theme,
}

impl Cookie {
    /// Its name. Behind https the prefix `__Host-` has browsers refuse it from anywhere but this very host.
    fn name(self, https: bool) -> String {
        let name = match self {
            Self::Session if https => return "__Host-tollgate".to_owned(),
            Self::Session => "tollgate_session",
            Self::Visitor => "tollgate_visitor",
            Self::Flash => "tollgate_flash",
            Self::Theme => "tollgate_theme",
        };
        if https { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// Its value in a request.
    pub(super) fn read(self, headers: &HeaderMap, config: &Config) -> Option<String> {
        let name = self.name(config.is_https());
        let pairs =
            headers.get_all(COOKIE).filter_map(|header| header.to_str().ok()).flat_map(|header| header.split(';'));
        let mut named = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(found, _)| *found == name);
        named.next().map(|(_, value)| value.to_owned()).filter(|value| !value.is_empty())
    }

    /// The `Set-Cookie` header that sets it. Values are ours and free of separators. Without an age it goes with the browser.
    pub(super) fn set(self, value: &str, max_age_seconds: Option<i64>, config: &Config) -> String {
        let https = config.is_https();
        let age = max_age_seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure = if https { "; Secure" } else { "" };
        format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", self.name(https))
    }

    /// The `Set-Cookie` header that removes it.
    pub(super) fn clear(self, config: &Config) -> String {
        self.set("", Some(0), config)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn config(public_url: &str) -> Config {
        Config::from_sources(|name| (name == "TOLLGATE_PUBLIC_URL").then(|| public_url.to_owned()), None).unwrap()
    }

    #[test]
    fn behind_https_cookies_are_bound_to_the_host() {
        let set = Cookie::Session.set("abc", None, &config("https://pay.example.com"));
        assert_eq!(set, "__Host-tollgate=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
        let set = Cookie::Session.set("abc", Some(5), &config("http://127.0.0.1:8000"));
        assert_eq!(set, "tollgate_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=5");
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; xtollgate_session=no; tollgate_session=yes"));
        let config = config("http://127.0.0.1:8000");
        assert_eq!(Cookie::Session.read(&headers, &config).as_deref(), Some("yes"));
        assert_eq!(Cookie::Theme.read(&headers, &config), None);
    }
}
