//! Upgrades of an endpoint to a newer API version: a second endpoint at Stripe, the shadow, gets the same events in that version.
//! They are compared, until the shadow takes the endpoint's place or is given up.

mod comparison;
mod difference;
mod ending;
mod finishing;
mod settling;
mod trial;

use tollgate_models::endpoints::{self as rows, Endpoint, Status, Validation};
use tollgate_models::upgrades::{self, NewUpgrade, Status as Stage, Upgrade};
use tollgate_models::{AnyConnection, QueryResult, deliveries};
use tollgate_stripe_client::catalogue;

use super::at_stripe::AtStripe;
use super::checks::check_version;
use super::creation::{conflict, finish_creation};
use super::rotation::{beside, gone};
use super::{EndpointError, Field, Kind, Refusal, client_for, find, outcome, refresh, repair};
use crate::audit::Actor;
use crate::{Error, Tollgate};

pub use comparison::{ColumnFinding, Comparison, HandlerFinding, TypeComparison, comparison, comparison_of};
pub use difference::{Change, Difference};
pub use ending::{abandon, swap};
pub use finishing::finish_due;
pub(crate) use finishing::is_interrupted;
pub use settling::settle_due;
pub(crate) use settling::{is_due, settle};
pub use trial::{Tried, try_handlers};

/// An upgrade with its two endpoints.
#[derive(Clone, Debug)]
pub struct Sides {
    /// How far it is.
    pub upgrade: Upgrade,
    /// The endpoint that is upgraded.
    pub live: Endpoint,
    /// The endpoint in the new version.
    pub shadow: Endpoint,
    /// Why they cannot be swapped now.
    pub obstacle: Option<String>,
}

/// The API versions that an endpoint can be upgraded to, newest first.
pub fn newer_versions(endpoint: &Endpoint) -> Vec<&'static str> {
    if Kind::of(endpoint).is_thin() {
        return Vec::new();
    }
    let present = endpoint.api_version.as_deref().unwrap_or_default();
    catalogue::API_VERSIONS.iter().copied().filter(|version| *version > present).collect()
}

/// Begins an upgrade of an enabled endpoint: makes its shadow at Stripe. If that is under way already to the same version, it
/// is answered as it stands, and finished if Stripe's answer was lost.
///
/// # Errors
/// [`EndpointError::Refused`] changes nothing. [`EndpointError::Pending`] leaves the shadow to retry or clean up.
/// [`Error::Conflict`] when the endpoint is not enabled, or takes part in a rotation or another upgrade.
pub async fn start(tollgate: &Tollgate, uuid: &str, version: &str, actor: &Actor) -> Result<Upgrade, EndpointError> {
    may_be_pinned_to(&find(tollgate, uuid).await?, version)?;
    let live = refresh(tollgate, uuid).await?;
    let (client, account) = client_for(tollgate, live.api_key_id, live.livemode)
        .await
        .map_err(|error| outcome::at_field(Field::Key, error))?;
    match begin(tollgate, &live, account, version, actor).await? {
        Begun::Now(shadow) => {
            finish_creation(tollgate, &AtStripe::new(client, shadow.object), *shadow, actor).await?;
        }
        Begun::Before(shadow) if shadow.status == Status::Pending => {
            repair::retry(tollgate, &shadow.uuid, actor).await?;
        }
        Begun::Before(_) => {}
    }
    Ok(open(tollgate, uuid).await?.upgrade)
}

fn may_be_pinned_to(live: &Endpoint, version: &str) -> Result<(), EndpointError> {
    let present = live.api_version.as_deref();
    let problem = if Kind::of(live).is_thin() {
        "thin events have no API version: there is nothing to upgrade".to_owned()
    } else if let Some(problem) = check_version(version) {
        problem
    } else if present == Some(version) {
        format!("the endpoint has the API version {version} already")
    } else if let Some(present) = present.filter(|present| *present > version) {
        format!("{version} is older than {present}, which the endpoint has: choose a newer one")
    } else {
        return Ok(());
    };
    Err(EndpointError::Refused(vec![Refusal { field: Some(Field::ApiVersion), message: problem }]))
}

enum Begun {
    Now(Box<Endpoint>),
    Before(Box<Endpoint>),
}

async fn begin(
    tollgate: &Tollgate,
    live: &Endpoint,
    account: Option<String>,
    version: &str,
    actor: &Actor,
) -> Result<Begun, Error> {
    let (uuid, version, actor) = (live.uuid.clone(), version.to_owned(), actor.clone());
    let now = tollgate.clock().now_millis();
    let begin = move |conn: &mut AnyConnection| -> Result<_, tollgate_models::Error> {
        rows::lock(conn, &uuid)?;
        let Some(live) = rows::find(conn, &uuid)? else { return Ok(Err(gone(&uuid))) };
        if let Some(open) = upgrades::open_of(conn, &uuid)? {
            let same = open.live_uuid == uuid && open.to_version == version;
            let shadow = rows::find(conn, &open.shadow_uuid)?.filter(|_| same);
            return Ok(match shadow {
                Some(shadow) => Ok(Begun::Before(Box::new(shadow))),
                None => Err(Error::Conflict(under_way(&open))),
            });
        }
        if let Some(problem) = obstacle_to_begin(conn, &live)? {
            return Ok(Err(Error::Conflict(problem)));
        }
        let shadow = match beside(&live, account, &actor, now) {
            Ok(shadow) => shadow,
            Err(error) => return Ok(Err(error)),
        };
        // Its secret comes from Stripe, so nothing else than a signature need be trusted.
        let validation = Validation::VerifySignature;
        let shadow = Endpoint { api_version: Some(version.clone()), validation, ..shadow };
        rows::insert(conn, &shadow)?;
        let upgrade = NewUpgrade {
            live_uuid: &live.uuid,
            shadow_uuid: &shadow.uuid,
            from_version: live.api_version.as_deref(),
            to_version: &version,
            status: Stage::Comparing,
            actor: &actor.name,
            created_at: now,
        };
        upgrades::insert(conn, &upgrade)?;
        Ok(Ok(Begun::Now(Box::new(shadow))))
    };
    tollgate.db().write(begin).await?
}

fn obstacle_to_begin(conn: &mut AnyConnection, live: &Endpoint) -> QueryResult<Option<String>> {
    if live.status != Status::Enabled {
        return Ok(Some(format!("the endpoint is {}: only an enabled one is upgraded", live.status)));
    }
    let before = live.replaces.as_deref().map(|before| rows::find(conn, before)).transpose()?.flatten();
    let rotating = before.is_some_and(|before| before.status != Status::Deleted);
    let rotating = rotating || rows::successor(conn, &live.uuid)?.is_some();
    Ok(rotating.then(|| "the endpoint's secret is being rotated: retire the old endpoint first".to_owned()))
}

/// What to say of an upgrade that must end before something else is done.
pub(super) fn under_way(upgrade: &Upgrade) -> String {
    let how = match upgrade.status {
        Stage::Swapping => "swap again to finish it",
        Stage::Abandoning => "abandon it again to finish that",
        _ => "swap it or abandon it first",
    };
    format!("an upgrade of this endpoint to {} is under way: {how}", upgrade.to_version)
}

/// Neither of the two is stopped behind an upgrade's back: events would be compared that nothing takes in.
pub(super) async fn refuse_if_under_way(tollgate: &Tollgate, uuid: &str) -> Result<(), EndpointError> {
    let wanted = uuid.to_owned();
    match tollgate.db().read(move |conn| upgrades::open_of(conn, &wanted)).await? {
        Some(upgrade) => Err(conflict(under_way(&upgrade))),
        None => Ok(()),
    }
}

/// The upgrade that is under way with an endpoint, as the one or the other.
///
/// # Errors
/// [`Error::NotFound`] when none is.
pub async fn open(tollgate: &Tollgate, uuid: &str) -> Result<Sides, Error> {
    let none = || Error::NotFound(format!("no upgrade of the endpoint {uuid:.36} is under way"));
    latest(tollgate, uuid).await?.filter(|sides| sides.upgrade.finished_at.is_none()).ok_or_else(none)
}

/// The newest upgrade that an endpoint had part in, ended or not.
///
/// # Errors
/// When the database fails.
pub async fn latest(tollgate: &Tollgate, uuid: &str) -> Result<Option<Sides>, Error> {
    let uuid = uuid.to_owned();
    tollgate.db().read(move |conn| latest_of(conn, &uuid)).await
}

fn latest_of(conn: &mut AnyConnection, uuid: &str) -> QueryResult<Option<Sides>> {
    let Some(upgrade) = upgrades::latest(conn, uuid)? else { return Ok(None) };
    let (live, shadow) = (rows::find(conn, &upgrade.live_uuid)?, rows::find(conn, &upgrade.shadow_uuid)?);
    let (Some(live), Some(shadow)) = (live, shadow) else { return Ok(None) };
    let obstacle = if upgrade.status == Stage::Comparing { obstacle(conn, &upgrade, &live, &shadow)? } else { None };
    Ok(Some(Sides { upgrade, live, shadow, obstacle }))
}

fn obstacle(
    conn: &mut AnyConnection,
    upgrade: &Upgrade,
    live: &Endpoint,
    shadow: &Endpoint,
) -> QueryResult<Option<String>> {
    let problem = match shadow.status {
        Status::Pending => Some("Stripe has not confirmed the shadow: retry it, or abandon the upgrade"),
        Status::Deleted => Some("the shadow was deleted at Stripe: abandon the upgrade, and begin it anew"),
        Status::Disabled => Some("the shadow is disabled at Stripe: enable it, or abandon the upgrade"),
        Status::Enabled => None,
    };
    if problem.is_some() {
        return Ok(problem.map(str::to_owned));
    }
    let sorted = |endpoint: &Endpoint| {
        let mut types = endpoint.event_types();
        types.sort();
        types
    };
    if live.status != Status::Deleted && sorted(live) != sorted(shadow) {
        return Ok(Some(
            "the two endpoints take different event types: give the shadow those of the live one".to_owned(),
        ));
    }
    let since = upgrade.begun_at.unwrap_or(upgrade.created_at);
    let took = |conn: &mut AnyConnection, uuid: &str| -> QueryResult<bool> {
        Ok(deliveries::last_taken(conn, uuid)?.is_some_and(|at| at >= since))
    };
    let silent = !took(conn, &shadow.uuid)? && took(conn, &live.uuid)?;
    Ok(silent.then(|| {
        "the shadow has taken no delivery yet, while the live endpoint has: see that its URL can be reached".to_owned()
    }))
}
