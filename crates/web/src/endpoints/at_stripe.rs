//! Endpoints as Stripe has them: the same few questions to both versions of its API, webhook endpoints and event destinations.

use std::collections::BTreeMap;

use tollgate_models::endpoints::{Endpoint, Object, Payload};
use tollgate_stripe_client::event::Kind as EventKind;
use tollgate_stripe_client::{
    Client, CreateEventDestination, CreateWebhookEndpoint, Error, EventDestination, UpdateEventDestination,
    UpdateWebhookEndpoint, WebhookEndpoint, WebhookSecret,
};

use super::Kind;

/// The metadata key by which an endpoint at Stripe is known to be ours.
const OURS: &str = "tollgate_uuid";
/// What a destination without a description is called; Stripe demands a name.
const NAMELESS: &str = "Tollgate";
/// The longest name of a destination, in characters; Stripe's own limit is not published.
const LONGEST_NAME: usize = 80;
const OWN_EVENTS: &str = "@self";
const CONNECTED_EVENTS: &str = "@accounts";

/// Stripe, asked about one kind of object.
pub(super) struct AtStripe {
    client: Client,
    object: Object,
}

/// An endpoint of either kind; `Debug` shows no secret.
#[derive(Debug)]
pub(super) struct Found {
    /// `we_…` or `ed_…`.
    pub(super) id: String,
    pub(super) kind: Kind,
    /// Where Stripe posts to; none if it does not tell, or sends events another way.
    pub(super) url: Option<String>,
    pub(super) enabled: bool,
    pub(super) enabled_events: Vec<String>,
    pub(super) api_version: Option<String>,
    pub(super) description: String,
    pub(super) livemode: bool,
    /// `@self`, `@accounts` and the like; empty if Stripe does not tell.
    pub(super) events_from: Vec<String>,
    /// In the answer to its creation only.
    pub(super) secret: Option<WebhookSecret>,
}

/// How an endpoint stands at Stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Enabled,
    Disabled,
    Missing,
}

/// What is to change; the rest stays.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) url: Option<String>,
    pub(super) enabled_events: Option<Vec<String>>,
    pub(super) description: Option<String>,
}

impl AtStripe {
    pub(super) fn new(client: Client, object: Object) -> Self {
        Self { client, object }
    }

    /// Makes an endpoint; repeating the call gets the same one, with its secret.
    pub(super) async fn create(&self, endpoint: &Endpoint) -> Result<Found, Error> {
        let key = &endpoint.idempotency_key;
        match self.object {
            Object::WebhookEndpoint => {
                self.client.create_webhook_endpoint(&new_endpoint(endpoint), key).await.map(Found::from)
            }
            Object::EventDestination => {
                self.client.create_event_destination(&new_destination(endpoint), key).await.map(Found::from)
            }
        }
    }

    pub(super) async fn retrieve(&self, id: &str) -> Result<Found, Error> {
        match self.object {
            Object::WebhookEndpoint => self.client.retrieve_webhook_endpoint(id).await.map(Found::from),
            Object::EventDestination => self.client.retrieve_event_destination(id).await.map(Found::from),
        }
    }

    /// Whether it is there to take events, before another one is stopped that does.
    pub(super) async fn standing(&self, id: &str) -> Result<Standing, Error> {
        match self.retrieve(id).await {
            Ok(found) if found.enabled => Ok(Standing::Enabled),
            Ok(_) => Ok(Standing::Disabled),
            Err(error) if error.is_missing() => Ok(Standing::Missing),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn update(&self, id: &str, change: Change) -> Result<(), Error> {
        let Change { url, enabled_events, description } = change;
        match self.object {
            Object::WebhookEndpoint => {
                let update = UpdateWebhookEndpoint { url, enabled_events, description, ..Default::default() };
                self.client.update_webhook_endpoint(id, &update).await.map(drop)
            }
            Object::EventDestination => {
                let name = description.as_deref().map(name);
                let update = UpdateEventDestination { name, url, enabled_events, description, ..Default::default() };
                self.client.update_event_destination(id, &update).await.map(drop)
            }
        }
    }

    pub(super) async fn set_enabled(&self, id: &str, enabled: bool) -> Result<(), Error> {
        match self.object {
            Object::WebhookEndpoint => {
                let update = UpdateWebhookEndpoint { disabled: Some(!enabled), ..Default::default() };
                self.client.update_webhook_endpoint(id, &update).await.map(drop)
            }
            Object::EventDestination if enabled => self.client.enable_event_destination(id).await.map(drop),
            Object::EventDestination => self.client.disable_event_destination(id).await.map(drop),
        }
    }

    /// Deletes an endpoint; one that is gone already is fine.
    pub(super) async fn delete(&self, id: &str) -> Result<(), Error> {
        let deleted = match self.object {
            Object::WebhookEndpoint => self.client.delete_webhook_endpoint(id).await,
            Object::EventDestination => self.client.delete_event_destination(id).await,
        };
        match deleted {
            Err(error) if error.is_missing() => Ok(()),
            other => other,
        }
    }

    /// Deletes whatever was made for an endpoint of ours whose creation got no answer.
    pub(super) async fn delete_made_for(&self, uuid: &str) -> Result<(), Error> {
        let is_ours = |metadata: &BTreeMap<String, String>| metadata.get(OURS).is_some_and(|ours| ours == uuid);
        let made: Vec<String> = match self.object {
            Object::WebhookEndpoint => {
                let all = self.client.list_webhook_endpoints().await?.into_iter();
                all.filter(|one| is_ours(&one.metadata)).map(|one| one.id).collect()
            }
            Object::EventDestination => {
                let all = self.client.list_event_destinations().await?.into_iter();
                all.filter(|one| is_ours(&one.metadata)).map(|one| one.id).collect()
            }
        };
        for id in made {
            self.delete(&id).await?;
        }
        Ok(())
    }

    /// Has Stripe send a test event, and answers its id; none where Stripe has no such thing.
    pub(super) async fn ping(&self, id: &str) -> Result<Option<String>, Error> {
        match self.object {
            Object::WebhookEndpoint => Ok(None),
            Object::EventDestination => {
                let event = self.client.ping_event_destination(id).await?;
                Ok(event["id"].as_str().map(str::to_owned))
            }
        }
    }
}

/// What an id of Stripe's names.
pub(super) fn object_of(id: &str) -> Object {
    if id.starts_with("ed_") { Object::EventDestination } else { Object::WebhookEndpoint }
}

fn metadata(endpoint: &Endpoint) -> BTreeMap<String, String> {
    BTreeMap::from([(OURS.to_owned(), endpoint.uuid.clone())])
}

fn new_endpoint(endpoint: &Endpoint) -> CreateWebhookEndpoint {
    CreateWebhookEndpoint {
        url: endpoint.url.clone(),
        enabled_events: endpoint.event_types(),
        api_version: endpoint.api_version.clone(),
        connect: endpoint.connect,
        description: Some(endpoint.description.clone()).filter(|text| !text.is_empty()),
        metadata: metadata(endpoint),
    }
}

fn new_destination(endpoint: &Endpoint) -> CreateEventDestination {
    let thin = endpoint.payload == Payload::Thin;
    CreateEventDestination {
        event_payload: if thin { EventKind::Thin } else { EventKind::Snapshot },
        snapshot_api_version: endpoint.api_version.clone().filter(|_| !thin),
        events_from: vec![if endpoint.connect { CONNECTED_EVENTS } else { OWN_EVENTS }.to_owned()],
        name: name(&endpoint.description),
        url: endpoint.url.clone(),
        enabled_events: endpoint.event_types(),
        description: Some(endpoint.description.clone()).filter(|text| !text.is_empty()),
        metadata: metadata(endpoint),
    }
}

/// The name that a destination gets in Stripe's dashboard.
fn name(description: &str) -> String {
    let name: String = description.trim().chars().take(LONGEST_NAME).collect();
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

impl Found {
    /// Whether it takes connected accounts' events; none if it takes those of several sources, which are kept apart here.
    pub(super) fn connect(&self) -> Option<bool> {
        match self.events_from.as_slice() {
            // Stripe does not tell; the first event settles it for the operator, who can make a Connect endpoint anew.
            [] => Some(false),
            [one] if one == OWN_EVENTS => Some(false),
            [one] if one == CONNECTED_EVENTS => Some(true),
            _ => None,
        }
    }
}

impl From<WebhookEndpoint> for Found {
    fn from(found: WebhookEndpoint) -> Self {
        let connect = found.raw.get("connect").and_then(serde_json::Value::as_bool);
        let source = |connect| if connect { CONNECTED_EVENTS } else { OWN_EVENTS }.to_owned();
        Self {
            enabled: found.is_enabled(),
            id: found.id,
            kind: Kind::WebhookEndpoint,
            url: Some(found.url),
            enabled_events: found.enabled_events,
            api_version: found.api_version,
            description: found.description.unwrap_or_default(),
            livemode: found.livemode,
            events_from: connect.map(source).into_iter().collect(),
            secret: found.secret,
        }
    }
}

impl From<EventDestination> for Found {
    fn from(found: EventDestination) -> Self {
        let thin = found.event_payload == EventKind::Thin.to_string();
        // One that was made in the dashboard may have nothing but a name.
        let named = Some(found.name.clone()).filter(|name| name != NAMELESS);
        Self {
            enabled: found.is_enabled(),
            id: found.id,
            kind: if thin { Kind::ThinDestination } else { Kind::SnapshotDestination },
            url: found.url,
            enabled_events: found.enabled_events,
            api_version: found.snapshot_api_version,
            description: found.description.or(named).unwrap_or_default(),
            livemode: found.livemode,
            events_from: found.events_from,
            secret: found.secret,
        }
    }
}
