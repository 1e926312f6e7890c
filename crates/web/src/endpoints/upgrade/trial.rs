//! Trying the handlers on what came by the shadow: each in a transaction that is rolled back.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tollgate_models::runs::Outcome;
use tollgate_models::shadow_events::{self, ShadowEvent};
use tollgate_models::{Lane, QueryResult};

use super::open;
use crate::audit::{self, Actor};
use crate::endpoints::EndpointError;
use crate::replay::DryRun;
use crate::{Error, Tollgate};

/// Events of each type that the handlers are tried on.
const OF_EACH_TYPE: i64 = 3;
/// When no further event is begun: whoever asked for it waits.
const LONGEST: Duration = Duration::from_secs(15);

/// What the handlers did with one copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trial {
    pub(super) handlers: Vec<OfHandler>,
}

/// What one handler did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OfHandler {
    pub(super) handler: String,
    /// Why it failed, if it did.
    pub(super) error: Option<String>,
    /// It fails on the event in the present version too.
    pub(super) failed_before: bool,
}

/// What became of trying the handlers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// Events that they were tried on.
    pub events: usize,
    /// Those on which one failed that did not before.
    pub failed: usize,
    /// Events that were left, since the time was up: ask again.
    pub left: usize,
}

/// Runs every handler on the newest copies of each type it matches, and rolls everything back. What a handler does outside the
/// database is not undone. One that fails is tried on the event in the present version too. Those that run after the commit are not run.
///
/// # Errors
/// [`Error::NotFound`] when no upgrade is under way.
pub async fn try_handlers(tollgate: &Tollgate, uuid: &str, actor: &Actor) -> Result<Tried, EndpointError> {
    let sides = open(tollgate, uuid).await?;
    let (owned, actor, upgrade) = (tollgate.clone(), actor.clone(), sides.upgrade.clone());
    let tried = actix_web::web::block(move || -> Result<Tried, Error> {
        let tried = try_all(&owned, &upgrade.shadow_uuid, copies(&owned, &upgrade)?)?;
        let (now, detail) = (owned.clock().now_millis(), format!("on {} events", tried.events));
        let action = "endpoint.upgrade_tried";
        owned
            .db()
            .blocking()
            .write(Lane::Ordinary, |conn| audit::record(conn, &actor, action, &upgrade.live_uuid, &detail, now))?;
        Ok(tried)
    });
    Ok(tried.await.map_err(Error::internal)??)
}

// Those that were tried longest ago first, so that asking again goes on.
fn copies(tollgate: &Tollgate, upgrade: &tollgate_models::upgrades::Upgrade) -> Result<Vec<ShadowEvent>, Error> {
    let found = tollgate.db().blocking().read(|conn| -> QueryResult<_> {
        let mut copies = Vec::new();
        for tally in shadow_events::tallies(conn, upgrade)? {
            if !tollgate.handlers().matching(&tally.type_).is_empty() {
                copies.extend(shadow_events::newest(conn, &upgrade.shadow_uuid, &tally.type_, OF_EACH_TYPE)?);
            }
        }
        Ok(copies)
    });
    let mut copies = found?;
    copies.sort_by_key(|copy| copy.tried_at);
    Ok(copies)
}

fn try_all(tollgate: &Tollgate, shadow_uuid: &str, copies: Vec<ShadowEvent>) -> Result<Tried, Error> {
    let (started, mut tried) = (Instant::now(), Tried::default());
    let total = copies.len();
    for copy in copies {
        if started.elapsed() > LONGEST {
            break;
        }
        let trial = try_one(tollgate, &copy)?;
        tried.events += 1;
        tried.failed += usize::from(trial.handlers.iter().any(|one| one.error.is_some() && !one.failed_before));
        let (text, now) = (serde_json::to_string(&trial).map_err(Error::internal)?, tollgate.clock().now_millis());
        tollgate
            .db()
            .blocking()
            .write(Lane::Ordinary, |conn| shadow_events::record_trial(conn, copy.seq, &text, now))?;
    }
    tried.left = total - tried.events;
    tracing::info!(endpoint = &shadow_uuid[..8], events = tried.events, "handlers were tried on another API version");
    Ok(tried)
}

fn try_one(tollgate: &Tollgate, copy: &ShadowEvent) -> Result<Trial, Error> {
    let together = dry_run(tollgate, copy, None)?;
    let mut trial = Trial::default();
    for entry in tollgate.handlers().matching(&copy.type_) {
        // One that fails ends the run of all: those that come after it are tried alone.
        let error = match error_of(&together, &entry.name) {
            Some(error) => error,
            None => {
                let alone = dry_run(tollgate, copy, Some(entry.name.clone()))?;
                error_of(&alone, &entry.name).unwrap_or(alone.error)
            }
        };
        let failed_before = error.is_some() && fails_already(tollgate, copy, &entry.name)?;
        trial.handlers.push(OfHandler { handler: entry.name.clone(), error, failed_before });
    }
    Ok(trial)
}

// Whether it fails in the present version too, tried in the same way. What is not here, or not any more, tells nothing.
fn fails_already(tollgate: &Tollgate, copy: &ShadowEvent, handler: &str) -> Result<bool, Error> {
    match tollgate.workers().dry_run(&copy.event_id, Some(handler.to_owned())) {
        Ok(ran) => Ok(ran.is_some_and(|ran| error_of(&ran, handler).unwrap_or(ran.error).is_some())),
        Err(Error::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn dry_run(tollgate: &Tollgate, copy: &ShadowEvent, handler: Option<String>) -> Result<DryRun, Error> {
    let body = copy.body.clone().unwrap_or_default();
    let ran = tollgate.workers().dry_run_of(copy.event(), body, handler)?;
    ran.ok_or_else(|| Error::Conflict(format!("{} could not be tried", copy.event_id)))
}

// None if it did not run.
fn error_of(ran: &DryRun, handler: &str) -> Option<Option<String>> {
    let run = ran.handlers.iter().find(|run| run.handler == handler)?;
    let failed = !matches!(run.outcome, Outcome::Succeeded | Outcome::RolledBack);
    Some(failed.then(|| run.error.clone().unwrap_or_else(|| "it failed".to_owned())))
}
