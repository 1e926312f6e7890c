//! Swaps that were interrupted, later: the old endpoint is disabled, if Stripe answers by then.

use tollgate_models::endpoints::{self as rows, Endpoint, Status};
use tollgate_models::upgrades::{self, Status as Stage, Upgrade};
use tollgate_models::{AnyConnection, Error as DbError, Lane, QueryResult};

use super::ending::{disable_at, record_swap, stands};
use crate::audit::Actor;
use crate::endpoints::Background;
use crate::endpoints::at_stripe::AtStripe;
use crate::{Error, Tollgate};

/// Whoever began a swap has this long to finish it, in milliseconds.
const THEIR_TIME: i64 = 60_000;

/// Finishes swaps that were interrupted a minute ago or longer, as the workers do by themselves; how many still wait. For tests,
/// and for applications that run their own loop.
///
/// # Errors
/// When the database fails. A failure of Stripe's is told by the upgrade's `last_error`.
pub async fn finish_due(tollgate: &Tollgate) -> Result<usize, Error> {
    let owned = tollgate.clone();
    let finished = actix_web::web::block(move || {
        let (database, clock, stripe) = (owned.db().blocking(), owned.clock(), owned.stripe_keys());
        Background { database, clock, stripe }.finish_swaps(|| Ok(true))
    });
    let waiting = finished.await.map_err(Error::internal)??;
    tollgate.intake_refresh().await?;
    Ok(waiting)
}

/// Whether a swap is to be finished.
pub(crate) fn is_interrupted(conn: &mut AnyConnection, now: i64) -> QueryResult<bool> {
    Ok(!interrupted(conn, now)?.is_empty())
}

fn interrupted(conn: &mut AnyConnection, now: i64) -> QueryResult<Vec<Upgrade>> {
    let mut open = upgrades::open(conn)?;
    open.retain(|one| one.status == Stage::Swapping && one.swapped_at.is_some_and(|at| at <= now - THEIR_TIME));
    Ok(open)
}

impl Background<'_> {
    /// Finishes swaps that were interrupted, as long as `go_on` says so before each; how many still wait.
    pub(crate) fn finish_swaps(&self, mut go_on: impl FnMut() -> Result<bool, DbError>) -> Result<usize, DbError> {
        let (mut waiting, now) = (0, self.clock.now_millis());
        for upgrade in self.database.read(|conn| interrupted(conn, now))? {
            if !go_on()? {
                break;
            }
            let (old, new) = self.database.read(|conn| -> Result<_, DbError> {
                Ok((rows::find(conn, &upgrade.live_uuid)?, rows::find(conn, &upgrade.shadow_uuid)?))
            })?;
            let (Some(old), Some(new)) = (old, new) else { continue };
            let actor = Actor { name: "tollgate".to_owned(), ip: None };
            match self.disable(&old, &new) {
                Ok(status) => {
                    let end = |conn: &mut AnyConnection| record_swap(conn, upgrade.id, old, status, &actor, now);
                    self.database.write(Lane::Ordinary, end)?;
                    tracing::info!(endpoint = &upgrade.live_uuid[..8], "an interrupted swap is finished");
                }
                Err(problem) => {
                    let text = format!("the old endpoint could not be disabled yet; it is tried again: {problem}");
                    self.database.write(Lane::Ordinary, |conn| upgrades::note(conn, upgrade.id, Some(&text)))?;
                    waiting += 1;
                }
            }
        }
        Ok(waiting)
    }

    fn disable(&self, old: &Endpoint, new: &Endpoint) -> Result<Status, String> {
        let Some(id) = old.stripe_id.as_deref().filter(|_| old.status != Status::Deleted) else {
            return Ok(Status::Deleted);
        };
        let client = |endpoint| self.stripe.client_of(self.database, endpoint).map_err(|error| error.to_string());
        let (of_old, of_new) = (AtStripe::new(client(old)?, old.object), AtStripe::new(client(new)?, new.object));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("Stripe could not be asked: {error}"))?;
        runtime.block_on(async {
            stands(&of_new, new.stripe_id.as_deref().unwrap_or_default()).await?;
            disable_at(&of_old, id).await
        })
    }
}
