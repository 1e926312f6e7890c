//! The API's routes as data, and how a path finds its own.

pub(crate) mod accounts;
mod catalog;
mod checks;
mod customers;
mod event_destinations;
mod events;
mod expand;
pub(crate) mod kinds;
mod metadata;
mod objects;
mod page;
pub(crate) mod refunds;
pub(crate) mod subscriptions;
mod webhook_endpoints;

use http::Method;

use crate::failure::{Answer, Failure};
use crate::params::Params;
use crate::state::{Cause, Scope, State};
use kinds::{KINDS, Kind};

/// One API call, with everything that does not change the state checked.
pub(crate) struct Call {
    /// The account acted for and the key's mode.
    pub(crate) scope: Scope,
    /// The account that the key belongs to.
    pub(crate) owner: String,
    pub(crate) key_hint: String,
    /// The version to render in.
    pub(crate) version: String,
    /// The id in the path; empty for lists and creations.
    pub(crate) id: String,
    pub(crate) params: Params,
    pub(crate) cause: Cause,
    pub(crate) kind: &'static Kind,
}

/// What one route does.
#[derive(Clone, Copy)]
pub(crate) struct Action {
    /// The parameters it knows; in version 1 `expand` and those of lists come on top.
    pub(crate) params: &'static [&'static str],
    pub(crate) run: fn(&mut State, &Call) -> Answer,
}

/// A route that was found.
pub(crate) struct Route {
    pub(crate) kind: &'static Kind,
    pub(crate) action: Action,
    listing: bool,
    writes: bool,
}

impl Route {
    /// The permission that a restricted key needs.
    pub(crate) fn permission(&self) -> &'static str {
        if self.writes { self.kind.write } else { self.kind.read }
    }

    /// Complains about parameters that the route does not know, as Stripe does.
    pub(crate) fn check_params(&self, params: &Params) -> Result<(), Failure> {
        if self.kind.path.starts_with("/v2/") {
            return params.only(self.action.params);
        }
        let mut known = vec!["expand"];
        known.extend(self.action.params);
        if self.listing {
            known.extend(page::PARAMS);
            known.extend(self.kind.filters.iter().map(|(name, _)| *name));
        }
        params.only(&known)
    }
}

/// The route of a path and the id in it; in version 2 a verb may follow the id.
pub(crate) fn find(method: &Method, path: &str) -> Option<(Route, String)> {
    let (kind, rest) = KINDS.iter().find_map(|kind| {
        let rest = path.strip_prefix(kind.path)?;
        (rest.is_empty() || rest.starts_with('/')).then_some((kind, rest))
    })?;
    let id = rest.strip_prefix('/').unwrap_or_default();
    let (id, verb) = id.split_once('/').map_or((id, None), |(id, verb)| (id, Some(verb)));
    if rest.starts_with('/') && id.is_empty() {
        return None;
    }
    let action = match (method.as_str(), id.is_empty(), verb) {
        ("GET", true, None) => kind.list,
        ("GET", false, None) => kind.retrieve,
        ("POST", true, None) => kind.create,
        ("POST", false, None) => kind.update,
        ("DELETE", false, None) => kind.delete,
        ("POST", false, Some(verb)) => kind.verbs.iter().find(|(name, _)| *name == verb).map(|(_, action)| *action),
        _ => None,
    }?;
    let listing = id.is_empty() && method == Method::GET;
    Some((Route { kind, action, listing, writes: method != Method::GET }, id.to_owned()))
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

    use super::{find, is_version};

    #[test]
    fn paths_find_their_route() {
        let found = |method: Method, path: &str| find(&method, path).map(|(route, id)| (route.kind.object, id));
        assert_eq!(found(Method::GET, "/v1/customers/cus_1"), Some(("customer", "cus_1".into())));
        assert_eq!(found(Method::GET, "/v1/checkout/sessions"), Some(("checkout.session", String::new())));
        assert_eq!(found(Method::GET, "/v1/account"), Some(("account", String::new())));
        assert_eq!(found(Method::GET, "/v1/accounts/acct_1"), Some(("account", "acct_1".into())));
        let ping = "/v2/core/event_destinations/ed_1/ping";
        assert_eq!(found(Method::POST, ping), Some(("v2.core.event_destination", "ed_1".into())));
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
    fn versions_are_dates_with_or_without_a_name() {
        assert!(is_version("2026-10-28.endive") && is_version("2022-11-15"));
        for text in ["", "2022", "2022-11-15.", "2022/11/15", "latest", "2022-11-1x", "20é2-11-15"] {
            assert!(!is_version(text), "{text}");
        }
    }
}
