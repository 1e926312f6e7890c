//! Making an endpoint: a pending row first, then Stripe's, then its secret.

use secrecy::SecretString;
use tollgate_models::endpoints::{self as rows, Endpoint, Status};
use tollgate_models::{AnyConnection, QueryResult, upgrades};
use tollgate_stripe_client::Error as StripeError;

use super::at_stripe::{AtStripe, Found};
use super::{Draft, EndpointError, Field, client_for, find_any, note_failure, outcome, seal};
use crate::audit::{self, Actor};
use crate::{Error, Tollgate};

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
    finish_creation(tollgate, &AtStripe::new(client, endpoint.object), endpoint, actor).await
}

pub(super) async fn finish_creation(
    tollgate: &Tollgate,
    stripe: &AtStripe,
    endpoint: Endpoint,
    actor: &Actor,
) -> Result<Endpoint, EndpointError> {
    match stripe.create(&endpoint).await {
        Ok(created) => store_created(tollgate, stripe, endpoint, created, actor).await,
        Err(StripeError::Api(error)) if outcome::is_refusal(&error) => {
            let now = tollgate.clock().now_millis();
            tollgate.db().write(move |conn| withdraw(conn, &endpoint, now)).await?;
            Err(outcome::refused_by_stripe(&error))
        }
        Err(error) => stays_pending(tollgate, endpoint, &error).await,
    }
}

pub(super) async fn stays_pending(
    tollgate: &Tollgate,
    endpoint: Endpoint,
    error: &StripeError,
) -> Result<Endpoint, EndpointError> {
    let problem = error.to_string();
    note_failure(tollgate, endpoint.clone(), &problem).await?;
    Err(EndpointError::Pending { uuid: endpoint.uuid, problem })
}

pub(super) async fn store_created(
    tollgate: &Tollgate,
    stripe: &AtStripe,
    mut endpoint: Endpoint,
    created: Found,
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
    endpoint.status = if created.enabled { Status::Enabled } else { Status::Disabled };
    endpoint.last_error = None;
    endpoint.updated_at = now;
    let sealed = seal(tollgate, &endpoint.uuid, &SecretString::from(secret.expose()))?;
    let actor = actor.clone();
    let Some(endpoint) = tollgate.db().write(move |conn| confirm(conn, endpoint, &sealed, &actor, now)).await? else {
        stripe.delete(&created.id).await.map_err(Error::from)?;
        return Err(conflict("the endpoint was cleaned up or asked for anew by somebody else meanwhile"));
    };
    tollgate.intake_refresh().await?;
    Ok(endpoint)
}

fn confirm(
    conn: &mut AnyConnection,
    endpoint: Endpoint,
    sealed: &str,
    actor: &Actor,
    now: i64,
) -> QueryResult<Option<Endpoint>> {
    rows::lock(conn, &endpoint.uuid)?;
    let row = rows::find(conn, &endpoint.uuid)?;
    // Somebody else may have asked Stripe at the same time and got the same answer, or cleaned it up and asked anew.
    let is_waiting = |row: &Endpoint| row.status == Status::Pending && row.idempotency_key == endpoint.idempotency_key;
    if !row.as_ref().is_some_and(is_waiting) {
        return Ok(row.filter(|row| row.status != Status::Pending && row.stripe_id == endpoint.stripe_id));
    }
    rows::insert_secret(conn, &endpoint.uuid, sealed, now)?;
    rows::update(conn, &endpoint)?;
    move_retirement(conn, &endpoint, now)?;
    if let Some(old) = &endpoint.replaces {
        let detail = format!("{} takes its place", endpoint.uuid);
        audit::record(conn, actor, "endpoint.rotated", old, &detail, now)?;
    }
    if upgrades::begun(conn, &endpoint.uuid, now)? > 0
        && let Some(upgrade) = upgrades::latest(conn, &endpoint.uuid)?
    {
        let detail = format!("{} tries {}", endpoint.uuid, upgrade.to_version);
        audit::record(conn, actor, "endpoint.upgrade_started", &upgrade.live_uuid, &detail, now)?;
    }
    audit::record(
        conn,
        actor,
        "endpoint.created",
        &endpoint.uuid,
        endpoint.stripe_id.as_deref().unwrap_or_default(),
        now,
    )?;
    Ok(Some(endpoint))
}

/// While an endpoint is pending that takes another's place, the overlap is what lies between its own creation and the other's
/// retirement; the time that passes until it is confirmed does not count.
pub(super) fn move_retirement(conn: &mut AnyConnection, pending: &Endpoint, now: i64) -> QueryResult<()> {
    let Some(old) = pending.replaces.as_deref() else { return Ok(()) };
    match rows::find(conn, old)?.and_then(|old| old.retire_at) {
        Some(at) => rows::set_retirement(conn, old, Some(at + now - pending.created_at), now),
        None => Ok(()),
    }
}

/// Removes an endpoint that Stripe does not have, with the upgrade it was made for, and lets the one whose place it was to take stay.
pub(super) fn withdraw(conn: &mut AnyConnection, pending: &Endpoint, now: i64) -> QueryResult<()> {
    rows::remove(conn, &pending.uuid)?;
    upgrades::remove(conn, &pending.uuid)?;
    stay(conn, pending, now)
}

/// Lets the endpoint stay whose place this one was to take.
pub(super) fn stay(conn: &mut AnyConnection, replacement: &Endpoint, now: i64) -> QueryResult<()> {
    match replacement.replaces.as_deref() {
        Some(old) => rows::set_retirement(conn, old, None, now),
        None => Ok(()),
    }
}

/// A failure of ours that keeps what was asked from being done.
pub(super) fn conflict(text: impl Into<String>) -> EndpointError {
    Error::Conflict(text.into()).into()
}
