//! Webhook endpoints: what is registered, and which events go where.

use serde_json::{Map, Value, json};

use super::{Scope, State};

/// A registered endpoint.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) scope: Scope,
    pub(crate) url: String,
    pub(crate) secret: String,
    pub(crate) enabled_events: Vec<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) connect: bool,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) disabled: bool,
    pub(crate) created: i64,
}

/// What of an endpoint may be seen; its secret is not among it.
#[derive(Clone, Debug, PartialEq)]
pub struct SimEndpoint {
    /// `we_…`.
    pub id: String,
    /// Where events are posted to.
    pub url: String,
    /// Event types, or `*`.
    pub enabled_events: Vec<String>,
    /// The version that its events are rendered in; none means the account's.
    pub api_version: Option<String>,
    /// `enabled` or `disabled`.
    pub status: String,
    /// The caller's own notes.
    pub metadata: Map<String, Value>,
    /// Live or test mode.
    pub livemode: bool,
    /// Whether it gets the events of connected accounts, and only those.
    pub connect: bool,
    /// Free text.
    pub description: Option<String>,
    /// The account that it belongs to.
    pub account: String,
}

/// Shows what may be seen, so the secret stays out of logs.
impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.view().fmt(f)
    }
}

impl Endpoint {
    /// One for its own account's events that has no id and no secret before it is registered.
    pub(crate) fn new(scope: &Scope, url: String, enabled_events: Vec<String>, created: i64) -> Self {
        Self {
            id: String::new(),
            scope: scope.clone(),
            url,
            secret: String::new(),
            enabled_events,
            api_version: None,
            connect: false,
            description: None,
            metadata: Map::new(),
            disabled: false,
            created,
        }
    }

    pub(crate) fn status(&self) -> &'static str {
        if self.disabled { "disabled" } else { "enabled" }
    }

    pub(crate) fn view(&self) -> SimEndpoint {
        SimEndpoint {
            id: self.id.clone(),
            url: self.url.clone(),
            enabled_events: self.enabled_events.clone(),
            api_version: self.api_version.clone(),
            status: self.status().to_owned(),
            metadata: self.metadata.clone(),
            livemode: self.scope.livemode,
            connect: self.connect,
            description: self.description.clone(),
            account: self.scope.account.clone(),
        }
    }

    /// The object as the API shows it, without the secret.
    pub(crate) fn to_value(&self) -> Value {
        json!({
            "id": self.id,
            "object": "webhook_endpoint",
            "api_version": self.api_version,
            "application": null,
            "created": self.created,
            "description": self.description,
            "enabled_events": self.enabled_events,
            "livemode": self.scope.livemode,
            "metadata": self.metadata,
            "status": self.status(),
            "url": self.url,
        })
    }

    /// Whether an event of this type from this account and mode is for this endpoint.
    fn wants(&self, event_type: &str, from: &Scope, platform: &str) -> bool {
        let source = match self.connect {
            true => self.scope.account == platform && from.account != platform,
            false => self.scope.account == from.account,
        };
        source
            && !self.disabled
            && self.scope.livemode == from.livemode
            && self.enabled_events.iter().any(|wanted| wanted == "*" || wanted == event_type)
    }
}

impl State {
    /// The endpoints that an event is delivered to, oldest first.
    pub(crate) fn audience(&self, event_type: &str, from: &Scope) -> Vec<Endpoint> {
        let platform = self.accounts.default_id();
        self.endpoints.iter().filter(|endpoint| endpoint.wants(event_type, from, platform)).cloned().collect()
    }

    /// Gives an endpoint its id and its secret, and keeps it.
    pub(crate) fn register(&mut self, prefix: &str, endpoint: Endpoint) -> Endpoint {
        let (id, secret) = (self.ids.id(prefix), format!("whsec_{}", self.ids.text(32)));
        let endpoint = Endpoint { id, secret, ..endpoint };
        self.endpoints.push(endpoint.clone());
        endpoint
    }

    /// Puts a changed endpoint in the place of the one with its id.
    pub(crate) fn replace(&mut self, changed: Endpoint) {
        if let Some(endpoint) = self.endpoints.iter_mut().find(|endpoint| endpoint.id == changed.id) {
            *endpoint = changed;
        }
    }

    pub(crate) fn endpoint(&self, id: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.id == id)
    }
}
