//! Endpoints whose creation got no answer: asking again, and cleaning up.

use tollgate_models::endpoints::{self as rows, Endpoint, Status};
use tollgate_stripe_client::Error as StripeError;

use super::at_stripe::AtStripe;
use super::creation::{move_retirement, stays_pending, store_created, withdraw};
use super::{EndpointError, client_for, draft, find, note_failure, outcome};
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
    let stripe = AtStripe::new(client, endpoint.object);
    let forgotten = tollgate.clock().now_millis() - endpoint.created_at > KEY_REMEMBERED;
    let mut answer = None;
    if !forgotten && endpoint.stripe_id.is_none() {
        answer = Some(stripe.create(&endpoint).await).filter(|answer| !is_server_error(answer));
    }
    let answer = match answer {
        Some(answer) => answer,
        None => {
            endpoint = start_over(tollgate, &stripe, endpoint).await?;
            stripe.create(&endpoint).await
        }
    };
    match answer {
        Ok(created) => store_created(tollgate, &stripe, endpoint, created, actor).await,
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
async fn start_over(tollgate: &Tollgate, stripe: &AtStripe, endpoint: Endpoint) -> Result<Endpoint, Error> {
    stripe.delete_made_for(&endpoint.uuid).await?;
    let now = tollgate.clock().now_millis();
    let renewed = Endpoint {
        idempotency_key: draft::idempotency_key(),
        stripe_id: None,
        created_at: now,
        updated_at: now,
        ..endpoint.clone()
    };
    let row = renewed.clone();
    tollgate
        .db()
        .write(move |conn| {
            move_retirement(conn, &endpoint, now)?;
            rows::remove(conn, &row.uuid)?;
            rows::insert(conn, &row)
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
    AtStripe::new(client, endpoint.object).delete_made_for(&endpoint.uuid).await.map_err(Error::from)?;
    let (actor, now) = (actor.clone(), tollgate.clock().now_millis());
    tollgate
        .db()
        .write(move |conn| {
            withdraw(conn, &endpoint, now)?;
            audit::record(conn, &actor, "endpoint.discarded", &endpoint.uuid, "", now)
        })
        .await?;
    tollgate.intake_refresh().await?;
    Ok(())
}

async fn find_pending(tollgate: &Tollgate, uuid: &str) -> Result<Endpoint, Error> {
    let endpoint = find(tollgate, uuid).await?;
    match endpoint.status {
        Status::Pending => Ok(endpoint),
        status => Err(Error::Conflict(format!("the endpoint is {status}, not pending"))),
    }
}
