//! The life of a webhook endpoint, here and at Stripe: create, change, disable, enable, delete, repair, import.

mod draft;
mod import;
mod outcome;
mod repair;

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use tollgate_models::api_keys;
use tollgate_models::endpoints::{self as rows, Endpoint, Status, Validation};
use tollgate_stripe_client::{
    Client, CreateWebhookEndpoint, Error as StripeError, UpdateWebhookEndpoint, WebhookEndpoint,
};
use uuid::Uuid;

use crate::audit::{self, Actor};
use crate::keyring::endpoint_secret_place;
use crate::{Error, Tollgate};

pub use draft::{Changes, Draft};
pub use import::{Import, import};
pub use outcome::{EndpointError, Field, Refusal};
pub use repair::{discard, retry};

/// The metadata key by which an endpoint at Stripe is known to be ours.
const OURS: &str = "tollgate_uuid";
/// Creates an endpoint on Stripe and here. The same draft posted twice makes one endpoint.
///
/// A pending row is written before Stripe is asked, so that an answer that is lost can be asked for again with the same
/// idempotency key: there is never an endpoint on Stripe whose secret is nowhere.
///
/// # Errors
/// [`EndpointError::Refused`] leaves nothing behind; [`EndpointError::Pending`] leaves a row to retry or clean up.
pub async fn create(tollgate: &Tollgate, draft: Draft, actor: &Actor) -> Result<Endpoint, EndpointError> {
    draft.check(tollgate.config()).map_err(EndpointError::Refused)?;
    if let Some(existing) = find_any(tollgate, &draft.uuid.to_string()).await? {
        return Ok(existing);
    }
    let (client, account) = client_for(tollgate, draft.api_key_id, draft.livemode)
        .await
        .map_err(|error| outcome::at_field(Field::Key, error))?;
    let endpoint = draft.into_row(account, actor, tollgate.clock().now_millis());
    let row = endpoint.clone();
    let inserted = tollgate.db().write(move |conn| rows::insert(conn, &row)).await;
    if let Err(error) = inserted {
        // Posted twice at the same instant: the other one goes on.
        return match find_any(tollgate, &endpoint.uuid).await? {
            Some(existing) => Ok(existing),
            None => Err(error.into()),
        };
    }
    finish_creation(tollgate, &client, endpoint, actor).await
}

async fn finish_creation(
    tollgate: &Tollgate,
    client: &Client,
    endpoint: Endpoint,
    actor: &Actor,
) -> Result<Endpoint, EndpointError> {
    match ask_for(client, &endpoint).await {
        Ok(created) => store_created(tollgate, endpoint, created, actor).await,
        Err(StripeError::Api(error)) if outcome::is_refusal(&error) => {
            remove_row(tollgate, &endpoint.uuid).await?;
            Err(outcome::refused_by_stripe(&error))
        }
        Err(error) => stays_pending(tollgate, endpoint, &error).await,
    }
}

async fn ask_for(client: &Client, endpoint: &Endpoint) -> Result<WebhookEndpoint, StripeError> {
    let request = CreateWebhookEndpoint {
        url: endpoint.url.clone(),
        enabled_events: endpoint.event_types(),
        api_version: endpoint.api_version.clone(),
        connect: endpoint.connect,
        description: Some(endpoint.description.clone()).filter(|text| !text.is_empty()),
        metadata: BTreeMap::from([(OURS.to_owned(), endpoint.uuid.clone())]),
    };
    client.create_webhook_endpoint(&request, &endpoint.idempotency_key).await
}

async fn stays_pending(
    tollgate: &Tollgate,
    endpoint: Endpoint,
    error: &StripeError,
) -> Result<Endpoint, EndpointError> {
    let problem = error.to_string();
    note_failure(tollgate, endpoint.clone(), &problem).await?;
    Err(EndpointError::Pending { uuid: endpoint.uuid, problem })
}

async fn store_created(
    tollgate: &Tollgate,
    mut endpoint: Endpoint,
    created: WebhookEndpoint,
    actor: &Actor,
) -> Result<Endpoint, EndpointError> {
    let Some(secret) = &created.secret else {
        let problem = "Stripe's answer had no secret: clean this endpoint up and create it anew".to_owned();
        endpoint.stripe_id = Some(created.id.clone());
        note_failure(tollgate, endpoint.clone(), &problem).await?;
        return Err(EndpointError::Pending { uuid: endpoint.uuid, problem });
    };
    let now = tollgate.clock().now_millis();
    endpoint.stripe_id = Some(created.id.clone());
    endpoint.api_version = created.api_version.clone().or(endpoint.api_version);
    endpoint.status = if created.is_enabled() { Status::Enabled } else { Status::Disabled };
    endpoint.last_error = None;
    endpoint.updated_at = now;
    let sealed = seal(tollgate, &endpoint.uuid, &SecretString::from(secret.expose()))?;
    let (row, actor) = (endpoint.clone(), actor.clone());
    tollgate
        .db()
        .write(move |conn| -> Result<(), tollgate_models::Error> {
            rows::insert_secret(conn, &row.uuid, &sealed, now)?;
            rows::update(conn, &row)?;
            Ok(audit::record(conn, &actor, "endpoint.created", &row.uuid, row.stripe_id.as_deref().unwrap_or(""), now)?)
        })
        .await?;
    tollgate.intake_refresh().await?;
    Ok(endpoint)
}

/// Changes an endpoint on Stripe, then here; only what differs is sent.
///
/// # Errors
/// [`EndpointError::Refused`] when something cannot be taken; then nothing is changed here.
pub async fn update(
    tollgate: &Tollgate,
    uuid: &str,
    changes: Changes,
    actor: &Actor,
) -> Result<Endpoint, EndpointError> {
    let before = find(tollgate, uuid).await?;
    let after = changes.applied_to(&before, tollgate.config()).map_err(EndpointError::Refused)?;
    let different = UpdateWebhookEndpoint {
        url: (after.url != before.url).then(|| after.url.clone()),
        enabled_events: (after.enabled_events != before.enabled_events).then(|| after.event_types()),
        description: (after.description != before.description).then(|| after.description.clone()),
        ..UpdateWebhookEndpoint::default()
    };
    if different != UpdateWebhookEndpoint::default() {
        update_at_stripe(tollgate, &before, &different).await?;
    }
    save(tollgate, after, actor, "endpoint.updated").await
}

/// Stops or resumes deliveries, on Stripe and here.
///
/// # Errors
/// When Stripe refuses; then nothing is changed here.
pub async fn set_enabled(
    tollgate: &Tollgate,
    uuid: &str,
    enabled: bool,
    actor: &Actor,
) -> Result<Endpoint, EndpointError> {
    let before = find(tollgate, uuid).await?;
    if before.status == Status::Pending {
        return Err(Error::Conflict("the endpoint is pending: retry it or clean it up first".to_owned()).into());
    }
    let change = UpdateWebhookEndpoint { disabled: Some(!enabled), ..UpdateWebhookEndpoint::default() };
    update_at_stripe(tollgate, &before, &change).await?;
    let (status, action) = match enabled {
        true => (Status::Enabled, "endpoint.enabled"),
        false => (Status::Disabled, "endpoint.disabled"),
    };
    save(tollgate, Endpoint { status, last_error: None, ..before }, actor, action).await
}

/// Deletes an endpoint on Stripe and here; its deliveries and events stay in the log.
///
/// # Errors
/// When Stripe refuses for another reason than that it is gone; then it stays here.
pub async fn delete(tollgate: &Tollgate, uuid: &str, actor: &Actor) -> Result<(), EndpointError> {
    let endpoint = find(tollgate, uuid).await?;
    if endpoint.status == Status::Pending {
        return discard(tollgate, uuid, actor).await;
    }
    if let Some(id) = &endpoint.stripe_id {
        let (client, _) = client_for(tollgate, endpoint.api_key_id, endpoint.livemode).await?;
        delete_at_stripe(&client, id).await?;
    }
    let now = tollgate.clock().now_millis();
    save(tollgate, Endpoint { status: Status::Deleted, deleted_at: Some(now), ..endpoint }, actor, "endpoint.deleted")
        .await?;
    Ok(())
}

async fn delete_at_stripe(client: &Client, id: &str) -> Result<(), Error> {
    match client.delete_webhook_endpoint(id).await {
        Err(error) if error.is_missing() => Ok(()),
        other => Ok(other?),
    }
}

/// Asks Stripe how the endpoint stands, and takes that over here: its status, and whether it is still there at all.
///
/// # Errors
/// When Stripe could not be asked.
pub async fn refresh(tollgate: &Tollgate, uuid: &str) -> Result<Endpoint, EndpointError> {
    let before = find(tollgate, uuid).await?;
    let (Some(id), true) = (before.stripe_id.clone(), before.status != Status::Pending) else { return Ok(before) };
    let (client, _) = client_for(tollgate, before.api_key_id, before.livemode).await?;
    let now = tollgate.clock().now_millis();
    let after = match client.retrieve_webhook_endpoint(&id).await {
        Ok(found) => Endpoint {
            status: if found.is_enabled() { Status::Enabled } else { Status::Disabled },
            enabled_events: serde_json::to_string(&found.enabled_events).map_err(Error::internal)?,
            description: found.description.unwrap_or_default(),
            ..before.clone()
        },
        Err(error) if error.is_missing() => Endpoint {
            status: Status::Deleted,
            deleted_at: Some(now),
            last_error: Some("deleted at Stripe".to_owned()),
            ..before.clone()
        },
        Err(error) => return Err(Error::from(error).into()),
    };
    if after == before {
        return Ok(before);
    }
    let stripe = Actor { name: "stripe".to_owned(), ip: None };
    save(tollgate, after, &stripe, "endpoint.changed_at_stripe").await
}

async fn update_at_stripe(
    tollgate: &Tollgate,
    endpoint: &Endpoint,
    change: &UpdateWebhookEndpoint,
) -> Result<(), EndpointError> {
    let Some(id) = &endpoint.stripe_id else {
        return Err(
            Error::Conflict("the endpoint is not at Stripe yet: retry it or clean it up first".to_owned()).into()
        );
    };
    let (client, _) = client_for(tollgate, endpoint.api_key_id, endpoint.livemode).await?;
    match client.update_webhook_endpoint(id, change).await {
        Ok(_) => Ok(()),
        Err(StripeError::Api(error)) if error.is_missing() => {
            refresh_boxed(tollgate, &endpoint.uuid).await?;
            Err(Error::Conflict("the endpoint was deleted at Stripe; it is marked so here now".to_owned()).into())
        }
        Err(StripeError::Api(error)) if outcome::is_refusal(&error) => Err(outcome::refused_by_stripe(&error)),
        Err(error) => Err(Error::from(error).into()),
    }
}

async fn refresh_boxed(tollgate: &Tollgate, uuid: &str) -> Result<Endpoint, EndpointError> {
    Box::pin(refresh(tollgate, uuid)).await
}

async fn save(
    tollgate: &Tollgate,
    endpoint: Endpoint,
    actor: &Actor,
    action: &'static str,
) -> Result<Endpoint, EndpointError> {
    let now = tollgate.clock().now_millis();
    let endpoint = Endpoint { updated_at: now.max(endpoint.updated_at + 1), ..endpoint };
    let (row, actor) = (endpoint.clone(), actor.clone());
    tollgate
        .db()
        .write(move |conn| {
            rows::update(conn, &row)?;
            audit::record(conn, &actor, action, &row.uuid, &row.description, now)
        })
        .await?;
    tollgate.intake_refresh().await?;
    Ok(endpoint)
}

async fn note_failure(tollgate: &Tollgate, endpoint: Endpoint, problem: &str) -> Result<(), Error> {
    let row = Endpoint { last_error: Some(problem.to_owned()), ..endpoint };
    tollgate.db().write(move |conn| rows::update(conn, &row)).await
}

async fn remove_row(tollgate: &Tollgate, uuid: &str) -> Result<(), Error> {
    let uuid = uuid.to_owned();
    tollgate.db().write(move |conn| rows::remove(conn, &uuid)).await
}

/// The endpoint with this UUID, if it is not deleted.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn find(tollgate: &Tollgate, uuid: &str) -> Result<Endpoint, Error> {
    let found = find_any(tollgate, uuid).await?.filter(|endpoint| endpoint.status != Status::Deleted);
    found.ok_or_else(|| Error::NotFound(format!("there is no endpoint {uuid:.36}")))
}

async fn find_any(tollgate: &Tollgate, uuid: &str) -> Result<Option<Endpoint>, Error> {
    let uuid = uuid.to_owned();
    tollgate.db().read(move |conn| rows::find(conn, &uuid)).await
}

async fn client_for(
    tollgate: &Tollgate,
    key_id: Option<i64>,
    livemode: bool,
) -> Result<(Client, Option<String>), Error> {
    let keys = tollgate.stripe_keys().clone();
    let chosen =
        tollgate.db().read(move |conn| Ok::<_, tollgate_models::Error>(keys.choose(conn, key_id, livemode))).await??;
    if let Some(row) = &chosen.row
        && row.livemode != livemode
    {
        let (has, wants) = if livemode { ("test", "live") } else { ("live", "test") };
        return Err(Error::BadRequest(format!("the key {} is a {has} mode key; {wants} mode needs another", row.name)));
    }
    let Some(row) = chosen.row else { return Ok((chosen.client, None)) };
    let (id, now) = (row.id, tollgate.clock().now_millis());
    tollgate.db().write(move |conn| api_keys::record_use(conn, id, now, None)).await?;
    Ok((chosen.client, row.account))
}

fn seal(tollgate: &Tollgate, uuid: &str, secret: &SecretString) -> Result<String, Error> {
    tollgate.keyring().seal(endpoint_secret_place(uuid), secret.expose_secret()).map_err(Error::internal)
}

fn url_of(base: &url::Url, uuid: Uuid) -> String {
    format!("{}/stripe/webhooks/{uuid}", base.as_str().trim_end_matches('/'))
}

/// The validation methods with a word about each.
pub const VALIDATIONS: [(Validation, &str); 3] = [
    (Validation::VerifySignature, "Verify the signature of each delivery (recommended)"),
    (Validation::RetrieveEvent, "Ask Stripe for each event before it is processed"),
    (Validation::None, "Take everything unchecked: anyone who knows the URL can forge events (test mode only)"),
];
