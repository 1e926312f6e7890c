//! `/v1/webhook_endpoints`: register, read, change, delete.

use serde_json::{Map, json};
use tollgate_stripe_client::catalogue;
use url::{Host, Url};

use super::metadata::apply_metadata;
use super::{Action, Call, is_version, page};
use crate::failure::{Answer, Failure};
use crate::state::State;
use crate::state::endpoints::Endpoint;

const NOUN: &str = "webhook endpoint";

pub(super) const LIST: Action = Action { params: &[], run: list };
pub(super) const RETRIEVE: Action = Action { params: &[], run: retrieve };
pub(super) const CREATE: Action =
    Action { params: &["url", "enabled_events", "api_version", "connect", "description", "metadata"], run: create };
pub(super) const UPDATE: Action =
    Action { params: &["url", "enabled_events", "description", "disabled", "metadata"], run: update };
pub(super) const DELETE: Action = Action { params: &[], run: delete };

fn list(state: &mut State, call: &Call) -> Answer {
    let created = page::created(&call.params)?;
    let newest = state.endpoints.iter().rev();
    let rows: Vec<&Endpoint> = newest.filter(|row| row.scope == call.scope && created.contains(&row.created)).collect();
    page::page(call, &rows, |row| &row.id, |row| row.to_value())
}

fn retrieve(state: &mut State, call: &Call) -> Answer {
    Ok(find(state, call)?.to_value())
}

fn create(state: &mut State, call: &Call) -> Answer {
    let params = &call.params;
    let url = check_url(state, call, params.required("url")?)?;
    let events = params.texts("enabled_events")?.ok_or_else(|| Failure::missing_param("enabled_events"))?;
    let mut metadata = Map::new();
    apply_metadata(&mut metadata, params)?;
    let endpoint = Endpoint {
        id: String::new(),
        scope: call.scope.clone(),
        url,
        secret: String::new(),
        enabled_events: check_events(&events)?,
        api_version: check_version(params.text("api_version")?)?,
        connect: params.boolean("connect")?.unwrap_or(false),
        description: description(params.text("description")?),
        metadata,
        disabled: false,
        created: state.now(),
    };
    under_cap(state, call)?;
    let (id, secret) = (state.ids.id("we"), format!("whsec_{}", state.ids.text(32)));
    let endpoint = Endpoint { id, secret, ..endpoint };
    let mut shown = endpoint.to_value();
    // The only answer that ever carries it.
    shown["secret"] = json!(endpoint.secret);
    state.endpoints.push(endpoint);
    Ok(shown)
}

fn update(state: &mut State, call: &Call) -> Answer {
    let mut changed = find(state, call)?.clone();
    let params = &call.params;
    if let Some(url) = params.text("url")? {
        changed.url = check_url(state, call, url)?;
    }
    if let Some(events) = params.texts("enabled_events")? {
        changed.enabled_events = check_events(&events)?;
    }
    if params.has("description") {
        changed.description = description(params.text("description")?);
    }
    if let Some(disabled) = params.boolean("disabled")? {
        changed.disabled = disabled;
    }
    apply_metadata(&mut changed.metadata, params)?;
    let shown = changed.to_value();
    if let Some(endpoint) = state.endpoints.iter_mut().find(|endpoint| endpoint.id == changed.id) {
        *endpoint = changed;
    }
    Ok(shown)
}

fn delete(state: &mut State, call: &Call) -> Answer {
    let id = find(state, call)?.id.clone();
    state.endpoints.retain(|endpoint| endpoint.id != id);
    Ok(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
}

fn find<'a>(state: &'a State, call: &Call) -> Result<&'a Endpoint, Failure> {
    match state.endpoint(&call.id) {
        Some(endpoint) if endpoint.scope == call.scope => Ok(endpoint),
        Some(endpoint) if endpoint.scope.account == call.scope.account => {
            Err(Failure::other_mode(NOUN, &call.id, call.scope.livemode))
        }
        _ => Err(Failure::no_such(NOUN, &call.id)),
    }
}

fn under_cap(state: &State, call: &Call) -> Result<(), Failure> {
    let cap = state.settings.endpoint_cap;
    let mode = if call.scope.livemode { "live" } else { "test" };
    if state.endpoints.iter().filter(|endpoint| endpoint.scope == call.scope).count() < cap {
        return Ok(());
    }
    Err(Failure::invalid(400, format!("You have reached the maximum of {cap} {mode} webhook endpoints.")))
}

fn check_url(state: &State, call: &Call, text: &str) -> Result<String, Failure> {
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

fn check_events(events: &[&str]) -> Result<Vec<String>, Failure> {
    if events.is_empty() || events == [""] {
        return Err(Failure::missing_param("enabled_events"));
    }
    let unknown = events.iter().position(|event| *event != "*" && !catalogue::is_known(event));
    match unknown {
        None => Ok(events.iter().map(|event| (*event).to_owned()).collect()),
        Some(at) => {
            let param = format!("enabled_events[{at}]");
            let known = catalogue::types().take(3).collect::<Vec<_>>().join(", ");
            Err(Failure::param(&param, format!("Invalid {param}: must be one of *, {known}, …")))
        }
    }
}

fn check_version(version: Option<&str>) -> Result<Option<String>, Failure> {
    let known = |version: &str| {
        // The catalogue holds the versions with a release name; before those came plain dates.
        let named = version.contains('.');
        is_version(version) && (!named || catalogue::API_VERSIONS.contains(&version))
    };
    match version {
        Some(version) if !known(version) => {
            Err(Failure::param("api_version", format!("Invalid api_version: {version} is not a known version")))
        }
        version => Ok(version.map(str::to_owned)),
    }
}

fn description(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}
