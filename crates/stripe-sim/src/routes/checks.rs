//! What an endpoint must be in both versions of the API: its address, its events, its version, the cap on their number.

use tollgate_stripe_client::catalogue;
use tollgate_stripe_client::event::Kind;
use url::{Host, Url};

use super::{Call, is_version};
use crate::failure::Failure;
use crate::fields::Given;
use crate::state::State;

/// Endpoints of both versions count together.
pub(super) fn under_cap(state: &State, call: &Call) -> Result<(), Failure> {
    let cap = state.settings.endpoint_cap;
    let mode = if call.scope.livemode { "live" } else { "test" };
    if state.endpoints.iter().filter(|endpoint| endpoint.scope == call.scope).count() < cap {
        return Ok(());
    }
    Err(Failure::invalid(400, format!("You have reached the maximum of {cap} {mode} webhook endpoints.")))
}

pub(super) fn check_url(state: &State, call: &Call, text: &str) -> Result<String, Failure> {
    let invalid = |message: &str| Failure::param("url", message).code("url_invalid");
    if !text.contains("://") {
        return Err(invalid("Invalid URL: An explicit scheme (such as https) must be provided."));
    }
    let url = Url::parse(text).map_err(|_| invalid("Not a valid URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(invalid("Not a valid URL"));
    }
    let here = is_loopback(&url);
    if here && !state.settings.allow_loopback_urls {
        return Err(invalid(
            "Invalid URL: URL must be publicly accessible. Consider using a tool like the Stripe CLI to test webhooks \
             locally: https://github.com/stripe/stripe-cli",
        ));
    }
    if call.scope.livemode && url.scheme() != "https" && !here {
        return Err(invalid("Invalid URL: The URL must be HTTPS in live mode."));
    }
    Ok(text.to_owned())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// The event types that are asked for, if any are; each must be one of its kind.
pub(super) fn check_events(given: &Given, kind: Kind) -> Result<Option<Vec<String>>, Failure> {
    let Some(events) = given.texts("/enabled_events") else { return Ok(None) };
    if events.is_empty() || events == [""] {
        return Err(Failure::missing_param("enabled_events"));
    }
    let is_known = |event: &str| match kind {
        Kind::Snapshot => catalogue::is_known(event),
        Kind::Thin => catalogue::is_known_thin(event),
    };
    match events.iter().position(|event| *event != "*" && !is_known(event)) {
        None => Ok(Some(events.into_iter().map(str::to_owned).collect())),
        Some(at) => {
            let param = format!("enabled_events[{at}]");
            let known: Vec<&str> = match kind {
                Kind::Snapshot => catalogue::types().take(3).collect(),
                Kind::Thin => catalogue::thin_types().take(3).collect(),
            };
            Err(Failure::param(&param, format!("Invalid {param}: must be one of *, {}, …", known.join(", "))))
        }
    }
}

/// The API version under `name`, if there is one.
pub(super) fn check_version(given: &Given, name: &str) -> Result<Option<String>, Failure> {
    let known = |version: &str| {
        // The catalogue holds the versions with a release name; before those came plain dates.
        let named = version.contains('.');
        is_version(version) && (!named || catalogue::API_VERSIONS.contains(&version))
    };
    match given.text(&format!("/{name}")) {
        Some(version) if !known(version) => {
            Err(Failure::param(name, format!("Invalid {name}: {version} is not a known version")))
        }
        version => Ok(version.map(str::to_owned)),
    }
}

/// The description; an empty one is none.
pub(super) fn description(given: &Given) -> Option<String> {
    given.text("/description").map(str::to_owned)
}
