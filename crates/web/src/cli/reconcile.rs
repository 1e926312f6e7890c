//! `tollgate reconcile`

use clap::Args;

use super::events::since;
use super::{Failed, Outcome, output};
use crate::audit::Actor;
use crate::reconcile::Report;
use crate::{Tollgate, reconcile};

#[derive(Debug, Args)]
pub(super) struct Reconcile {
    /// Compare events since: 24h, 7d, or 2026-11-23T08:00:00Z; without it, since the last time. Stripe keeps 30 days
    #[arg(long)]
    since: Option<String>,
}

pub(super) async fn run(command: Reconcile, tollgate: &Tollgate, json: bool) -> Outcome {
    let now = tollgate.clock().now_millis();
    let since = command.since.as_deref().map(|text| {
        let at = since(text, now).map(|millis| millis.div_euclid(1000));
        at.ok_or_else(|| Failed::usage("--since must be like 90m, 24h, 7d or 2026-11-23T08:00:00Z"))
    });
    let reports = reconcile::run(tollgate, since.transpose()?, &Actor::cli(), move |report| {
        if !json {
            // On standard error, so that what is printed can be read by a program.
            eprintln!("{}: {} compared", name(report), report.compared);
        }
    })
    .await?;
    for report in &reports {
        if json {
            output::json(&serde_json::to_value(report).map_err(crate::Error::internal)?);
        } else {
            output::line(in_words(report));
        }
    }
    let failed = reports.iter().filter(|report| report.error.is_some()).count();
    if failed == 0 {
        Ok(())
    } else {
        Err(Failed::new(format!("{failed} of {} accounts could not be compared", reports.len())))
    }
}

fn name(report: &Report) -> String {
    let mode = if report.livemode { "live" } else { "test" };
    format!("{} ({mode})", report.account.as_deref().unwrap_or("the key's account"))
}

fn in_words(report: &Report) -> String {
    let (missing, late, compared) = (report.missing, report.late, report.compared);
    let mut text = format!("{}: {missing} missing, {late} late, of {compared} events", name(report));
    if missing > 0 {
        text += "; the missing ones are in the queue now";
    }
    match &report.error {
        Some(error) => format!("{text}; not finished: {error}"),
        None => text,
    }
}
