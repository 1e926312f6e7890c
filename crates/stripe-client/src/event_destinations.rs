//! Event destinations at Stripe, version 2 of webhook endpoints: create, read, change, ping, delete, list.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use crate::client::Client;
use crate::error::Error;
use crate::event::Kind;
use crate::events::thin;
use crate::form::Form;
use crate::raw::{required, string_map, strings, take_secret, text};
use crate::request::Request;
use crate::webhook::WebhookSecret;

const PATH: &str = "/v2/core/event_destinations";
/// Far above any cap Stripe has been seen to set per account and mode.
const MOST: usize = 10_000;
/// What Stripe leaves out unless it is asked for.
const URL: &str = "webhook_endpoint.url";
const SECRET: &str = "webhook_endpoint.signing_secret";

/// What a new destination is to be; payload, version and whose events it takes cannot be changed later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateEventDestination {
    /// Whether it takes snapshot or thin events.
    pub event_payload: Kind,
    /// The API version that snapshot events are written in; the account's default when `None`. Thin events have none.
    pub snapshot_api_version: Option<String>,
    /// Whose events it takes: `@self`, `@accounts` (connected ones), `@organization_members`,
    /// `@organization_members/@accounts`. Stripe's default when empty.
    pub events_from: Vec<String>,
    /// Its name in the dashboard.
    pub name: String,
    /// Where Stripe posts to.
    pub url: String,
    /// Event types, or `*` alone for all. Types of thin events start with `v1.` or `v2.`.
    pub enabled_events: Vec<String>,
    /// A note for the dashboard.
    pub description: Option<String>,
    /// Up to 50 pairs; keys of up to 40 characters without brackets, values of up to 500.
    pub metadata: BTreeMap<String, String>,
}

/// What to change of a destination: only what is `Some` is sent, so that the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateEventDestination {
    /// A new name.
    pub name: Option<String>,
    /// A new address.
    pub url: Option<String>,
    /// The new selection of event types, as a whole.
    pub enabled_events: Option<Vec<String>>,
    /// A new note; empty removes it.
    pub description: Option<String>,
    /// Pairs to set; an empty value removes a key, other keys stay.
    pub metadata: Option<BTreeMap<String, String>>,
}

/// A destination as Stripe has it; `Debug` shows no secret.
#[derive(Clone)]
pub struct EventDestination {
    /// Stripe's id, `ed_…`.
    pub id: String,
    /// Its name in the dashboard.
    pub name: String,
    /// The note in the dashboard.
    pub description: Option<String>,
    /// `enabled` or `disabled`.
    pub status: String,
    /// `snapshot` or `thin`.
    pub event_payload: String,
    /// The event types it takes.
    pub enabled_events: Vec<String>,
    /// Whose events it takes.
    pub events_from: Vec<String>,
    /// The API version that snapshot events are written in.
    pub snapshot_api_version: Option<String>,
    /// Whether it takes live events.
    pub livemode: bool,
    /// Its metadata.
    pub metadata: BTreeMap<String, String>,
    /// Where Stripe posts to; none after enabling and disabling, and when it is no webhook endpoint.
    pub url: Option<String>,
    /// The signing secret: in the answer to its creation only, never again.
    pub secret: Option<WebhookSecret>,
    /// The whole object, without the secret.
    pub raw: Value,
}

impl Client {
    /// Creates a webhook endpoint as a destination. Repeating the call with the same key returns the same destination
    /// and secret, so store the key before the call.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`ApiError::endpoint_cap`](crate::ApiError::endpoint_cap) when there are too many.
    pub async fn create_event_destination(
        &self,
        create: &CreateEventDestination,
        idempotency_key: &str,
    ) -> Result<EventDestination, Error> {
        let request = Request::post(PATH).json(create.body()).idempotency_key(idempotency_key);
        EventDestination::from_value(self.send(request).await?)
    }

    /// Reads a destination; the secret is not in it.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`Error::is_missing`] when it was deleted.
    pub async fn retrieve_event_destination(&self, id: &str) -> Result<EventDestination, Error> {
        EventDestination::from_value(self.send(Request::get(PATH).segment(id).query("include[0]", URL)).await?)
    }

    /// Changes a destination.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`Error::is_missing`] when it was deleted.
    pub async fn update_event_destination(
        &self,
        id: &str,
        update: &UpdateEventDestination,
    ) -> Result<EventDestination, Error> {
        EventDestination::from_value(self.send(Request::post(PATH).segment(id).json(update.body())).await?)
    }

    /// Lets Stripe send to a destination again; what happened while it was disabled is not sent later.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`Error::is_missing`] when it was deleted.
    pub async fn enable_event_destination(&self, id: &str) -> Result<EventDestination, Error> {
        EventDestination::from_value(self.send(Request::post(PATH).segment(id).segment("enable")).await?)
    }

    /// Keeps Stripe from sending to a destination.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`Error::is_missing`] when it was deleted.
    pub async fn disable_event_destination(&self, id: &str) -> Result<EventDestination, Error> {
        EventDestination::from_value(self.send(Request::post(PATH).segment(id).segment("disable")).await?)
    }

    /// Makes Stripe send a thin event of type `v2.core.event_destination.ping`, and returns that event.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`Error::is_missing`] when the destination was deleted.
    pub async fn ping_event_destination(&self, id: &str) -> Result<Value, Error> {
        thin(self.send(Request::post(PATH).segment(id).segment("ping")).await?)
    }

    /// Deletes a destination; Stripe gives up what it had still to deliver there.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`Error::is_missing`] when it was deleted before.
    pub async fn delete_event_destination(&self, id: &str) -> Result<(), Error> {
        let answer = self.send(Request::delete(PATH).segment(id)).await?;
        match answer["id"] == id {
            true => Ok(()),
            false => Err(Error::Unexpected(format!("event destination {id} is not confirmed as deleted"))),
        }
    }

    /// Lists every destination of the account in the key's mode, those that are no webhook endpoints too.
    ///
    /// # Errors
    /// Those of [`Client::send`].
    pub async fn list_event_destinations(&self) -> Result<Vec<EventDestination>, Error> {
        let objects = self.list(PATH, Form::new().with("include[0]", URL)).collect_all(MOST).await?;
        objects.into_iter().map(EventDestination::from_value).collect()
    }
}

impl CreateEventDestination {
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "name": self.name,
            "type": "webhook_endpoint",
            "event_payload": self.event_payload.to_string(),
            "enabled_events": self.enabled_events,
            "webhook_endpoint": { "url": self.url },
            "include": [SECRET, URL],
        });
        set_some(&mut body, "events_from", Some(&self.events_from).filter(|from| !from.is_empty()));
        set_some(&mut body, "snapshot_api_version", self.snapshot_api_version.as_ref());
        set_some(&mut body, "description", self.description.as_ref());
        set_some(&mut body, "metadata", Some(&self.metadata).filter(|pairs| !pairs.is_empty()));
        body
    }
}

impl UpdateEventDestination {
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({ "include": [URL] });
        set_some(&mut body, "name", self.name.as_ref());
        set_some(&mut body, "webhook_endpoint", self.url.as_ref().map(|url| json!({ "url": url })));
        set_some(&mut body, "enabled_events", self.enabled_events.as_ref());
        set_some(&mut body, "description", self.description.as_ref());
        // Version 2 removes a key by null, where version 1 takes an empty text.
        let or_null =
            |(key, value): (&String, &String)| (key.clone(), Some(value.clone()).filter(|text| !text.is_empty()));
        let metadata = self.metadata.as_ref().map(|pairs| pairs.iter().map(or_null).collect::<BTreeMap<_, _>>());
        set_some(&mut body, "metadata", metadata);
        body
    }
}

fn set_some(body: &mut Value, name: &str, value: Option<impl Serialize>) {
    if let Some(value) = value {
        body[name] = json!(value);
    }
}

impl EventDestination {
    /// Reads Stripe's object.
    ///
    /// # Errors
    /// [`Error::Unexpected`] when there is no id, name, status or payload, or the secret is blank.
    pub fn from_value(mut raw: Value) -> Result<Self, Error> {
        let secret = take_secret(&mut raw, "/webhook_endpoint", "signing_secret")?;
        let required = |name: &str| required(&raw, "an event destination", name);
        Ok(Self {
            id: required("id")?,
            name: required("name")?,
            description: text(&raw["description"]).filter(|text| !text.is_empty()),
            status: required("status")?,
            event_payload: required("event_payload")?,
            enabled_events: strings(&raw["enabled_events"]),
            events_from: strings(&raw["events_from"]),
            snapshot_api_version: text(&raw["snapshot_api_version"]),
            livemode: raw["livemode"].as_bool().unwrap_or_default(),
            metadata: string_map(&raw["metadata"]),
            url: text(&raw["webhook_endpoint"]["url"]),
            secret,
            raw,
        })
    }

    /// Whether Stripe sends events to it.
    pub fn is_enabled(&self) -> bool {
        self.status == "enabled"
    }
}

impl fmt::Debug for EventDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventDestination")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("url", &self.url)
            .field("status", &self.status)
            .field("event_payload", &self.event_payload)
            .field("livemode", &self.livemode)
            .field("secret", &self.secret)
            .finish_non_exhaustive()
    }
}
