//! The event log: what happened, rendered once for each version that someone listens in.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::endpoints::Endpoint;
use super::{Cause, Scope, State};
use crate::delivery::Job;
use crate::{diff, shapes};

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
    object: Value,
    before: Option<Value>,
    previous_attributes: Option<Value>,
    request: Cause,
    bodies: HashMap<(String, bool), Bytes>,
    /// Endpoints that have not taken it yet.
    pub(crate) waiting: Vec<String>,
}

impl Stored {
    /// The event in one API version; `as_connect` adds the account it comes from.
    pub(crate) fn render(&self, version: &str, as_connect: bool, pending: usize) -> Value {
        let object = shapes::render(&self.object, version);
        let previous = match (&self.previous_attributes, &self.before) {
            (Some(given), _) => Some(given.clone()),
            (None, Some(before)) => Some(Value::Object(diff::previous(&shapes::render(before, version), &object))),
            (None, None) => None,
        };
        let mut data = Map::from_iter([("object".to_owned(), object)]);
        data.extend(previous.map(|previous| ("previous_attributes".to_owned(), previous)));
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

    pub(crate) fn ids(&self) -> Vec<String> {
        self.rows.iter().map(|event| event.id.clone()).collect()
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
    /// Stores an event, renders it for whoever listens, and queues the deliveries; gives its id.
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
        let audience = self.audience(event_type, &scope);
        let mut event = Stored {
            id: self.ids.id("evt"),
            event_type: event_type.to_owned(),
            scope,
            created,
            object,
            before,
            previous_attributes: options.previous_attributes,
            request: options.request.unwrap_or_default(),
            bodies: HashMap::new(),
            waiting: audience.iter().map(|endpoint| endpoint.id.clone()).collect(),
        };
        for endpoint in &audience {
            let form = self.form_for(endpoint);
            if !event.bodies.contains_key(&form) {
                let body = event.render(&form.0, form.1, audience.len()).to_string();
                event.bodies.insert(form, Bytes::from(body));
            }
        }
        let id = event.id.clone();
        self.events.push(event);
        for endpoint in audience {
            self.dispatch(Job::first(&id, &endpoint.id));
        }
        id
    }

    /// A deleted subscription is one that has ended and can still be read; other deleted objects are gone.
    fn keep(&mut self, scope: &Scope, event_type: &str, object: &Value) {
        match object["id"].as_str() {
            Some(id) if event_type.ends_with(".deleted") && event_type != "customer.subscription.deleted" => {
                self.store.delete(id);
            }
            _ => self.store.put(scope, object.clone()),
        }
    }

    /// The body that an endpoint gets; for one that did not listen then it is rendered now.
    pub(crate) fn body_for(&self, event: &str, endpoint: &Endpoint) -> Option<Bytes> {
        let event = self.events.find(event)?;
        let form = self.form_for(endpoint);
        let late = || Bytes::from(event.render(&form.0, form.1, event.waiting.len()).to_string());
        Some(event.bodies.get(&form).cloned().unwrap_or_else(late))
    }

    fn form_for(&self, endpoint: &Endpoint) -> (String, bool) {
        let version = endpoint.api_version.clone().unwrap_or_else(|| self.settings.api_version.clone());
        (version, endpoint.connect)
    }
}
