//! Taking over an endpoint that exists at Stripe already, with the secret that its maker kept.

use secrecy::SecretString;
use tollgate_models::endpoints::{self as rows, Endpoint, Status, Validation};
use tollgate_stripe_client::WebhookSecret;
use url::Url;
use uuid::Uuid;

use super::at_stripe::{AtStripe, Change, Found, object_of};
use super::{EndpointError, Field, Refusal, client_for, draft, seal, url_of};
use crate::audit::{self, Actor};
use crate::{Error, Tollgate};

/// An endpoint to take over.
#[derive(Debug)]
pub struct Import {
    /// Stripe's id: `we_…` of a webhook endpoint, `ed_…` of an event destination.
    pub stripe_id: String,
    /// Its signing secret.
    pub secret: WebhookSecret,
    /// The key that manages it; none takes the default one of the mode.
    pub api_key_id: Option<i64>,
    /// Live or test mode.
    pub livemode: bool,
    /// Where it shall point from now on; none leaves a URL of ours as it is.
    pub base_url: Option<Url>,
}

/// Takes an endpoint over. If its URL is not one of ours, it is changed to one.
///
/// # Errors
/// [`EndpointError::Refused`] when Stripe does not have it, it is here already, or its URL would have to change and no base is given.
pub async fn import(tollgate: &Tollgate, import: Import, actor: &Actor) -> Result<Endpoint, EndpointError> {
    let (client, account) = client_for(tollgate, import.api_key_id, import.livemode).await?;
    let stripe = AtStripe::new(client, object_of(&import.stripe_id));
    let found = stripe.retrieve(&import.stripe_id).await.map_err(Error::from)?;
    let id = found.id.clone();
    if tollgate.db().read(move |conn| rows::find_by_stripe_id(conn, &id)).await?.is_some() {
        return Err(Error::Conflict(format!("{} is here already", found.id)).into());
    }
    let connect = found.connect().ok_or_else(|| several_sources(&found))?;
    let current = found.url.clone().ok_or_else(|| no_url(&found))?;
    let (uuid, url) = address(&found.id, &current, import.base_url.as_ref())?;
    let sealed = seal(tollgate, &uuid.to_string(), &SecretString::from(import.secret.expose()))?;
    let now = tollgate.clock().now_millis();
    let row = Endpoint {
        account,
        connect,
        created_by: actor.name.clone(),
        created_at: now,
        updated_at: now,
        ..row(&found, &import, uuid, url)
    };
    if row.url != current {
        let change = Change { url: Some(row.url.clone()), ..Change::default() };
        stripe.update(&found.id, change).await.map_err(Error::from)?;
    }
    let (endpoint, actor) = (row.clone(), actor.clone());
    tollgate
        .db()
        .write(move |conn| {
            rows::insert(conn, &row)?;
            rows::insert_secret(conn, &row.uuid, &sealed, row.created_at)?;
            audit::record(conn, &actor, "endpoint.imported", &row.uuid, &import.stripe_id, row.created_at)
        })
        .await?;
    tollgate.intake_refresh().await?;
    Ok(endpoint)
}

fn refused(field: Field, message: String) -> EndpointError {
    EndpointError::Refused(vec![Refusal { field: Some(field), message }])
}

fn several_sources(found: &Found) -> EndpointError {
    let sources = found.events_from.join(", ");
    let text = format!("{} takes the events of {sources}: Tollgate keeps those apart, so make one for each", found.id);
    refused(Field::Connect, text)
}

fn no_url(found: &Found) -> EndpointError {
    refused(Field::BaseUrl, format!("{} sends events to no URL: only webhook endpoints can be taken over", found.id))
}

fn address(id: &str, current: &str, base: Option<&Url>) -> Result<(Uuid, String), EndpointError> {
    if let Some(base) = base {
        let uuid = Uuid::new_v4();
        return Ok((uuid, url_of(base, uuid)));
    }
    // Only in the form that we hand out: the intake takes no other spelling.
    let ours = current
        .rsplit_once("/stripe/webhooks/")
        .and_then(|(_, last)| Uuid::try_parse(last).ok().filter(|uuid| uuid.to_string() == last));
    match ours {
        Some(uuid) => Ok((uuid, current.to_owned())),
        None => Err(refused(
            Field::BaseUrl,
            format!("{id} points to {current}, which is not a URL of Tollgate: give --base-url to change it"),
        )),
    }
}

fn row(found: &Found, import: &Import, uuid: Uuid, url: String) -> Endpoint {
    Endpoint {
        uuid: uuid.to_string(),
        stripe_id: Some(found.id.clone()),
        api_key_id: import.api_key_id,
        account: None,
        livemode: found.livemode,
        connect: false,
        url,
        description: found.description.clone(),
        enabled_events: serde_json::Value::from(found.enabled_events.clone()).to_string(),
        api_version: found.api_version.clone(),
        tolerance_seconds: 300,
        validation: Validation::VerifySignature,
        status: if found.enabled { Status::Enabled } else { Status::Disabled },
        idempotency_key: draft::idempotency_key(),
        last_error: None,
        created_by: String::new(),
        created_at: 0,
        updated_at: 0,
        deleted_at: None,
        object: found.kind.object(),
        payload: found.kind.payload(),
        inline_events: "[]".to_owned(),
        replaces: None,
        retire_at: None,
    }
}
