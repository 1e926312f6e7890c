//! Retention: deleting what is old enough, in small transactions with pauses in between.

pub(crate) mod sweep;

use std::time::Duration;

use tollgate_models::retention::{Kind, Position};

use crate::audit::{self, Actor};
use crate::{Error, Tollgate};

pub use tollgate_models::retention::Counts;

use sweep::Step;

/// Stripe's own memory of an event, 30 days, and a day more for clocks: until then it may come again, by a resend or by
/// [`reconcile`](crate::reconcile).
pub const LEAST_AGE: Duration = Duration::from_secs(31 * 24 * 3600);

/// Why an age below [`LEAST_AGE`] is a risk.
pub(crate) const TOO_YOUNG: &str = "Stripe can send an event again, and `tollgate reconcile` fetch it, for 30 days: one \
     that was deleted here by then counts as new, and its handlers run again; keep events for 31d or longer";

/// What is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Events, or their bodies, and deliveries that were received longer ago than this; none of them without.
    pub older_than: Option<Duration>,
    /// What objects were like before, if that was replaced longer ago than this; nothing of it without.
    pub history_older_than: Option<Duration>,
    /// Only the bodies of events, while the log stays.
    pub payloads_only: bool,
    /// Also events that are failed or dead.
    pub include_failed: bool,
    /// Nothing is deleted, only counted.
    pub dry_run: bool,
}

impl Request {
    // The history last: it gets what deleted payloads say.
    fn kinds(&self) -> Vec<(Kind, Duration)> {
        let log: &[Kind] = if self.payloads_only { &[Kind::Payloads] } else { &[Kind::Events, Kind::Deliveries] };
        let log = self.older_than.into_iter().flat_map(|age| log.iter().map(move |kind| (*kind, age)));
        log.chain(self.history_older_than.map(|age| (Kind::History, age))).collect()
    }

    fn detail(&self) -> String {
        let hours = |age: Duration| age.as_secs() / 3600;
        let only = if self.payloads_only { ", payloads only" } else { "" };
        let failed = if self.include_failed { ", failed and dead events too" } else { "" };
        let log = self.older_than.map(|age| format!("older than {} h{only}{failed}", hours(age)));
        let history = self.history_older_than.map(|age| format!("history older than {} h", hours(age)));
        log.into_iter().chain(history).collect::<Vec<_>>().join("; ")
    }
}

/// Deletes what is old enough, beside running servers and others who do the same. `tell` is called after each step, with
/// what is done so far. Whoever is interrupted leaves nothing half done; the next call goes on.
///
/// # Errors
/// When the database fails.
pub async fn prune(
    tollgate: &Tollgate,
    request: &Request,
    actor: &Actor,
    mut tell: impl FnMut(&Counts),
) -> Result<Counts, Error> {
    if !request.dry_run {
        record(tollgate, request, actor).await?;
    }
    let mut counts = Counts::default();
    for (kind, older_than) in request.kinds() {
        let (mut position, mut more) = (Position::default(), true);
        while more {
            let (failed_too, keep_history) = (request.include_failed, tollgate.config().keep_history);
            let step = Step { kind, older_than, failed_too, keep_history, after: position };
            let (database, clock, dry) = (tollgate.db().blocking().clone(), tollgate.clock().clone(), request.dry_run);
            let taken =
                actix_web::web::block(
                    move || if dry { step.count(&database, &clock) } else { step.delete(&database, &clock) },
                );
            let taken = taken.await.map_err(Error::internal)??;
            counts += taken.counts;
            tell(&counts);
            (position, more) = (taken.end, taken.more);
            // On SQLite another process has no other way to its turn.
            tokio::time::sleep(taken.pause()).await;
        }
    }
    Ok(counts)
}

async fn record(tollgate: &Tollgate, request: &Request, actor: &Actor) -> Result<(), Error> {
    let (actor, detail, now) = (actor.clone(), request.detail(), tollgate.clock().now_millis());
    let recorded = tollgate.db().write(move |conn| {
        audit::record(conn, &actor, "log.pruned", "", &detail, now)?;
        Ok::<_, tollgate_models::Error>(())
    });
    recorded.await
}

/// Reads an age such as `90d`, `36h`, `15m` or `30s`.
///
/// # Errors
/// The text says what to write.
pub fn age(text: &str) -> Result<Duration, String> {
    let wrong = || "must be a whole number from 1 with a unit: write for example 90d or 36h".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let digits = &text[..text.len() - 1];
    let count: u64 =
        digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit())).ok_or_else(wrong)?;
    // A thousand years are for ever.
    count
        .checked_mul(seconds)
        .filter(|seconds| (1..=365_000 * 86_400).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_with_a_unit() {
        for (text, seconds) in [("90d", 90 * 86_400), ("36h", 36 * 3600), ("15m", 900), ("1s", 1)] {
            assert_eq!(age(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "90", "d", "0d", "-1d", "+1d", "1.5d", "1w", "90 d", "99999999999999999999d", "365001d", "9é", "é"]
        {
            assert!(age(text).is_err(), "{text}");
        }
    }
}
