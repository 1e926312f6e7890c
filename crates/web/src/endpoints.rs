//! The life of an endpoint, here and at Stripe: create, change, disable, enable, delete, repair, import, rotate its secret.

mod at_stripe;
mod checks;
mod creation;
mod draft;
mod import;
mod kind;
mod listening;
mod outcome;
mod overlap;
mod repair;
mod retirement;
mod rotation;
mod secrets;
pub mod upgrade;

use secrecy::{ExposeSecret, SecretString};
use tollgate_models::endpoints::{self as rows, Endpoint, Status, Validation};
use tollgate_models::{AnyConnection, QueryResult, api_keys};
use tollgate_stripe_client::{Client, Error as StripeError, Priority};
use uuid::Uuid;

use crate::audit::{self, Actor};
use crate::keyring::endpoint_secret_place;
use crate::{Error, Tollgate};

use at_stripe::{AtStripe, Change};
use creation::conflict;
pub use creation::create;
pub use draft::{Changes, Draft};
pub use import::{Import, import};
pub use kind::Kind;
pub use listening::{LISTENING_LASTS, go_on_listening, listen, stop_listening};
pub use outcome::{EndpointError, Field, Refusal};
pub use overlap::{DEFAULT_OVERLAP, overlap, span};
pub use repair::{discard, retry};
pub(crate) use retirement::{Background, SECRET_KEPT};
pub use retirement::{Retired, retire_due};
pub use rotation::{Rotation, retire, rotate};
pub(crate) use secrets::doubtful_secret;
pub use secrets::{NewSecret, add_secret, retire_secret, signing_secret};

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
    let different = Change {
        url: (after.url != before.url).then(|| after.url.clone()),
        enabled_events: (after.enabled_events != before.enabled_events).then(|| after.event_types()),
        description: (after.description != before.description).then(|| after.description.clone()),
    };
    if different != Change::default() {
        let (stripe, id) = at_stripe(tollgate, &before).await?;
        let updated = stripe.update(&id, different).await;
        changed(tollgate, &before, updated).await?;
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
        return Err(conflict("the endpoint is pending: retry it or clean it up first"));
    }
    if !enabled {
        upgrade::refuse_if_under_way(tollgate, uuid).await?;
    }
    let (stripe, id) = at_stripe(tollgate, &before).await?;
    let switched = stripe.set_enabled(&id, enabled).await;
    changed(tollgate, &before, switched).await?;
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
    upgrade::refuse_if_under_way(tollgate, uuid).await?;
    delete_as(tollgate, endpoint, actor, "endpoint.deleted").await
}

async fn delete_as(
    tollgate: &Tollgate,
    endpoint: Endpoint,
    actor: &Actor,
    action: &'static str,
) -> Result<(), EndpointError> {
    if endpoint.stripe_id.is_some() {
        let (stripe, id) = at_stripe(tollgate, &endpoint).await?;
        stripe.delete(&id).await.map_err(Error::from)?;
    }
    let (actor, now) = (actor.clone(), tollgate.clock().now_millis());
    tollgate.db().write(move |conn| record_deletion(conn, endpoint, &actor, action, now)).await?;
    tollgate.intake_refresh().await?;
    Ok(())
}

fn record_deletion(
    conn: &mut AnyConnection,
    endpoint: Endpoint,
    actor: &Actor,
    action: &str,
    now: i64,
) -> QueryResult<()> {
    let endpoint = Endpoint {
        status: Status::Deleted,
        deleted_at: Some(now),
        updated_at: now.max(endpoint.updated_at + 1),
        last_error: None,
        ..endpoint
    };
    rows::update(conn, &endpoint)?;
    creation::stay(conn, &endpoint, now)?;
    audit::record(conn, actor, action, &endpoint.uuid, &endpoint.description, now)
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
    let after = match AtStripe::new(client, before.object).retrieve(&id).await {
        Ok(found) => Endpoint {
            status: if found.enabled { Status::Enabled } else { Status::Disabled },
            enabled_events: serde_json::to_string(&found.enabled_events).map_err(Error::internal)?,
            description: found.description,
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

/// Has Stripe send a test event to an event destination, and answers the event's id; it arrives like any other.
///
/// # Errors
/// [`Error::Conflict`] for a webhook endpoint, which Stripe sends no test events to, and for one that takes none.
pub async fn ping(tollgate: &Tollgate, uuid: &str, actor: &Actor) -> Result<String, EndpointError> {
    let endpoint = find(tollgate, uuid).await?;
    if !Kind::of(&endpoint).is_destination() {
        let text = "Stripe sends test events to event destinations only: cause an event in test mode instead";
        return Err(conflict(text));
    }
    if endpoint.status != Status::Enabled {
        return Err(conflict(format!("the endpoint is {}: it would not take a test event", endpoint.status)));
    }
    let (stripe, id) = at_stripe(tollgate, &endpoint).await?;
    let pinged = stripe.ping(&id).await;
    let event = changed(tollgate, &endpoint, pinged).await?.unwrap_or_default();
    let (actor, now, detail) = (actor.clone(), tollgate.clock().now_millis(), event.clone());
    tollgate
        .db()
        .write(move |conn| audit::record(conn, &actor, "endpoint.pinged", &endpoint.uuid, &detail, now))
        .await?;
    Ok(event)
}

/// Stripe for an endpoint that it has, and its id there.
async fn at_stripe(tollgate: &Tollgate, endpoint: &Endpoint) -> Result<(AtStripe, String), EndpointError> {
    let Some(id) = endpoint.stripe_id.clone() else {
        if endpoint.is_listening() {
            return Err(conflict("the endpoint belongs to a `tollgate listen`, and is gone when that ends"));
        }
        return Err(conflict("the endpoint is not at Stripe yet: retry it or clean it up first"));
    };
    let (client, _) = client_for(tollgate, endpoint.api_key_id, endpoint.livemode).await?;
    Ok((AtStripe::new(client, endpoint.object), id))
}

/// What came of asking Stripe to change an endpoint; one that turns out to be deleted there is marked so here.
async fn changed<T>(
    tollgate: &Tollgate,
    endpoint: &Endpoint,
    answer: Result<T, StripeError>,
) -> Result<T, EndpointError> {
    match answer {
        Ok(answer) => Ok(answer),
        Err(StripeError::Api(error)) if error.is_missing() => {
            refresh(tollgate, &endpoint.uuid).await?;
            Err(conflict("the endpoint was deleted at Stripe; it is marked so here now"))
        }
        Err(StripeError::Api(error)) if outcome::is_refusal(&error) => Err(outcome::refused_by_stripe(&error)),
        Err(error) => Err(Error::from(error).into()),
    }
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
            if row.status == Status::Deleted {
                creation::stay(conn, &row, now)?;
            }
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
    // Whoever makes or changes an endpoint waits for it.
    let client = chosen.client.with_priority(Priority::Person);
    let Some(row) = chosen.row else { return Ok((client, None)) };
    let (id, now) = (row.id, tollgate.clock().now_millis());
    tollgate.db().write(move |conn| api_keys::record_use(conn, id, now, None)).await?;
    Ok((client, row.account))
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
