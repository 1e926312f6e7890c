//! The rotation of a secret by Stripe's API, which cannot roll one: a new endpoint beside the old one, which is deleted later.

use std::time::Duration;

use tollgate_models::endpoints::{self as rows, Endpoint, Status};
use tollgate_models::{AnyConnection, upgrades};
use url::Url;
use uuid::Uuid;

use super::at_stripe::AtStripe;
use super::creation::{conflict, finish_creation};
use super::overlap::millis;
use super::{
    EndpointError, Field, client_for, delete_as, draft, find, find_any, outcome, refresh, repair, upgrade, url_of,
};
use crate::audit::Actor;
use crate::{Error, Tollgate};

/// A rotation that is under way.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The endpoint that is retired at its `retire_at`.
    pub old: Endpoint,
    /// The endpoint that takes its place.
    pub new: Endpoint,
}

/// Makes an endpoint beside another, with the same settings, a URL and a secret of its own; after the overlap the other one is
/// deleted. If that is under way already, it is answered as it stands, and finished if Stripe's answer was lost.
///
/// # Errors
/// [`EndpointError::Refused`] changes nothing. [`EndpointError::Pending`] leaves the new endpoint to retry or clean up, and the old
/// one as it is until that is done. [`Error::Conflict`] when the endpoint is not enabled, or takes another's place itself.
pub async fn rotate(
    tollgate: &Tollgate,
    uuid: &str,
    overlap: Duration,
    actor: &Actor,
) -> Result<Rotation, EndpointError> {
    let old = find(tollgate, uuid).await?;
    look_after_successor(tollgate, uuid).await?;
    let (client, account) = client_for(tollgate, old.api_key_id, old.livemode)
        .await
        .map_err(|error| outcome::at_field(Field::Key, error))?;
    let new = match begin(tollgate, &old, account, overlap, actor).await? {
        Begun::Now(new) => finish_creation(tollgate, &AtStripe::new(client, new.object), *new, actor).await?,
        Begun::Before(new) if new.status == Status::Pending => repair::retry(tollgate, &new.uuid, actor).await?,
        Begun::Before(new) => *new,
    };
    let old = find_any(tollgate, uuid).await?.unwrap_or(old);
    Ok(Rotation { old, new })
}

/// One that was deleted at Stripe meanwhile takes nobody's place. If Stripe does not answer, it stands as it is known here.
async fn look_after_successor(tollgate: &Tollgate, uuid: &str) -> Result<(), Error> {
    let wanted = uuid.to_owned();
    let new = tollgate.db().read(move |conn| rows::successor(conn, &wanted)).await?;
    if let Some(new) = new.filter(|new| new.status != Status::Pending) {
        drop(refresh(tollgate, &new.uuid).await);
    }
    Ok(())
}

enum Begun {
    Now(Box<Endpoint>),
    Before(Box<Endpoint>),
}

async fn begin(
    tollgate: &Tollgate,
    old: &Endpoint,
    account: Option<String>,
    overlap: Duration,
    actor: &Actor,
) -> Result<Begun, Error> {
    let (uuid, actor, now) = (old.uuid.clone(), actor.clone(), tollgate.clock().now_millis());
    let begin = move |conn: &mut AnyConnection| -> Result<_, tollgate_models::Error> {
        rows::lock(conn, &uuid)?;
        if let Some(new) = rows::successor(conn, &uuid)? {
            return Ok(Ok(Begun::Before(Box::new(new))));
        }
        let Some(old) = rows::find(conn, &uuid)? else { return Ok(Err(gone(&uuid))) };
        if let Some(upgrade) = upgrades::open_of(conn, &uuid)? {
            return Ok(Err(Error::Conflict(upgrade::under_way(&upgrade))));
        }
        let before = old.replaces.as_deref().map(|before| rows::find(conn, before)).transpose()?.flatten();
        if let Err(error) = may_rotate(&old, before.as_ref()) {
            return Ok(Err(error));
        }
        let new = match beside(&old, account, &actor, now) {
            Ok(new) => Endpoint { replaces: Some(uuid.clone()), ..new },
            Err(error) => return Ok(Err(error)),
        };
        rows::insert(conn, &new)?;
        rows::set_retirement(conn, &uuid, Some(now.saturating_add(millis(overlap))), now)?;
        Ok(Ok(Begun::Now(Box::new(new))))
    };
    tollgate.db().write(begin).await?
}

pub(super) fn gone(uuid: &str) -> Error {
    Error::NotFound(format!("there is no endpoint {uuid:.36}"))
}

pub(super) fn may_rotate(old: &Endpoint, before: Option<&Endpoint>) -> Result<(), Error> {
    if old.status != Status::Enabled {
        return Err(Error::Conflict(format!(
            "the endpoint is {}: only the secret of an enabled one is rotated",
            old.status
        )));
    }
    match before {
        Some(before) if before.status != Status::Deleted => Err(Error::Conflict(format!(
            "the endpoint takes the place of {}, which is still there: retire that one first",
            before.uuid
        ))),
        _ => Ok(()),
    }
}

/// An endpoint with the same settings, to be made at Stripe.
pub(super) fn beside(old: &Endpoint, account: Option<String>, actor: &Actor, now: i64) -> Result<Endpoint, Error> {
    let uuid = Uuid::new_v4();
    let base = old.url.split_once("/stripe/webhooks/").map_or(old.url.as_str(), |(base, _)| base);
    let base = Url::parse(base).map_err(|_| Error::Conflict(format!("the URL {} is damaged", old.url)))?;
    Ok(Endpoint {
        uuid: uuid.to_string(),
        url: url_of(&base, uuid),
        stripe_id: None,
        account: account.or_else(|| old.account.clone()),
        status: Status::Pending,
        idempotency_key: draft::idempotency_key(),
        last_error: None,
        created_by: actor.name.clone(),
        created_at: now,
        updated_at: now,
        replaces: None,
        retire_at: None,
        ..old.clone()
    })
}

/// Deletes an endpoint whose place another has taken, before its time has come.
///
/// # Errors
/// [`Error::Conflict`] when no other endpoint takes its place, or that one is not enabled at Stripe and here.
pub async fn retire(tollgate: &Tollgate, uuid: &str, actor: &Actor) -> Result<(), EndpointError> {
    let old = find(tollgate, uuid).await?;
    let wanted = old.uuid.clone();
    let Some(new) = tollgate.db().read(move |conn| rows::successor(conn, &wanted)).await? else {
        return Err(conflict("no other endpoint takes the place of this one: rotate its secret first, or delete it"));
    };
    let new = refresh(tollgate, &new.uuid).await?;
    if new.status != Status::Enabled {
        return Err(conflict(format!(
            "the endpoint {} that takes the place of this one is {}, so that nothing would be taken",
            new.uuid, new.status
        )));
    }
    delete_as(tollgate, old, actor, "endpoint.retired").await
}
