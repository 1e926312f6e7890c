//! `tollgate prune`

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::{Failed, Outcome, output};
use crate::audit::Actor;
use crate::retention::{self, Counts, Request};
use crate::{Error, Tollgate};

/// Progress is told each time that so many rows more are gone.
const TELL_EVERY: usize = 10_000;

#[derive(Debug, Args)]
pub(super) struct Prune {
    /// Events and deliveries that were received longer ago than this go: for example 90d or 36h
    #[arg(long, value_name = "AGE", value_parser = retention::age, required_unless_present = "history_older_than")]
    older_than: Option<Duration>,
    /// What objects were like before goes if it was replaced longer ago than this; what they are like now stays
    #[arg(long, value_name = "AGE", value_parser = retention::age)]
    history_older_than: Option<Duration>,
    /// Delete only the bodies of events and keep the log
    #[arg(long, requires = "older_than")]
    payloads_only: bool,
    /// Delete failed and dead events too
    #[arg(long, requires = "older_than")]
    include_failed: bool,
    /// Delete nothing, only count
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(command: Prune, tollgate: &Tollgate, json: bool) -> Outcome {
    let Prune { older_than, history_older_than, payloads_only, include_failed, dry_run } = command;
    let request = Request { older_than, history_older_than, payloads_only, include_failed, dry_run };
    if older_than.is_some_and(|age| age < retention::LEAST_AGE) && !payloads_only && !dry_run {
        eprintln!("note: {}", retention::TOO_YOUNG);
    }
    let mut told = 0;
    let tell = |counts: &Counts| {
        if all(counts) >= told + TELL_EVERY {
            told = all(counts);
            eprintln!("{} so far", in_words(counts));
        }
    };
    let pruned = retention::prune(tollgate, &request, &Actor::cli(), tell).await;
    let counts = pruned.map_err(|error| interrupted(&error))?;
    if json {
        let mut printed = serde_json::to_value(counts).map_err(Error::internal)?;
        printed["dry_run"] = json!(dry_run);
        output::json(&printed);
    } else {
        output::line(format!("{}{}", if dry_run { "would delete " } else { "deleted " }, in_words(&counts)));
    }
    Ok(())
}

fn interrupted(error: &Error) -> Failed {
    Failed::new(format!("{error}; what was deleted before stays so: run the command again to go on"))
}

fn all(counts: &Counts) -> usize {
    counts.events + counts.payloads + counts.runs + counts.tasks + counts.deliveries + counts.versions
}

fn in_words(counts: &Counts) -> String {
    let Counts { events, payloads, runs, tasks, deliveries, versions } = counts;
    format!(
        "{events} events, {payloads} payloads, {runs} runs, {tasks} tasks, {deliveries} deliveries, \
         {versions} earlier contents of objects"
    )
}
