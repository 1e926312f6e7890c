//! The two ends of an upgrade: the shadow takes the endpoint's place, or it is deleted. Each goes on where it stopped when asked again.

use tollgate_models::endpoints::{self as rows, Endpoint, Status};
use tollgate_models::upgrades::{self, Status as Stage, Upgrade};
use tollgate_models::{AnyConnection, QueryResult};
use tollgate_stripe_client::Error as StripeError;

use super::{Sides, latest, open, under_way};
use crate::audit::{self, Actor};
use crate::endpoints::at_stripe::{AtStripe, Standing};
use crate::endpoints::creation::conflict;
use crate::endpoints::{EndpointError, at_stripe, find_any, record_deletion, refresh, repair};
use crate::{Error, Tollgate};

/// Makes the shadow the live endpoint, then disables the old one, at Stripe and here. In between both take events, each of
/// which counts once.
///
/// # Errors
/// [`Error::Conflict`] when the shadow cannot take the place, or when it has, but Stripe did not disable the old one: asked
/// again, that alone is done.
pub async fn swap(tollgate: &Tollgate, uuid: &str, actor: &Actor) -> Result<Upgrade, EndpointError> {
    let mut sides = open(tollgate, uuid).await?;
    if sides.upgrade.status == Stage::Comparing {
        sides = as_at_stripe(tollgate, sides).await?;
        if let Some(obstacle) = &sides.obstacle {
            return Err(conflict(obstacle.clone()));
        }
        flip(tollgate, &sides.upgrade, actor).await?;
        // Whoever came first, the shadow is live now, or the upgrade is given up.
        sides = open(tollgate, uuid).await?;
    }
    if sides.upgrade.status != Stage::Swapping {
        return Err(conflict(under_way(&sides.upgrade)));
    }
    tollgate.intake_refresh().await?;
    disable_old(tollgate, &sides, actor).await
}

async fn as_at_stripe(tollgate: &Tollgate, sides: Sides) -> Result<Sides, EndpointError> {
    for endpoint in [&sides.live, &sides.shadow] {
        if endpoint.status != Status::Deleted {
            refresh(tollgate, &endpoint.uuid).await?;
        }
    }
    Ok(open(tollgate, &sides.shadow.uuid).await?)
}

async fn flip(tollgate: &Tollgate, upgrade: &Upgrade, actor: &Actor) -> Result<(), Error> {
    let (upgrade, actor, now) = (upgrade.clone(), actor.clone(), tollgate.clock().now_millis());
    tollgate
        .db()
        .write(move |conn| -> QueryResult<()> {
            rows::lock(conn, &upgrade.live_uuid)?;
            rows::lock(conn, &upgrade.shadow_uuid)?;
            let (live, new) = (rows::find(conn, &upgrade.live_uuid)?, rows::find(conn, &upgrade.shadow_uuid)?);
            let (Some(live), Some(new)) = (live, new) else { return Ok(()) };
            if !upgrades::begin_swap(conn, upgrade.id, now)? {
                return Ok(());
            }
            // What Stripe knows nothing of may have been changed since; the time tells other processes to look.
            let new = Endpoint {
                inline_events: live.inline_events,
                tolerance_seconds: live.tolerance_seconds,
                updated_at: now.max(new.updated_at + 1),
                last_error: None,
                ..new
            };
            rows::update(conn, &new)?;
            let detail = format!("{} takes its place, in {}", new.uuid, upgrade.to_version);
            audit::record(conn, &actor, "endpoint.upgraded", &upgrade.live_uuid, &detail, now)
        })
        .await
}

async fn disable_old(tollgate: &Tollgate, sides: &Sides, actor: &Actor) -> Result<Upgrade, EndpointError> {
    let old = find_any(tollgate, &sides.live.uuid).await?.unwrap_or_else(|| sides.live.clone());
    let status = match old.status {
        Status::Deleted => Status::Deleted,
        _ => match disable(tollgate, &old, &sides.shadow).await {
            Ok(status) => status,
            Err(problem) => {
                let text = format!("the new endpoint is live, but the old one could not be disabled: {problem}");
                note(tollgate, sides.upgrade.id, &text).await?;
                return Err(conflict(format!("{text}; swap again to finish")));
            }
        },
    };
    let (id, actor, now) = (sides.upgrade.id, actor.clone(), tollgate.clock().now_millis());
    let ended = move |conn: &mut AnyConnection| record_swap(conn, id, old, status, &actor, now);
    let upgrade = tollgate.db().write(ended).await?;
    tollgate.intake_refresh().await?;
    Ok(upgrade.unwrap_or_else(|| sides.upgrade.clone()))
}

/// Ends a swap whose old endpoint has this status at Stripe by now.
pub(super) fn record_swap(
    conn: &mut AnyConnection,
    id: i64,
    old: Endpoint,
    status: Status,
    actor: &Actor,
    now: i64,
) -> QueryResult<Option<Upgrade>> {
    if upgrades::finish(conn, id, Stage::Swapping, Stage::Swapped, now)? && old.status != Status::Deleted {
        let deleted_at = (status == Status::Deleted).then_some(now);
        let old = Endpoint { status, deleted_at, updated_at: now.max(old.updated_at + 1), last_error: None, ..old };
        rows::update(conn, &old)?;
        audit::record(conn, actor, "endpoint.disabled", &old.uuid, &old.description, now)?;
    }
    upgrades::find(conn, id)
}

async fn disable(tollgate: &Tollgate, old: &Endpoint, new: &Endpoint) -> Result<Status, String> {
    let (stripe, id) = at_stripe(tollgate, new).await.map_err(|error| error.to_string())?;
    stands(&stripe, &id).await?;
    let (stripe, id) = at_stripe(tollgate, old).await.map_err(|error| error.to_string())?;
    disable_at(&stripe, &id).await
}

/// Whether the endpoint that takes the place is there to take events: otherwise nothing would.
pub(super) async fn stands(stripe: &AtStripe, id: &str) -> Result<(), String> {
    match stripe.standing(id).await.map_err(|error| error.to_string())? {
        Standing::Enabled => Ok(()),
        Standing::Disabled => Err(format!("the new endpoint {id} is disabled at Stripe: enable it there first")),
        Standing::Missing => {
            Err(format!("the new endpoint {id} was deleted at Stripe: the old one goes on; delete the new one here"))
        }
    }
}

/// What an endpoint is at Stripe after it was disabled there.
pub(super) async fn disable_at(stripe: &AtStripe, id: &str) -> Result<Status, String> {
    match stripe.set_enabled(id, false).await {
        Ok(()) => Ok(Status::Disabled),
        Err(StripeError::Api(error)) if error.is_missing() => Ok(Status::Deleted),
        Err(error) => Err(error.to_string()),
    }
}

/// Deletes the shadow, at Stripe and here; the endpoint stays as it is.
///
/// # Errors
/// [`Error::Conflict`] when the shadow is live already, or Stripe did not delete it: asked again, it is tried again.
pub async fn abandon(tollgate: &Tollgate, uuid: &str, actor: &Actor) -> Result<(), EndpointError> {
    let sides = open(tollgate, uuid).await?;
    if sides.shadow.status == Status::Pending {
        return repair::discard(tollgate, &sides.shadow.uuid, actor).await;
    }
    let id = sides.upgrade.id;
    if !tollgate.db().write(move |conn| upgrades::begin_abandoning(conn, id)).await? {
        let now = latest(tollgate, uuid).await?.map_or(sides.upgrade, |sides| sides.upgrade);
        return Err(conflict(format!("the shadow is live already, or gone: the upgrade is {}", now.status)));
    }
    if sides.shadow.status != Status::Deleted
        && let Err(problem) = delete(tollgate, &sides.shadow).await
    {
        let text = format!("the shadow could not be deleted: {problem}");
        note(tollgate, id, &text).await?;
        return Err(conflict(format!("{text}; abandon the upgrade again to finish")));
    }
    let (actor, now) = (actor.clone(), tollgate.clock().now_millis());
    let ended = move |conn: &mut AnyConnection| -> QueryResult<()> {
        if !upgrades::finish(conn, id, Stage::Abandoning, Stage::Abandoned, now)? {
            return Ok(());
        }
        if let Some(shadow) = rows::find(conn, &sides.shadow.uuid)?.filter(|row| row.status != Status::Deleted) {
            record_deletion(conn, shadow, &actor, "endpoint.deleted", now)?;
        }
        let detail = format!("{} is not tried any more", sides.upgrade.to_version);
        audit::record(conn, &actor, "endpoint.upgrade_abandoned", &sides.live.uuid, &detail, now)
    };
    tollgate.db().write(ended).await?;
    tollgate.intake_refresh().await?;
    Ok(())
}

async fn delete(tollgate: &Tollgate, shadow: &Endpoint) -> Result<(), String> {
    let (stripe, id) = at_stripe(tollgate, shadow).await.map_err(|error| error.to_string())?;
    stripe.delete(&id).await.map_err(|error| error.to_string())
}

async fn note(tollgate: &Tollgate, id: i64, problem: &str) -> Result<(), Error> {
    let problem = problem.to_owned();
    tollgate.db().write(move |conn| upgrades::note(conn, id, Some(&problem))).await
}
