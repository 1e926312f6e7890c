//! Endpoints that stand for a `tollgate listen`: Stripe's CLI delivers to them, and they end with it.

use secrecy::SecretString;
use tollgate_models::endpoints::{self as rows, Endpoint, Status};
use tollgate_stripe_client::WebhookSecret;

use super::{Draft, EndpointError, client_for, find, record_deletion, seal};
use crate::audit::{self, Actor};
use crate::{Error, Tollgate};

/// How long a listening endpoint lasts after [`go_on_listening`] was last called, in milliseconds.
pub const LISTENING_LASTS: i64 = 5 * 60 * 1000;

/// Makes an endpoint that exists here alone, with the secret that Stripe's CLI signs with. It is removed by
/// [`stop_listening`], or by the workers some time after [`go_on_listening`] was last called.
///
/// # Errors
/// [`EndpointError::Refused`] names every field that is wrong.
pub async fn listen(
    tollgate: &Tollgate,
    draft: Draft,
    secret: &WebhookSecret,
    actor: &Actor,
) -> Result<Endpoint, EndpointError> {
    draft.check_listening().map_err(EndpointError::Refused)?;
    let (_, account) = client_for(tollgate, draft.api_key_id, draft.livemode).await?;
    let now = tollgate.clock().now_millis();
    let row = draft.into_row(account, actor, now);
    let row = Endpoint { status: Status::Enabled, api_version: None, retire_at: Some(now + LISTENING_LASTS), ..row };
    let sealed = seal(tollgate, &row.uuid, &SecretString::from(secret.expose()))?;
    let (endpoint, actor) = (row.clone(), actor.clone());
    tollgate
        .db()
        .write(move |conn| {
            rows::insert(conn, &row)?;
            rows::insert_secret(conn, &row.uuid, &sealed, now)?;
            audit::record(conn, &actor, "endpoint.listening", &row.uuid, &row.description, now)
        })
        .await?;
    tollgate.intake_refresh().await?;
    Ok(endpoint)
}

/// Lets a listening endpoint last for another while.
///
/// # Errors
/// When the database fails.
pub async fn go_on_listening(tollgate: &Tollgate, uuid: &str) -> Result<(), Error> {
    let (uuid, now) = (uuid.to_owned(), tollgate.clock().now_millis());
    tollgate.db().write(move |conn| rows::set_retirement(conn, &uuid, Some(now + LISTENING_LASTS), now)).await
}

/// Removes a listening endpoint; its deliveries and events stay in the log.
///
/// # Errors
/// [`Error::NotFound`] when it is gone already.
pub async fn stop_listening(tollgate: &Tollgate, uuid: &str, actor: &Actor) -> Result<(), Error> {
    let endpoint = find(tollgate, uuid).await?;
    let (actor, now) = (actor.clone(), tollgate.clock().now_millis());
    tollgate.db().write(move |conn| record_deletion(conn, endpoint, &actor, "endpoint.deleted", now)).await?;
    tollgate.intake_refresh().await
}
