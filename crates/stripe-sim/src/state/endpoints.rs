//! Webhook endpoints and event destinations: what is registered, and which events go where.

use serde_json::{Map, Value, json};
use tollgate_stripe_client::event::Kind;

use super::events::Stored;
use super::{Scope, State};

/// A registered endpoint of either version of the API.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) scope: Scope,
    pub(crate) url: String,
    pub(crate) secret: String,
    /// Secrets that were rolled, each with the second from which it signs no more.
    old_secrets: Vec<(String, i64)>,
    pub(crate) enabled_events: Vec<String>,
    pub(crate) api_version: Option<String>,
    /// Whether it gets the events of its own account.
    pub(crate) own: bool,
    /// Whether it gets the events of connected accounts.
    pub(crate) connect: bool,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) disabled: bool,
    pub(crate) created: i64,
    /// What an event destination of version 2 has on top.
    pub(crate) destination: Option<Destination>,
}

/// What only event destinations have.
#[derive(Clone)]
pub(crate) struct Destination {
    pub(crate) name: String,
    pub(crate) payload: Kind,
    pub(crate) events_from: Vec<String>,
    pub(crate) updated: i64,
}

impl Destination {
    /// What a session of Stripe's CLI is.
    pub(crate) fn listening(payload: Kind) -> Self {
        Self { name: String::new(), payload, events_from: Vec::new(), updated: 0 }
    }
}

/// What of an endpoint may be seen; its secret is not among it.
#[derive(Clone, Debug, PartialEq)]
pub struct SimEndpoint {
    /// `we_…`, or `ed_…` of an event destination.
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
    /// Whether it gets the events of connected accounts; a webhook endpoint gets only those then.
    pub connect: bool,
    /// Whether it gets thin events instead of snapshots.
    pub thin: bool,
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
            old_secrets: Vec::new(),
            enabled_events,
            api_version: None,
            own: true,
            connect: false,
            description: None,
            metadata: Map::new(),
            disabled: false,
            created,
            destination: None,
        }
    }

    /// The secrets that sign at this time, the newest first.
    pub(crate) fn live_secrets(&self, at: i64) -> impl Iterator<Item = &str> {
        let old = self.old_secrets.iter().rev().filter(move |(_, end)| at < *end);
        std::iter::once(self.secret.as_str()).chain(old.map(|(secret, _)| secret.as_str()))
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
            thin: self.payload() == Kind::Thin,
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

    pub(crate) fn payload(&self) -> Kind {
        self.destination.as_ref().map_or(Kind::Snapshot, |destination| destination.payload)
    }

    /// Whether an event is for this endpoint.
    fn wants(&self, event: &Stored, platform: &str) -> bool {
        let source = match self.scope.account == event.scope.account {
            true => self.own,
            false => self.connect && self.scope.account == platform,
        };
        source
            && !self.disabled
            && self.payload() == event.kind()
            && self.scope.livemode == event.scope.livemode
            && self.enabled_events.iter().any(|wanted| wanted == "*" || *wanted == event.event_type)
    }
}

impl State {
    /// The endpoints that an event is delivered to, oldest first.
    pub(crate) fn audience(&self, event: &Stored) -> Vec<Endpoint> {
        let platform = self.accounts.default_id();
        let all = self.endpoints.iter().chain(self.listening());
        all.filter(|endpoint| endpoint.wants(event, platform)).cloned().collect()
    }

    /// Gives an endpoint its id and its secret, and keeps it.
    pub(crate) fn register(&mut self, prefix: &str, endpoint: Endpoint) -> Endpoint {
        let (id, secret) = (self.ids.id(prefix), self.new_secret());
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

    /// Gives an endpoint a new secret; the one before signs too for so many seconds.
    pub(crate) fn roll_secret(&mut self, id: &str, overlap: i64) -> Option<String> {
        let end = self.now().saturating_add(overlap);
        let mut endpoint = self.endpoint(id)?.clone();
        let secret = self.new_secret();
        let old = std::mem::replace(&mut endpoint.secret, secret.clone());
        endpoint.old_secrets.push((old, end));
        self.replace(endpoint);
        Some(secret)
    }

    pub(crate) fn new_secret(&mut self) -> String {
        format!("whsec_{}", self.ids.text(32))
    }

    pub(crate) fn endpoint(&self, id: &str) -> Option<&Endpoint> {
        self.endpoints.iter().chain(self.listening()).find(|endpoint| endpoint.id == id)
    }
}
