//! Webhook endpoints at Stripe: create, read, change, delete, list.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::client::Client;
use crate::error::Error;
use crate::form::Form;
use crate::raw::{required, string_map, strings, take_secret, text};
use crate::request::Request;
use crate::webhook::WebhookSecret;

const PATH: &str = "/v1/webhook_endpoints";
/// Far above any cap Stripe has been seen to set per account and mode.
const MOST: usize = 10_000;

/// What a new endpoint is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateWebhookEndpoint {
    /// Where Stripe posts to.
    pub url: String,
    /// Event types, or `*` alone for all that need no explicit selection.
    pub enabled_events: Vec<String>,
    /// The API version events are written in; it cannot be changed later. The account's default when `None`.
    pub api_version: Option<String>,
    /// Whether it takes connected accounts' events instead of the account's own; it cannot be changed later.
    pub connect: bool,
    /// A note for the dashboard.
    pub description: Option<String>,
    /// Up to 50 pairs; keys of up to 40 characters without brackets, values of up to 500.
    pub metadata: BTreeMap<String, String>,
}

/// What to change of an endpoint: only what is `Some` is sent, so that the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateWebhookEndpoint {
    /// A new address.
    pub url: Option<String>,
    /// The new selection of event types, as a whole.
    pub enabled_events: Option<Vec<String>>,
    /// Whether Stripe stops sending.
    pub disabled: Option<bool>,
    /// A new note; empty removes it.
    pub description: Option<String>,
    /// Pairs to set; an empty value removes a key, other keys stay.
    pub metadata: Option<BTreeMap<String, String>>,
}

/// An endpoint as Stripe has it; `Debug` shows no secret.
#[derive(Clone)]
pub struct WebhookEndpoint {
    /// Stripe's id, `we_…`.
    pub id: String,
    /// Where Stripe posts to.
    pub url: String,
    /// `enabled` or `disabled`.
    pub status: String,
    /// The event types it takes.
    pub enabled_events: Vec<String>,
    /// The API version events are written in; the account's default when `None`.
    pub api_version: Option<String>,
    /// Whether it takes live events.
    pub livemode: bool,
    /// When it was made, in unix seconds.
    pub created: i64,
    /// The note in the dashboard.
    pub description: Option<String>,
    /// Its metadata.
    pub metadata: BTreeMap<String, String>,
    /// The Connect application that made it, if one did.
    pub application: Option<String>,
    /// The signing secret: in the answer to its creation only, never again.
    pub secret: Option<WebhookSecret>,
    /// The whole object, without the secret.
    pub raw: Value,
}

impl Client {
    /// Creates an endpoint. Repeating the call with the same key within 24 h returns the same endpoint and secret, so
    /// store the key before the call.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`ApiError::endpoint_cap`](crate::ApiError::endpoint_cap) when there are too many.
    pub async fn create_webhook_endpoint(
        &self,
        create: &CreateWebhookEndpoint,
        idempotency_key: &str,
    ) -> Result<WebhookEndpoint, Error> {
        let request = Request::post(PATH).form(create.form()).idempotency_key(idempotency_key);
        WebhookEndpoint::from_value(self.send(request).await?)
    }

    /// Reads an endpoint; the secret is not in it.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`Error::is_missing`] when it was deleted.
    pub async fn retrieve_webhook_endpoint(&self, id: &str) -> Result<WebhookEndpoint, Error> {
        WebhookEndpoint::from_value(self.send(Request::get(PATH).segment(id)).await?)
    }

    /// Changes an endpoint.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`Error::is_missing`] when it was deleted.
    pub async fn update_webhook_endpoint(
        &self,
        id: &str,
        update: &UpdateWebhookEndpoint,
    ) -> Result<WebhookEndpoint, Error> {
        WebhookEndpoint::from_value(self.send(Request::post(PATH).segment(id).form(update.form())).await?)
    }

    /// Deletes an endpoint; Stripe gives up what it had still to deliver there.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`Error::is_missing`] when it was deleted before.
    pub async fn delete_webhook_endpoint(&self, id: &str) -> Result<(), Error> {
        let answer = self.send(Request::delete(PATH).segment(id)).await?;
        match answer["deleted"].as_bool() {
            Some(true) => Ok(()),
            _ => Err(Error::Unexpected(format!("webhook endpoint {id} is not marked as deleted"))),
        }
    }

    /// Lists every endpoint of the account in the key's mode, newest first.
    ///
    /// # Errors
    /// Those of [`Client::send`].
    pub async fn list_webhook_endpoints(&self) -> Result<Vec<WebhookEndpoint>, Error> {
        let objects = self.list(PATH, Form::new()).collect_all(MOST).await?;
        objects.into_iter().map(WebhookEndpoint::from_value).collect()
    }
}

impl CreateWebhookEndpoint {
    pub(crate) fn form(&self) -> Form {
        let mut form = Form::new().with("url", &self.url);
        form.push_list("enabled_events", &self.enabled_events);
        form.push_some("api_version", self.api_version.as_ref());
        if self.connect {
            form.push("connect", "true");
        }
        form.push_some("description", self.description.as_ref());
        form.push_metadata(&self.metadata);
        form
    }
}

impl UpdateWebhookEndpoint {
    pub(crate) fn form(&self) -> Form {
        let mut form = Form::new();
        form.push_some("url", self.url.as_ref());
        if let Some(types) = &self.enabled_events {
            form.push_list("enabled_events", types);
        }
        form.push_some("disabled", self.disabled.map(|disabled| disabled.to_string()));
        form.push_some("description", self.description.as_ref());
        if let Some(metadata) = &self.metadata {
            form.push_metadata(metadata);
        }
        form
    }
}

impl WebhookEndpoint {
    /// Reads Stripe's object.
    ///
    /// # Errors
    /// [`Error::Unexpected`] when there is no id or no URL, or the secret is blank.
    pub fn from_value(mut raw: Value) -> Result<Self, Error> {
        let secret = take_secret(&mut raw, "", "secret")?;
        let required = |name: &str| required(&raw, "a webhook endpoint", name);
        Ok(Self {
            id: required("id")?,
            url: required("url")?,
            status: required("status")?,
            enabled_events: strings(&raw["enabled_events"]),
            api_version: text(&raw["api_version"]),
            livemode: raw["livemode"].as_bool().unwrap_or_default(),
            created: raw["created"].as_i64().unwrap_or_default(),
            description: text(&raw["description"]),
            metadata: string_map(&raw["metadata"]),
            application: text(&raw["application"]),
            secret,
            raw,
        })
    }

    /// Whether Stripe sends events to it.
    pub fn is_enabled(&self) -> bool {
        self.status == "enabled"
    }
}

impl fmt::Debug for WebhookEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookEndpoint")
            .field("id", &self.id)
            .field("url", &self.url)
            .field("status", &self.status)
            .field("livemode", &self.livemode)
            .field("secret", &self.secret)
            .finish_non_exhaustive()
    }
}
