//! What becomes of a rotation when its overlap is over: the old endpoint is deleted, unless the new one has not proved itself.

use tollgate_models::endpoints::{self as rows, Endpoint, Status};
use tollgate_models::{AnyConnection, Database, Error as DbError, Lane, deliveries};

use super::at_stripe::{AtStripe, Standing};
use crate::audit::Actor;
use crate::stripe_keys::StripeKeys;
use crate::{Clock, Error, Tollgate};

/// For how long a secret is kept that is taken no more, so that it can still be seen which one matched; in milliseconds.
pub(crate) const SECRET_KEPT: i64 = 7 * 24 * 3600 * 1000;

/// What became of the endpoints whose time had come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retired {
    /// How many were deleted, at Stripe and here.
    pub retired: usize,
    /// How many wait for something that their `last_error` tells.
    pub waiting: usize,
}

/// What is done about endpoints without anybody asking for it; it blocks, so it needs a thread of its own.
pub(crate) struct Background<'a> {
    pub(crate) database: &'a Database,
    pub(crate) clock: &'a Clock,
    pub(crate) stripe: &'a StripeKeys,
}

/// Deletes the endpoints whose overlap is over, as the workers do by themselves. For tests, and for applications that run
/// their own loop.
///
/// # Errors
/// When the database fails. A failure of Stripe's is told by the endpoint's `last_error`.
pub async fn retire_due(tollgate: &Tollgate) -> Result<Retired, Error> {
    let owned = tollgate.clone();
    let retired = actix_web::web::block(move || {
        let (database, clock, stripe) = (owned.db().blocking(), owned.clock(), owned.stripe_keys());
        let background = Background { database, clock, stripe };
        let removed = background.remove_ended_secrets();
        background.retire_due(|| Ok(true)).and_then(|retired| removed.map(|_| retired))
    });
    let retired = retired.await.map_err(Error::internal)??;
    tollgate.intake_refresh().await?;
    Ok(retired)
}

impl Background<'_> {
    /// Deletes the endpoints whose overlap is over, as long as `go_on` says so before each.
    pub(crate) fn retire_due(&self, mut go_on: impl FnMut() -> Result<bool, DbError>) -> Result<Retired, DbError> {
        let mut outcome = Retired::default();
        let now = self.clock.now_millis();
        for endpoint in self.database.read(|conn| rows::due_to_retire(conn, now))? {
            if !go_on()? {
                break;
            }
            match self.retire(&endpoint)? {
                None => outcome.retired += 1,
                Some(obstacle) => {
                    self.note(&endpoint, &obstacle)?;
                    outcome.waiting += 1;
                }
            }
        }
        Ok(outcome)
    }

    /// Removes secrets that ended some time ago; how many there were.
    pub(crate) fn remove_ended_secrets(&self) -> Result<usize, DbError> {
        let since = self.clock.now_millis() - SECRET_KEPT;
        let ended = self.database.read(|conn| rows::ended_secrets(conn, since))?;
        if ended.is_empty() {
            return Ok(0);
        }
        self.database.write(Lane::Ordinary, |conn| rows::remove_secrets(conn, &ended))
    }

    // What stands in the way, if something does.
    fn retire(&self, old: &Endpoint) -> Result<Option<String>, DbError> {
        if old.is_listening() {
            // Whoever listened ended without a word, and Stripe knows nothing of it.
            let removed = self.database.write(Lane::Ordinary, |conn| self.record_retirement(conn, &old.uuid));
            tracing::info!(endpoint = &old.uuid[..8], "an endpoint is removed: nobody listens there any more");
            return removed.map(|()| None);
        }
        let new = match self.database.read(|conn| proved(conn, old))? {
            Ok(new) => new,
            Err(obstacle) => return Ok(Some(obstacle)),
        };
        if let Err(obstacle) = self.delete_at_stripe(old, &new) {
            return Ok(Some(obstacle));
        }
        self.database.write(Lane::Ordinary, |conn| self.record_retirement(conn, &old.uuid))?;
        tracing::info!(
            endpoint = &old.uuid[..8],
            by = &new.uuid[..8],
            "an endpoint is retired: another took its place"
        );
        Ok(None)
    }

    fn record_retirement(&self, conn: &mut AnyConnection, uuid: &str) -> Result<(), DbError> {
        let (actor, now) = (Actor { name: "tollgate".to_owned(), ip: None }, self.clock.now_millis());
        rows::lock(conn, uuid)?;
        // As it is by now: somebody may have deleted it at the same time.
        match rows::find(conn, uuid)?.filter(|old| old.status != Status::Deleted) {
            Some(old) => Ok(super::record_deletion(conn, old, &actor, "endpoint.retired", now)?),
            None => Ok(()),
        }
    }

    fn delete_at_stripe(&self, old: &Endpoint, new: &Endpoint) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("waits to be retired: Stripe could not be asked: {error}"))?;
        let failed = |error: &dyn std::fmt::Display| format!("waits to be retired; it is tried again: {error}");
        let client = |endpoint| self.stripe.client_of(self.database, endpoint).map_err(|error| failed(&error));
        let (stripe_of_new, stripe_of_old) =
            (AtStripe::new(client(new)?, new.object), AtStripe::new(client(old)?, old.object));
        runtime.block_on(async {
            let id = new.stripe_id.as_deref().unwrap_or_default();
            match stripe_of_new.standing(id).await.map_err(|error| failed(&error))? {
                Standing::Enabled => {}
                Standing::Disabled => return Err(waits(new, "is disabled at Stripe: enable it")),
                Standing::Missing => return Err(waits(new, "was deleted at Stripe: rotate once more")),
            }
            match &old.stripe_id {
                Some(id) => stripe_of_old.delete(id).await.map_err(|error| failed(&error)),
                None => Ok(()),
            }
        })
    }

    fn note(&self, endpoint: &Endpoint, obstacle: &str) -> Result<(), DbError> {
        if endpoint.last_error.as_deref() == Some(obstacle) {
            return Ok(());
        }
        tracing::warn!(endpoint = &endpoint.uuid[..8], obstacle, "an endpoint is not retired yet");
        self.database.write(Lane::Ordinary, |conn| rows::note(conn, &endpoint.uuid, obstacle))
    }
}

fn waits(new: &Endpoint, why: &str) -> String {
    format!("waits to be retired: the endpoint {} that takes its place {why}", new.uuid)
}

/// The endpoint that took the place of this one, or why it cannot be trusted to have done so.
fn proved(conn: &mut AnyConnection, old: &Endpoint) -> Result<Result<Endpoint, String>, DbError> {
    let Some(new) = rows::successor(conn, &old.uuid)? else {
        return Ok(Err(
            "waits to be retired: the endpoint that was to take its place is gone: rotate once more".to_owned()
        ));
    };
    match new.status {
        Status::Enabled => {}
        Status::Pending => return Ok(Err(waits(&new, "is pending: retry it"))),
        status => return Ok(Err(waits(&new, &format!("is {status}: enable it")))),
    }
    // Its first secret came with Stripe's confirmation: from then on both were sent the same.
    let since = rows::secrets(conn, &new.uuid)?.last().map_or(new.created_at, |secret| secret.created_at);
    let took = |conn: &mut AnyConnection, uuid: &str| -> Result<bool, DbError> {
        Ok(deliveries::last_taken(conn, uuid)?.is_some_and(|at| at >= since))
    };
    if !took(conn, &new.uuid)? && took(conn, &old.uuid)? {
        let why =
            "has taken no delivery yet, while this one has: see that its URL can be reached, or retire this one now";
        return Ok(Err(waits(&new, why)));
    }
    Ok(Ok(new))
}
