//! The event log: what happened, rendered once for each version that someone listens in.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tollgate_stripe_client::event::Kind;
use tollgate_stripe_client::{catalogue, objects};

use super::endpoints::Endpoint;
use super::{Cause, Scope, State};
use crate::clock::rfc3339;
use crate::delivery::Job;
use crate::objects::text;
use crate::{diff, shapes};

/// Objects without an id, of which each account has one, and their paths.
const SINGLETONS: [(&str, &str); 3] =
    [("balance", "/v1/balance"), ("balance_settings", "/v1/balance_settings"), ("tax.settings", "/v1/tax/settings")];

/// How an event differs from the plain one.
#[derive(Clone, Debug)]
pub struct EmitOptions {
    /// When it happened, in unix seconds; none means now.
    pub created: Option<i64>,
    /// What `data.previous_attributes` says; none leaves it out.
    pub previous_attributes: Option<Value>,
    /// The account it happened in; none means the default one. Another account's events go to its own endpoints, and
    /// with a top-level `account` to the default account's `connect` endpoints.
    pub account: Option<String>,
    /// Live or test mode.
    pub livemode: bool,
    /// The request that caused it; none means that Stripe did it by itself.
    pub request: Option<Cause>,
    /// Whether the API serves the object from now on; true. Say false for an event that is stale on purpose.
    pub store: bool,
}

impl Default for EmitOptions {
    fn default() -> Self {
        Self { created: None, previous_attributes: None, account: None, livemode: false, request: None, store: true }
    }
}

/// One event and the bodies that were made of it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) id: String,
    pub(crate) event_type: String,
    pub(crate) scope: Scope,
    pub(crate) created: i64,
    content: Content,
    request: Cause,
    bodies: HashMap<(String, bool), Bytes>,
    /// Endpoints that have not taken it yet.
    pub(crate) waiting: Vec<String>,
}

/// What an event tells.
#[derive(Debug)]
enum Content {
    Snapshot {
        object: Value,
        before: Option<Value>,
        previous_attributes: Option<Value>,
    },
    /// Where the object is, and the snapshot event that tells the same.
    Thin {
        related: Value,
        snapshot: Option<String>,
    },
}

/// What a snapshot and its twin have in common.
#[derive(Clone)]
struct Occasion {
    scope: Scope,
    created: i64,
    request: Cause,
}

impl Stored {
    fn new(id: String, event_type: &str, occasion: Occasion, content: Content) -> Self {
        let Occasion { scope, created, request } = occasion;
        let event_type = event_type.to_owned();
        Self { id, event_type, scope, created, content, request, bodies: HashMap::new(), waiting: Vec::new() }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.content {
            Content::Snapshot { .. } => Kind::Snapshot,
            Content::Thin { .. } => Kind::Thin,
        }
    }

    /// The id of a thin event's object.
    pub(crate) fn related_id(&self) -> Option<&str> {
        match &self.content {
            Content::Thin { related, .. } => related["id"].as_str(),
            Content::Snapshot { .. } => None,
        }
    }

    /// The event as `viewer` gets it, a snapshot in one API version; another account's event names that account.
    pub(crate) fn render(&self, version: &str, viewer: &str, pending: usize) -> Value {
        let as_connect = viewer != self.scope.account;
        match &self.content {
            Content::Snapshot { object, before, previous_attributes } => {
                let object = shapes::render(object, version);
                let previous = match (previous_attributes, before) {
                    (Some(given), _) => Some(given.clone()),
                    (None, Some(old)) => Some(Value::Object(diff::previous(&shapes::render(old, version), &object))),
                    (None, None) => None,
                };
                let mut data = Map::from_iter([("object".to_owned(), object)]);
                data.extend(previous.map(|previous| ("previous_attributes".to_owned(), previous)));
                self.render_snapshot(version, as_connect, data, pending)
            }
            Content::Thin { related, snapshot } => self.render_thin(as_connect, related, snapshot.as_deref()),
        }
    }

    fn render_snapshot(&self, version: &str, as_connect: bool, data: Map<String, Value>, pending: usize) -> Value {
        let mut event = json!({ "id": self.id, "object": "event" });
        if as_connect {
            event["account"] = json!(self.scope.account);
        }
        event["api_version"] = json!(version);
        event["created"] = json!(self.created);
        event["data"] = Value::Object(data);
        event["livemode"] = json!(self.scope.livemode);
        event["pending_webhooks"] = json!(pending);
        event["request"] = json!({ "id": self.request.id, "idempotency_key": self.request.idempotency_key });
        event["type"] = json!(self.event_type);
        event
    }

    fn render_thin(&self, as_connect: bool, related: &Value, snapshot: Option<&str>) -> Value {
        let Cause { id, idempotency_key } = &self.request;
        let request = id.as_ref().map(|id| json!({ "id": id, "idempotency_key": idempotency_key }));
        let mut event = json!({
            "id": self.id,
            "object": "v2.core.event",
            "context": as_connect.then_some(&self.scope.account),
            "created": rfc3339(self.created),
            "livemode": self.scope.livemode,
            "reason": request.map(|request| json!({ "type": "request", "request": request })),
            "related_object": related,
            "type": self.event_type,
        });
        if let Some(snapshot) = snapshot {
            event["snapshot_event"] = json!(snapshot);
        }
        event
    }
}

/// All events, oldest first.
#[derive(Debug, Default)]
pub(crate) struct EventLog {
    rows: Vec<Stored>,
    by_id: HashMap<String, usize>,
}

impl EventLog {
    pub(crate) fn find(&self, id: &str) -> Option<&Stored> {
        self.by_id.get(id).map(|&row| &self.rows[row])
    }

    /// Those of one account and mode, newest first.
    pub(crate) fn newest<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = &'a Stored> {
        self.rows.iter().rev().filter(move |event| event.scope == *scope)
    }

    pub(crate) fn ids(&self, kind: Kind) -> Vec<String> {
        self.rows.iter().filter(|event| event.kind() == kind).map(|event| event.id.clone()).collect()
    }

    /// Notes that an endpoint took the event.
    pub(crate) fn taken(&mut self, id: &str, endpoint: &str) {
        if let Some(&row) = self.by_id.get(id) {
            self.rows[row].waiting.retain(|waiting| waiting != endpoint);
        }
    }

    fn push(&mut self, event: Stored) {
        self.by_id.insert(event.id.clone(), self.rows.len());
        self.rows.push(event);
    }
}

impl State {
    /// Stores a snapshot event and its thin twin, if there is one, and delivers both; gives the snapshot's id.
    pub(crate) fn emit(
        &mut self,
        event_type: &str,
        object: Value,
        before: Option<Value>,
        options: EmitOptions,
    ) -> String {
        let account = options.account.unwrap_or_else(|| self.accounts.default_id().to_owned());
        let scope = Scope { account, livemode: options.livemode };
        if options.store {
            self.keep(&scope, event_type, &object);
        }
        let created = options.created.unwrap_or_else(|| self.faults.plan.coarsen(self.clock.now()));
        let occasion = Occasion { scope, created, request: options.request.unwrap_or_default() };
        let id = self.ids.id("evt");
        let thin_type = format!("v1.{event_type}");
        let related = catalogue::is_known_thin(&thin_type).then(|| related_object(&object));
        let content = Content::Snapshot { object, before, previous_attributes: options.previous_attributes };
        self.publish_to_all(Stored::new(id.clone(), event_type, occasion.clone(), content));
        if let Some(related) = related {
            let content = Content::Thin { related, snapshot: Some(id.clone()) };
            let thin_id = self.thin_ids.id("evt");
            self.publish_to_all(Stored::new(thin_id, &thin_type, occasion, content));
        }
        id
    }

    /// Sends a thin event without a snapshot to one endpoint; gives the event as that endpoint's account sees it.
    pub(crate) fn notify(&mut self, endpoint: &Endpoint, cause: &Cause, event_type: &str, related: Value) -> Value {
        let occasion = Occasion { scope: endpoint.scope.clone(), created: self.now(), request: cause.clone() };
        let content = Content::Thin { related, snapshot: None };
        let event = Stored::new(self.thin_ids.id("evt"), event_type, occasion, content);
        let shown = event.render(&self.settings.api_version, &endpoint.scope.account, 1);
        self.publish(event, vec![endpoint.clone()]);
        shown
    }

    fn publish_to_all(&mut self, event: Stored) {
        let audience = self.audience(&event);
        self.publish(event, audience);
    }

    /// Stores an event, renders it for its audience, and queues the deliveries.
    fn publish(&mut self, mut event: Stored, audience: Vec<Endpoint>) {
        event.waiting = audience.iter().map(|endpoint| endpoint.id.clone()).collect();
        for endpoint in &audience {
            let form = self.form_for(&event, endpoint);
            if !event.bodies.contains_key(&form) {
                let body = event.render(&form.0, &endpoint.scope.account, audience.len()).to_string();
                event.bodies.insert(form, Bytes::from(body));
            }
        }
        let id = event.id.clone();
        self.events.push(event);
        for endpoint in audience {
            self.dispatch(Job::first(&id, &endpoint.id));
        }
    }

    /// A deleted subscription or discount is one that has ended and can still be read; other deleted objects are gone.
    fn keep(&mut self, scope: &Scope, event_type: &str, object: &Value) {
        let ended = ["customer.subscription.deleted", "customer.discount.deleted"].contains(&event_type);
        match object["id"].as_str() {
            Some(id) if event_type.ends_with(".deleted") && !ended => {
                self.store.delete(id);
            }
            _ => self.store.put(scope, object.clone()),
        }
    }

    /// The body that an endpoint gets; for one that did not listen then it is rendered now.
    pub(crate) fn body_for(&self, event: &str, endpoint: &Endpoint) -> Option<Bytes> {
        let event = self.events.find(event)?;
        let form = self.form_for(event, endpoint);
        let late = || Bytes::from(event.render(&form.0, &endpoint.scope.account, event.waiting.len()).to_string());
        Some(event.bodies.get(&form).cloned().unwrap_or_else(late))
    }

    /// What bodies of one event differ by: the version, and whether the event is another account's.
    fn form_for(&self, event: &Stored, endpoint: &Endpoint) -> (String, bool) {
        let version = endpoint.api_version.clone().unwrap_or_else(|| self.settings.api_version.clone());
        (version, endpoint.scope.account != event.scope.account)
    }
}

/// Where a thin event says that its object is; null for an object that has no address of its own.
fn related_object(object: &Value) -> Value {
    let kind = text(object, "/object");
    match (objects::object_kind(kind), object["id"].as_str()) {
        (Some(page), Some(id)) => json!({ "id": id, "type": kind, "url": format!("{}/{id}", page.path) }),
        _ => {
            let singleton = SINGLETONS.iter().find(|(name, _)| *name == kind);
            singleton.map(|(name, url)| json!({ "type": name, "url": url })).unwrap_or_default()
        }
    }
}
