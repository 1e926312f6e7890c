//! Backfills: every object that Stripe lists, page by page into the mirror, beside live webhooks and after any interruption.

mod plan;
mod runner;
mod windows;

use std::time::Duration;

use tollgate_models::syncs::{self, Progress, Status, Sync};
use tollgate_models::{AnyConnection, Database, QueryResult, leases};

use crate::audit::{self, Actor};
use crate::{Error, Tollgate};

pub use plan::types;
pub(crate) use runner::Runner;

/// What to backfill.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Only these types; all that can be listed without any.
    pub types: Vec<String>,
    /// Only objects that were made from this time on, in unix seconds. Types that Stripe lists without a time come whole.
    pub since: Option<i64>,
}

/// A backfill and how far each of its types is.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    /// The backfill.
    #[serde(flatten)]
    pub sync: Sync,
    /// How far each type is.
    pub types: Vec<Progress>,
}

impl Report {
    /// Objects that were listed.
    pub fn objects(&self) -> i64 {
        self.types.iter().map(|of| of.objects).sum()
    }

    /// Those of them that were not here as they are.
    pub fn stored(&self) -> i64 {
        self.types.iter().map(|of| of.stored).sum()
    }
}

/// Begins a backfill that whoever processes events works off; its number. One that is under way is answered instead if it is
/// for the same.
///
/// # Errors
/// [`Error::BadRequest`] for a type that cannot be listed; [`Error::Conflict`] while another one is under way.
pub async fn begin(tollgate: &Tollgate, request: &Request, actor: &Actor) -> Result<i64, Error> {
    plan::check(&request.types)?;
    let (request, actor, now) = (request.clone(), actor.clone(), tollgate.clock().now_millis());
    let begun = tollgate.db().write(move |conn| -> QueryResult<Result<i64, i64>> {
        if let Some(running) = syncs::next_running(conn)? {
            let same = running.types() == request.types && running.since == request.since;
            return Ok(if same { Ok(running.id) } else { Err(running.id) });
        }
        let id = syncs::insert(conn, &actor.name, &request.types, request.since, now)?;
        audit::record(conn, &actor, "sync.begun", &subject(id), &request.types.join(", "), now)?;
        Ok(Ok(id))
    });
    let id = begun.await?.map_err(|running| {
        Error::Conflict(format!("backfill {running} is under way: wait for its end, or stop it first"))
    })?;
    tollgate.workers().new_sync();
    Ok(id)
}

/// Stops a backfill; what it stored stays.
///
/// # Errors
/// [`Error::Conflict`] if it is not under way.
pub async fn stop(tollgate: &Tollgate, id: i64, actor: &Actor) -> Result<(), Error> {
    let (actor, now) = (actor.clone(), tollgate.clock().now_millis());
    let stopped = tollgate.db().write(move |conn| -> QueryResult<bool> {
        let stopped = syncs::finish(conn, id, Status::Stopped, None, now)?;
        if stopped {
            audit::record(conn, &actor, "sync.stopped", &subject(id), "", now)?;
        }
        Ok(stopped)
    });
    if stopped.await? { Ok(()) } else { Err(Error::Conflict(format!("backfill {id} is not under way"))) }
}

/// How far a backfill is.
///
/// # Errors
/// [`Error::NotFound`] if there is none with this number.
pub async fn find(tollgate: &Tollgate, id: i64) -> Result<Report, Error> {
    let found = tollgate.db().read(move |conn| report(conn, id)).await?;
    found.ok_or_else(|| Error::NotFound(format!("there is no backfill {id}")))
}

/// Whether a process is at a backfill.
///
/// # Errors
/// When the database fails.
pub async fn is_worked_off(tollgate: &Tollgate) -> Result<bool, Error> {
    let now = tollgate.clock().now_millis();
    tollgate.db().read(move |conn| leases::is_held(conn, runner::LEASE, now)).await
}

/// Works a backfill off in this process, unless another one does, and waits for its end. `tell` is called a few times a second.
///
/// # Errors
/// When the database fails, or Stripe for so long that it is left for later.
pub async fn work_off(
    tollgate: &Tollgate,
    id: i64,
    mut tell: impl FnMut(&Report) + Send + 'static,
) -> Result<Report, Error> {
    let runner = Runner {
        database: tollgate.db().blocking().clone(),
        stripe: tollgate.stripe_keys().clone(),
        clock: tollgate.clock().clone(),
    };
    let worked = actix_web::web::block(move || {
        loop {
            let ended = runner.run(id, || true, |report| tell(report))?;
            match report_of(&runner.database, id)? {
                Some(report) if ended || report.sync.status != Status::Running => return Ok(report),
                Some(report) => tell(&report),
                None => return Err(Error::NotFound(format!("there is no backfill {id}"))),
            }
            // Another process is at it.
            std::thread::sleep(Duration::from_millis(500));
        }
    });
    worked.await.map_err(Error::internal)?
}

fn subject(id: i64) -> String {
    format!("sync {id}")
}

fn report(conn: &mut AnyConnection, id: i64) -> QueryResult<Option<Report>> {
    let Some(sync) = syncs::find(conn, id)? else { return Ok(None) };
    Ok(Some(Report { sync, types: syncs::progress(conn, id)? }))
}

fn report_of(database: &Database, id: i64) -> Result<Option<Report>, Error> {
    Ok(database.read(|conn| report(conn, id))?)
}
