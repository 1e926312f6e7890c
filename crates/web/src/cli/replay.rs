//! `tollgate events replay …` and `tollgate replays …`

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tollgate_models::events::{self as rows, Filter, Status};
use tollgate_models::page::Cursor;
use tollgate_models::replays::{self, Replay};

use super::events::since;
use super::{Failed, Outcome, output};
use crate::audit::Actor;
use crate::{Tollgate, replay};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Only events that were received since: 24h, 7d, or 2026-11-23T08:00:00Z
    #[arg(long, conflicts_with = "id")]
    since: Option<String>,
    /// Run only this handler
    #[arg(long, value_name = "NAME")]
    handler: Option<String>,
    /// Why; it is kept with the replay
    #[arg(long, default_value = "")]
    reason: String,
    /// Change nothing: run everything, roll it back, and tell what it would do. Only handlers of this program run
    #[arg(long)]
    dry_run: bool,
    /// How many events a dry run tries at the most
    #[arg(long, default_value_t = 100, requires = "dry_run")]
    limit: i64,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// Stripe's id (evt_…)
    id: Option<String>,
    /// Every event that failed or is dead
    #[arg(long)]
    failed: bool,
    /// Every event of a type or family
    #[arg(long = "type", value_name = "TYPE")]
    type_: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Replays {
    /// List replays of many events, newest first
    List {
        /// How many
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Stop one; the events that it has put back stay in the queue
    Stop {
        /// Its number
        number: i64,
    },
}

pub(super) async fn run(arguments: Arguments, tollgate: &Tollgate, json: bool) -> Outcome {
    let filters = filters(&arguments, tollgate.clock().now_millis())?;
    if arguments.dry_run {
        return try_out(&arguments, filters, tollgate, json).await;
    }
    let request = replay::Request::by_cli(arguments.reason).only(arguments.handler);
    if let Some(id) = &arguments.which.id {
        replay::one(tollgate, id, &request).await?;
        return print_count(json, 1, 0);
    }
    let (mut replayed, mut skipped) = (0, 0);
    for filter in filters {
        let number = replay::matching(tollgate, &filter, &request).await?;
        let ended = replay::work_off(tollgate, number, |replay| tell(replay, json)).await?;
        if ended.status != replays::Status::Done {
            let problem = ended.last_error.map(|error| format!(": {error}")).unwrap_or_default();
            return Err(Failed::new(format!("replay {number} is {}{problem}", ended.status)));
        }
        replayed += ended.replayed;
        skipped += ended.skipped;
    }
    print_count(json, replayed, skipped)
}

fn filters(arguments: &Arguments, now: i64) -> Result<Vec<Filter>, Failed> {
    let since = arguments.since.as_deref().map(|text| {
        since(text, now).ok_or_else(|| Failed::usage("--since must be like 90m, 24h, 7d or 2026-11-23T08:00:00Z"))
    });
    let all = Filter { since: since.transpose()?, ..Filter::default() };
    Ok(match (&arguments.which.id, &arguments.which.type_) {
        (Some(id), _) => vec![Filter { id: Some(id.clone()), ..all }],
        (None, Some(type_)) => vec![Filter { type_: Some(type_.clone()), ..all }],
        (None, None) => {
            [Status::Failed, Status::Dead].map(|status| Filter { status: Some(status), ..all.clone() }).to_vec()
        }
    })
}

// On standard error, so that what is printed can be read by a program.
fn tell(replay: &Replay, json: bool) {
    if !json && replay.replayed + replay.skipped > 0 {
        eprintln!("{} of {} looked at, {} put back", replay.position, replay.last, replay.replayed);
    }
}

fn print_count(json: bool, replayed: i64, skipped: i64) -> Outcome {
    if json {
        output::json(&json!({ "replayed": replayed, "skipped": skipped }));
    } else {
        let left_out = match skipped {
            0 => String::new(),
            _ => format!(" ({skipped} left out: a worker has them, or their payload is no longer kept)"),
        };
        output::line(format!("put {replayed} events back into the queue{left_out}; a running server processes them"));
    }
    Ok(())
}

async fn try_out(arguments: &Arguments, filters: Vec<Filter>, tollgate: &Tollgate, json: bool) -> Outcome {
    if tollgate.handlers().entries().next().is_none() && !json {
        eprintln!("this program has no handlers: only what the mirror would do is told");
    }
    let mut ids = Vec::new();
    for filter in filters {
        let limit = arguments.limit;
        ids.extend(tollgate.db().read(move |conn| rows::ids(conn, &filter, 0, limit)).await?);
    }
    ids.truncate(usize::try_from(arguments.limit).unwrap_or_default());
    if let (Some(id), true) = (&arguments.which.id, ids.is_empty()) {
        return Err(Failed::new(format!("there is no event {id}")));
    }
    for (_, id) in ids {
        let told = replay::dry_run(tollgate, &id, arguments.handler.as_deref()).await?;
        let mut all = serde_json::to_value(&told).map_err(crate::Error::internal)?;
        all["id"] = json!(id);
        if !output::line_read(&if json { all.to_string() } else { in_words(&id, &told) }) {
            return Ok(());
        }
    }
    Ok(())
}

fn in_words(id: &str, told: &replay::DryRun) -> String {
    let mut text = format!("{id}: would be {}; mirror: {}", told.status, told.mirrored);
    for change in &told.fields {
        text += &format!("\n  {}: {} -> {}", change.field, change.before, change.after);
    }
    for run in &told.handlers {
        let error = run.error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
        text += &format!("\n  handler {} {}{error}", run.handler, run.outcome);
    }
    for table in &told.tables {
        let (inserted, updated, deleted) = (table.inserted, table.updated, table.deleted);
        text += &format!("\n  table {}: {inserted} inserted, {updated} updated, {deleted} deleted", table.table);
    }
    for task in &told.tasks {
        text += &format!("\n  task {} ({})", task.handler, task.idempotency_key);
    }
    text
}

pub(super) async fn manage(command: Replays, tollgate: &Tollgate, json: bool) -> Outcome {
    match command {
        Replays::List { limit } => {
            let page = tollgate.db().read(move |conn| replays::list(conn, Cursor::Newest, limit)).await?;
            for replay in page.rows {
                output::line(if json { as_json(&replay).to_string() } else { shown(&replay) });
            }
        }
        Replays::Stop { number } => {
            replay::stop(tollgate, number, &Actor::cli()).await?;
            output::line(if json {
                json!({ "stopped": number }).to_string()
            } else {
                format!("replay {number} is stopped")
            });
        }
    }
    Ok(())
}

fn shown(replay: &Replay) -> String {
    let (id, status, replayed) = (replay.id, replay.status, replay.replayed);
    format!("{id:>6}  {status:<8}  {replayed:>8} put back  by {}  {}  {}", replay.actor, replay.filter, replay.reason)
}

fn as_json(replay: &Replay) -> Value {
    json!({
        "number": replay.id, "status": replay.status, "actor": replay.actor, "reason": replay.reason,
        "filter": serde_json::from_str::<Value>(&replay.filter).unwrap_or_default(), "handler": replay.handler,
        "replayed": replay.replayed, "skipped": replay.skipped, "error": replay.last_error,
        "created_at": output::rfc3339(replay.created_at), "finished_at": replay.finished_at.map(output::rfc3339),
    })
}
