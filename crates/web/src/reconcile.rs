//! Fetching events that never arrived: Stripe's own log is compared with ours, and what is missing is taken in.

pub mod schedule;
pub(crate) mod sources;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate_models::intake::EventRow;
use tollgate_models::{AnyConnection, Database, Lane, QueryResult, events, intake, settings};
use tollgate_stripe_client::{Envelope, EventFilter, catalogue};

use crate::audit::{self, Actor};
use crate::intake::fetched_row;
use crate::stripe_keys::StripeKeys;
use crate::{Clock, Error, Tollgate};
use sources::Source;

/// Stripe keeps events for 30 days. In seconds.
/// <https://docs.stripe.com/api/events>
const KEPT: i64 = 30 * 86_400;
/// Each sweep begins this long before the one before it ended, since Stripe may list an event late. In seconds.
const OVERLAP: i64 = 3600;
/// Events younger than this may still be on their way. In seconds.
const ON_ITS_WAY: i64 = 120;
/// An event that took longer to arrive is late. In milliseconds.
const LATE: i64 = 10 * 60 * 1000;
/// Missing events that a report names.
const NAMED: usize = 20;

/// What a sweep over one account's events found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The account; none if the key may not tell.
    pub account: Option<String>,
    /// Live or test mode.
    pub livemode: bool,
    /// Whether it is a connected account.
    pub connected: bool,
    /// The sweep began with events of this time, in unix seconds.
    pub from: i64,
    /// It ended with events of this time, in unix seconds.
    pub until: i64,
    /// Events that were compared.
    pub compared: u64,
    /// Events that were not here; they are now.
    pub missing: u64,
    /// Events that took more than ten minutes to arrive.
    pub late: u64,
    /// Some of the missing ones.
    pub ids: Vec<String>,
    /// Why the sweep could not be finished.
    pub error: Option<String>,
}

/// Compares Stripe's events with ours, for every account there is a key for, and takes in what is missing; `since` (unix
/// seconds) goes further back than the last sweep. `tell` is called after each page.
///
/// # Errors
/// [`Error::BadRequest`] without a key. What goes wrong with one account is in its report.
pub async fn run(
    tollgate: &Tollgate,
    since: Option<i64>,
    actor: &Actor,
    mut tell: impl FnMut(&Report) + Send + 'static,
) -> Result<Vec<Report>, Error> {
    let (database, clock) = (tollgate.db().blocking().clone(), tollgate.clock().clone());
    let sweeper = Sweeper { database, stripe: tollgate.stripe_keys().clone(), clock };
    let swept = actix_web::web::block(move || {
        sweeper.run(since, |report| {
            tell(report);
            Ok(())
        })
    });
    let swept = swept.await.map_err(Error::internal)??;
    if swept.is_empty() {
        return Err(Error::BadRequest(
            "there is no Stripe key: add one under Accounts and keys, or with `tollgate keys add`".to_owned(),
        ));
    }
    let missing: u64 = swept.iter().map(|report| report.missing).sum();
    let (actor, now, detail) = (actor.clone(), tollgate.clock().now_millis(), format!("{missing} were missing"));
    tollgate.db().write(move |conn| audit::record(conn, &actor, "events.reconciled", "events", &detail, now)).await?;
    tollgate.workers().announcement().ring();
    Ok(swept)
}

/// What the last sweeps found, by account and mode.
///
/// # Errors
/// When the database fails.
pub async fn last(tollgate: &Tollgate) -> Result<Vec<Report>, Error> {
    tollgate.db().read(last_of).await
}

fn last_of(conn: &mut AnyConnection) -> QueryResult<Vec<Report>> {
    Ok(settings::find(conn, LAST)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

const LAST: &str = "reconcile.last";

/// Sweeps over accounts, on a thread that may block.
pub(crate) struct Sweeper {
    pub(crate) database: Database,
    pub(crate) stripe: StripeKeys,
    pub(crate) clock: Clock,
}

impl Sweeper {
    /// Sweeps over every account there is a key for. What `tell` fails with ends the sweep of its account.
    pub(crate) fn run(
        &self,
        since: Option<i64>,
        mut tell: impl FnMut(&Report) -> Result<(), Error>,
    ) -> Result<Vec<Report>, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
        let sources = sources::all(&self.database, &self.stripe, self.clock.now_seconds())?;
        let mut reports = Vec::with_capacity(sources.len());
        for source in sources {
            let mut report = self.begin(&source, since)?;
            let swept = runtime.block_on(self.sweep(&source, &mut report, &mut tell));
            report.error = swept.err().map(|error| error.to_string());
            reports.push(report);
        }
        let text = serde_json::to_string(&reports).map_err(Error::internal)?;
        self.database.write(Lane::Ordinary, |conn| settings::set(conn, LAST, &text))?;
        Ok(reports)
    }

    fn begin(&self, source: &Source, since: Option<i64>) -> Result<Report, Error> {
        let now = self.clock.now_seconds();
        let cursor = self.database.read(|conn| settings::find(conn, &source.cursor()))?;
        let cursor = cursor.and_then(|text| text.parse::<i64>().ok());
        // Never into a time before Tollgate took part: handlers would run for what others have dealt with.
        let from = since.or(cursor.map(|at| at.saturating_sub(OVERLAP))).unwrap_or(source.began);
        Ok(Report {
            account: source.account.clone(),
            livemode: source.livemode,
            connected: source.connected,
            from: from.max(now - KEPT),
            until: now - ON_ITS_WAY,
            ..Report::default()
        })
    }

    async fn sweep(
        &self,
        source: &Source,
        report: &mut Report,
        tell: &mut impl FnMut(&Report) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if report.until < report.from {
            return Ok(());
        }
        let filter = EventFilter {
            created_gte: Some(report.from),
            created_lte: Some(report.until),
            types: source.types_to_ask(),
            ..EventFilter::default()
        };
        let mut pages = source.client.list_events(&filter)?;
        while let Some(page) = pages.next_page().await? {
            self.take_in(source, &page, report)?;
            tell(report)?;
        }
        let until = report.until.to_string();
        Ok(self.database.write(Lane::Ordinary, |conn| settings::set(conn, &source.cursor(), &until))?)
    }

    fn take_in(&self, source: &Source, page: &[Value], report: &mut Report) -> Result<(), Error> {
        let now = self.clock.now_millis();
        let bodies: Vec<String> = page.iter().map(Value::to_string).collect();
        let wanted: Vec<EventRow> = bodies
            .iter()
            .filter_map(|body| Envelope::parse(body.as_bytes()).ok().map(|envelope| (envelope, body)))
            .filter(|(envelope, _)| source.wants(&envelope.type_))
            .filter_map(|(envelope, body)| {
                fetched_row(&envelope, body, source.account.as_deref(), source.livemode, now)
            })
            .collect();
        let ids: Vec<&str> = wanted.iter().map(|row| row.id.as_str()).collect();
        let known: HashMap<String, i64> = self.database.read(|conn| events::received(conn, &ids))?;
        report.compared += wanted.len() as u64;
        report.late += wanted.iter().filter(|row| is_late(known.get(&row.id), row.created)).count() as u64;
        let missing: Vec<EventRow> = wanted.into_iter().filter(|row| !known.contains_key(&row.id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let taken = self.database.write(Lane::Ordinary, |conn| intake::store_fetched(conn, &missing))?;
        report.missing += taken.len() as u64;
        report.ids.extend(taken.into_iter().take(NAMED.saturating_sub(report.ids.len())));
        Ok(())
    }
}

fn is_late(received_at: Option<&i64>, created: i64) -> bool {
    received_at.is_some_and(|at| at.saturating_sub(created.saturating_mul(1000)) > LATE)
}

/// Whether any of the patterns covers a type; no pattern covers all.
fn covers(patterns: &[String], event_type: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| catalogue::matches(pattern, event_type))
}
