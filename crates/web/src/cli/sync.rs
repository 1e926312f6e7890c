//! `tollgate sync`

use std::collections::HashMap;

use clap::Args;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;
use tollgate_models::syncs::{Progress, Status};

use super::events::since;
use super::{Failed, Outcome, output};
use crate::audit::Actor;
use crate::sync::{self, Report, Request};
use crate::{Error, Tollgate};

#[derive(Debug, Args)]
pub(super) struct Sync {
    /// Stripe's names for types, for example customer invoice; all that can be listed without any
    #[arg(value_name = "TYPE")]
    types: Vec<String>,
    /// Only objects made since: 24h, 30d, or 2026-11-23T08:00:00Z. Types that Stripe lists without a time come whole
    #[arg(long)]
    since: Option<String>,
    /// Stop the backfill with this number instead; what it stored stays
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["types", "since"])]
    stop: Option<i64>,
}

pub(super) async fn run(command: Sync, tollgate: &Tollgate, json: bool) -> Outcome {
    if let Some(number) = command.stop {
        sync::stop(tollgate, number, &Actor::cli()).await?;
        let told =
            if json { json!({ "stopped": number }).to_string() } else { format!("backfill {number} is stopped") };
        output::line(told);
        return Ok(());
    }
    let now = tollgate.clock().now_millis();
    let since = command.since.as_deref().map(|text| {
        let at = since(text, now).map(|millis| millis.div_euclid(1000));
        at.ok_or_else(|| Failed::usage("--since must be like 24h, 30d or 2026-11-23T08:00:00Z"))
    });
    let request = Request { types: command.types, since: since.transpose()? };
    let id = sync::begin(tollgate, &request, &Actor::cli()).await?;
    if sync::is_worked_off(tollgate).await? {
        // On standard error, so that what is printed can be read by a program.
        eprintln!(
            "another process is at backfill {id}, or was until a moment ago; this one waits for its end or goes on"
        );
    }
    let mut bars = Bars::default();
    let report = sync::work_off(tollgate, id, move |report| bars.tell(report)).await?;
    print(&report, json)?;
    match report.sync.status {
        Status::Done => Ok(()),
        _ => {
            let problem = report.sync.last_error.map(|error| format!(": {error}")).unwrap_or_default();
            Err(Failed::new(format!("backfill {id} is {}{problem}", report.sync.status)))
        }
    }
}

fn print(report: &Report, json: bool) -> Outcome {
    if json {
        output::json(&serde_json::to_value(report).map_err(Error::internal)?);
        return Ok(());
    }
    let row = |of: &Progress| {
        let told = if of.refused > 0 { of.error.clone() } else { String::new() };
        vec![of.object.clone(), of.objects.to_string(), of.stored.to_string(), of.pages.to_string(), told]
    };
    let rows: Vec<Vec<String>> = report.types.iter().filter(|of| of.objects > 0 || of.refused > 0).map(row).collect();
    output::table(&["TYPE", "LISTED", "CHANGED HERE", "PAGES", "REFUSED"], &rows);
    output::line(format!("{} objects listed, {} of them were not here as they are", report.objects(), report.stored()));
    Ok(())
}

/// A bar for each type, on a terminal only.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    of_type: HashMap<String, ProgressBar>,
}

impl Bars {
    fn tell(&mut self, report: &Report) {
        for of in report.types.iter().filter(|of| of.objects > 0 || of.refused > 0) {
            let bar = self.of_type.entry(of.object.clone()).or_insert_with(|| self.all.add(bar(&of.object)));
            bar.set_length(of.windows.unsigned_abs());
            bar.set_position(of.ended.unsigned_abs());
            bar.set_message(format!("{} objects, {} pages", of.objects, of.pages));
            if of.ended == of.windows && !bar.is_finished() {
                bar.finish();
            }
        }
    }
}

fn bar(object: &str) -> ProgressBar {
    let bar = ProgressBar::new(1).with_prefix(object.to_owned());
    // Should the template be wrong, the bar looks as it does without one.
    match ProgressStyle::with_template("{prefix:32} {bar:20} {pos:>4}/{len} parts  {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
