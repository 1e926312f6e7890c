//! Endpoints whose creation got no answer: asking again, and cleaning up.

use tollgate_models::endpoints::{self as rows, Endpoint, Status};
use tollgate_stripe_client::{Client, Error as StripeError};

use super::{
    EndpointError, OURS, ask_for, client_for, delete_at_stripe, draft, find, note_failure, outcome, stays_pending,
    store_created,
};
use crate::audit::{self, Actor};
use crate::{Error, Tollgate};

/// Stripe remembers an idempotency key for 24 hours at least; we rely on it for a little less. In milliseconds.
/// <https://docs.stripe.com/api/idempotent_requests>
const KEY_REMEMBERED: i64 = 23 * 3600 * 1000;

/// Repeats the creation of a pending endpoint; within a day Stripe answers as it did the first time.
///
/// # Errors
/// [`EndpointError::Refused`] and [`EndpointError::Pending`] both leave the row, since Stripe may have made the endpoint
/// when it was asked first; [`Error::Conflict`] when the endpoint is not pending.
pub async fn retry(tollgate: &Tollgate, uuid: &str, actor: &Actor) -> Result<Endpoint, EndpointError> {
    let mut endpoint = find_pending(tollgate, uuid).await?;
    let (client, _) = client_for(tollgate, endpoint.api_key_id, endpoint.livemode).await?;
    let forgotten = tollgate.clock().now_millis() - endpoint.created_at > KEY_REMEMBERED;
    let mut answer = None;
    if !forgotten && endpoint.stripe_id.is_none() {
        answer = Some(ask_for(&client, &endpoint).await).filter(|answer| !is_server_error(answer));
    }
    let answer = match answer {
        Some(answer) => answer,
        None => {
            endpoint = start_over(tollgate, &client, endpoint).await?;
            ask_for(&client, &endpoint).await
        }
    };
    match answer {
        Ok(created) => store_created(tollgate, endpoint, created, actor).await,
        Err(StripeError::Api(error)) if outcome::is_refusal(&error) => {
            note_failure(tollgate, endpoint, &error.to_string()).await?;
            Err(outcome::refused_by_stripe(&error))
        }
        Err(error) => stays_pending(tollgate, endpoint, &error).await,
    }
}

// Stripe repeats such an answer for the same idempotency key as long as it remembers the key.
fn is_server_error<T>(answer: &Result<T, StripeError>) -> bool {
    matches!(answer, Err(StripeError::Api(error)) if error.status >= 500)
}

// Under a new idempotency key Stripe would make a second endpoint: what the first call made goes first.
async fn start_over(tollgate: &Tollgate, client: &Client, endpoint: Endpoint) -> Result<Endpoint, Error> {
    delete_strays(client, &endpoint).await?;
    let now = tollgate.clock().now_millis();
    let renewed = Endpoint {
        idempotency_key: draft::idempotency_key(),
        stripe_id: None,
        created_at: now,
        updated_at: now,
        ..endpoint
    };
    let row = renewed.clone();
    tollgate
        .db()
        .write(move |conn| -> Result<(), tollgate_models::Error> {
            rows::remove(conn, &row.uuid)?;
            Ok(rows::insert(conn, &row)?)
        })
        .await?;
    Ok(renewed)
}

/// Cleans a pending endpoint up: whatever Stripe has of it is deleted, then the row.
///
/// # Errors
/// [`Error::Stripe`] when Stripe could not be asked; then the row stays.
pub async fn discard(tollgate: &Tollgate, uuid: &str, actor: &Actor) -> Result<(), EndpointError> {
    let endpoint = find_pending(tollgate, uuid).await?;
    let (client, _) = client_for(tollgate, endpoint.api_key_id, endpoint.livemode).await?;
    delete_strays(&client, &endpoint).await?;
    let (uuid, actor, now) = (endpoint.uuid, actor.clone(), tollgate.clock().now_millis());
    tollgate
        .db()
        .write(move |conn| {
            rows::remove(conn, &uuid)?;
            audit::record(conn, &actor, "endpoint.discarded", &uuid, "", now)
        })
        .await?;
    tollgate.intake_refresh().await?;
    Ok(())
}

async fn delete_strays(client: &Client, endpoint: &Endpoint) -> Result<(), Error> {
    for stray in client.list_webhook_endpoints().await? {
        if stray.metadata.get(OURS) == Some(&endpoint.uuid) {
            delete_at_stripe(client, &stray.id).await?;
        }
    }
    Ok(())
}

async fn find_pending(tollgate: &Tollgate, uuid: &str) -> Result<Endpoint, Error> {
    let endpoint = find(tollgate, uuid).await?;
    match endpoint.status {
        Status::Pending => Ok(endpoint),
        status => Err(Error::Conflict(format!("the endpoint is {status}, not pending"))),
    }
}
