//! A replay that changes nothing: everything is run in a transaction that is rolled back, and told.

use serde::Serialize;
use serde_json::Value;
use tollgate_models::db::TableChanges;
use tollgate_models::runs::Outcome;

use crate::{Error, Tollgate};

/// What a replay would do.
#[derive(Clone, Debug, Serialize)]
pub struct DryRun {
    /// The status that the event would have.
    pub status: String,
    /// Why it would fail.
    pub error: Option<String>,
    /// What the mirror would do: `stored`, `superseded` or `nothing`.
    pub mirrored: &'static str,
    /// The fields of the mirrored object that would change.
    pub fields: Vec<FieldChange>,
    /// The handlers that were run, in their order.
    pub handlers: Vec<HandlerRun>,
    /// The rows that would change, by table; without Tollgate's own records of the attempt.
    pub tables: Vec<TableChanges>,
    /// The tasks that would follow.
    pub tasks: Vec<FollowingTask>,
}

/// A field of the mirrored object, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Its name.
    pub field: String,
    /// What the mirror has.
    pub before: Value,
    /// What it would have.
    pub after: Value,
}

/// One handler's run.
#[derive(Clone, Debug, Serialize)]
pub struct HandlerRun {
    /// Its name.
    pub handler: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed.
    pub error: Option<String>,
    /// In microseconds.
    pub duration_us: i64,
}

/// A task that would follow.
#[derive(Clone, Debug, Serialize)]
pub struct FollowingTask {
    /// The handler that would run it.
    pub handler: String,
    /// Its key.
    pub idempotency_key: String,
}

/// Runs an event's handlers, or one of them, and rolls everything back. What a handler does outside the database is not
/// undone. A thin event's object is fetched from Stripe.
///
/// # Errors
/// [`Error::NotFound`] when there is no such event, [`Error::Conflict`] when its payload is no longer kept.
pub async fn dry_run(tollgate: &Tollgate, event_id: &str, handler: Option<&str>) -> Result<DryRun, Error> {
    let (inner, id, handler) = (tollgate.clone(), event_id.to_owned(), handler.map(str::to_owned));
    let ran = actix_web::web::block(move || inner.workers().dry_run(&id, handler)).await.map_err(Error::internal)??;
    ran.ok_or_else(|| Error::NotFound(format!("there is no event {event_id:.255}")))
}
