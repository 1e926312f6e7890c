//! How a path finds its route, and what an API version looks like.

use http::Method;

use super::kinds::KINDS;
use super::shown::SHOWN;
use super::{Kind, Route};

/// A route that was found, and the ids in its path.
pub(crate) struct Found {
    pub(crate) kind: &'static Kind,
    pub(crate) route: Route,
    pub(crate) ids: Vec<String>,
}

impl Found {
    /// The permission that a restricted key needs.
    pub(crate) fn permission(&self) -> String {
        format!("rak_{}_{}", self.kind.permission, if self.route.writes() { "write" } else { "read" })
    }
}

/// The route of a path; of several that fit the first declared one.
pub(crate) fn find(method: &Method, path: &str) -> Option<Found> {
    KINDS.iter().copied().chain(&SHOWN).find_map(|kind| {
        let tail = path.strip_prefix(kind.path)?;
        let fits = |route: &&Route| route.method == method.as_str();
        kind.routes.iter().filter(fits).find_map(|route| Some(Found { kind, route: *route, ids: ids(route, tail)? }))
    })
}

/// The ids in a tail that fits the route.
fn ids(route: &Route, tail: &str) -> Option<Vec<String>> {
    let mut ids = Vec::new();
    let (mut wanted, mut found) = (route.tail.split('/'), tail.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return Some(ids),
            (Some("{}"), Some(id)) if !id.is_empty() => ids.push(id.to_owned()),
            (Some(name), Some(part)) if name == part => {}
            _ => return None,
        }
    }
}

/// Whether this looks like an API version: a date, with a release name or without.
pub(crate) fn is_version(text: &str) -> bool {
    let (date, release) = text.split_once('.').map_or((text, None), |(date, release)| (date, Some(release)));
    let digits = |range: std::ops::Range<usize>| date.as_bytes()[range].iter().all(u8::is_ascii_digit);
    let dashes = date.len() == 10 && date.is_ascii() && date.as_bytes()[4] == b'-' && date.as_bytes()[7] == b'-';
    let named = release.is_none_or(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()));
    dashes && digits(0..4) && digits(5..7) && digits(8..10) && named
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::{KINDS, SHOWN, find, is_version};

    #[test]
    fn paths_find_their_route() {
        let found = |method: Method, path: &str| find(&method, path).map(|found| (found.kind.object, found.ids));
        let one = |object, id: &str| Some((object, vec![id.to_owned()]));
        assert_eq!(found(Method::GET, "/v1/customers/cus_1"), one("customer", "cus_1"));
        assert_eq!(found(Method::GET, "/v1/checkout/sessions"), Some(("checkout.session", vec![])));
        assert_eq!(found(Method::GET, "/v1/account"), Some(("account", vec![])));
        assert_eq!(found(Method::GET, "/v1/accounts/acct_1"), one("account", "acct_1"));
        let two = vec!["cus_1".to_owned(), "pm_1".to_owned()];
        assert_eq!(found(Method::GET, "/v1/customers/cus_1/payment_methods/pm_1"), Some(("customer", two)));
        assert_eq!(find(&Method::GET, "/v1/customers/search").unwrap().ids, [""; 0], "a name stands before an id");
        let ping = "/v2/core/event_destinations/ed_1/ping";
        assert_eq!(found(Method::POST, ping), one("v2.core.event_destination", "ed_1"));
        for path in
            ["/v1", "/v1/customer", "/v1/customers/", "/v1/customers/a/b", "/v2/customers", "/v1/customers/a/", ping]
        {
            assert_eq!(found(Method::GET, path), None, "{path}");
        }
        for path in
            ["/v2/core/event_destinations/ed_1/fly", "/v2/core/event_destinations/ed_1/", "/v1/customers/a/ping"]
        {
            assert_eq!(found(Method::POST, path), None, "{path}");
        }
        assert_eq!(found(Method::DELETE, "/v1/prices/price_1"), None);
    }

    #[test]
    fn the_documentation_names_every_path_that_is_served() {
        let page = include_str!("../../../../docs/simulator.md");
        let kinds = KINDS.iter().copied().chain(&SHOWN).filter(|kind| !kind.internal && !kind.path.starts_with("/v2/"));
        let named = |path: &str| page.contains(path) || page.contains(&path.replace("/v1/billing_portal", ""));
        let missing: Vec<&str> = kinds.map(|kind| kind.path).filter(|path| !named(path)).collect();
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn versions_are_dates_with_or_without_a_name() {
        assert!(is_version("2026-10-28.endive") && is_version("2022-11-15"));
        for text in ["", "2022", "2022-11-15.", "2022/11/15", "latest", "2022-11-1x", "20é2-11-15"] {
            assert!(!is_version(text), "{text}");
        }
    }
}
