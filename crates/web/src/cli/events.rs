//! `tollgate events …`

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tollgate_models::events::{self as rows, Event, Filter, Status};
use tollgate_models::page::Cursor;
use tollgate_models::{deliveries, runs, tasks};

use super::{Failed, Outcome, output};
use crate::Tollgate;

/// Rows fetched at a time when all are listed.
const CHUNK: usize = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Events {
    /// List events, newest first
    List(List),
    /// Show one event with its payload, deliveries and runs
    Show {
        /// Stripe's id (evt_…)
        id: String,
    },
    /// Put events back into the queue, so that their handlers run again
    Replay(super::replay::Arguments),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// pending, processing, processed, failed, dead or ignored
    #[arg(long)]
    status: Option<String>,
    /// An event type, or a family such as `invoice`
    #[arg(long = "type", value_name = "TYPE")]
    type_: Option<String>,
    /// Received since: 24h, 7d, or 2026-11-23T08:00:00Z
    #[arg(long)]
    since: Option<String>,
    /// How many; 0 lists all
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

pub(super) async fn run(command: Events, tollgate: &Tollgate, json: bool) -> Outcome {
    match command {
        Events::List(list) => print_list(list, tollgate, json).await,
        Events::Show { id } => show(&id, tollgate, json).await,
        Events::Replay(arguments) => super::replay::run(arguments, tollgate, json).await,
    }
}

async fn print_list(list: List, tollgate: &Tollgate, json: bool) -> Outcome {
    let filter = filter(&list, tollgate.clock().now_millis())?;
    let mut left = if list.limit == 0 { usize::MAX } else { list.limit };
    let mut cursor = Cursor::Newest;
    if !json {
        output::line(format!("{:<10}  {:<44}  {:<32}  RECEIVED", "STATUS", "TYPE", "ID"));
    }
    while left > 0 {
        let (filter, limit) = (filter.clone(), left.min(CHUNK));
        let page = tollgate.db().read(move |conn| rows::list(conn, &filter, cursor, limit)).await?;
        for event in &page.rows {
            if !output::line_read(&shown(event, json)) {
                return Ok(());
            }
        }
        left -= page.rows.len();
        match page.older {
            Some(older) => cursor = older,
            None => break,
        }
    }
    Ok(())
}

fn shown(event: &Event, json: bool) -> String {
    if json {
        return as_json(event).to_string();
    }
    let received = output::time(event.received_at);
    format!("{:<10}  {:<44}  {:<32}  {received}", event.status.as_str(), event.type_, event.id)
}

fn as_json(event: &Event) -> Value {
    json!({
        "id": event.id, "type": event.type_, "status": event.status, "endpoint": event.endpoint_uuid,
        "received_at": output::rfc3339(event.received_at), "created": event.created, "livemode": event.livemode,
        "account": event.account, "api_version": event.api_version, "object": event.object_type,
        "object_id": event.object_id, "attempts": event.attempts, "superseded": event.superseded, "tie": event.tie,
        "last_error": event.last_error,
    })
}

pub(super) fn filter(list: &List, now: i64) -> Result<Filter, Failed> {
    let status = list.status.as_deref().map(|text| {
        let known: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
        Status::parse(text).ok_or_else(|| Failed::usage(format!("--status must be one of {}", known.join(", "))))
    });
    let since = list.since.as_deref().map(|text| {
        since(text, now).ok_or_else(|| Failed::usage("--since must be like 90m, 24h, 7d or 2026-11-23T08:00:00Z"))
    });
    Ok(Filter {
        type_: list.type_.clone(),
        status: status.transpose()?,
        since: since.transpose()?,
        ..Filter::default()
    })
}

/// A point in time that is given as an age or a date, in unix milliseconds.
pub(super) fn since(text: &str, now: i64) -> Option<i64> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return at.unix_timestamp().checked_mul(1000);
    }
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let count: i64 = text[..text.len() - 1].parse().ok().filter(|count| *count >= 0)?;
    now.checked_sub(count.checked_mul(seconds)?.checked_mul(1000)?)
}

async fn show(id: &str, tollgate: &Tollgate, json: bool) -> Outcome {
    let wanted = id.to_owned();
    let found = tollgate
        .db()
        .read(move |conn| {
            let Some(event) = rows::find(conn, &wanted)? else { return Ok(None) };
            let body = rows::payload(conn, &wanted)?;
            let deliveries = deliveries::of_event(conn, &wanted, 100)?;
            let (runs, tasks) = (runs::of_event(conn, &wanted, 100)?, tasks::of_event(conn, &wanted, 100)?);
            Ok::<_, tollgate_models::Error>(Some((event, body, deliveries, runs, tasks)))
        })
        .await?;
    let Some((event, body, deliveries, runs, tasks)) = found else {
        return Err(Failed::new(format!("there is no event {id}")));
    };
    let payload: Value = body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    let runs: Vec<Value> = runs
        .iter()
        .map(|run| {
            json!({
                "handler": run.handler, "attempt": run.attempt, "outcome": run.outcome, "cause": run.cause,
                "error": run.error, "started_at": output::rfc3339(run.started_at), "duration_us": run.duration_us,
            })
        })
        .collect();
    let deliveries: Vec<Value> = deliveries
        .iter()
        .map(|delivery| {
            json!({ "outcome": delivery.outcome, "received_at": output::rfc3339(delivery.received_at), "endpoint": delivery.endpoint_uuid })
        })
        .collect();
    let mut all = as_json(&event);
    all["deliveries"] = deliveries.into();
    all["runs"] = runs.into();
    all["tasks"] = tasks.iter().map(super::tasks::as_json).collect();
    all["payload"] = payload;
    if json {
        output::json(&all);
    } else {
        output::line(serde_json::to_string_pretty(&all).map_err(crate::Error::internal)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_takes_ages_and_times() {
        let now = 1_000_000_000;
        assert_eq!(since("90m", now), Some(now - 90 * 60_000));
        assert_eq!(since("1970-01-01T00:00:01Z", now), Some(1000));
        for text in ["", "7", "d", "-1h", "1w", "yesterday", "99999999999999999999d", "9223372036854775807d", "1é"] {
            assert_eq!(since(text, now), None, "{text}");
        }
    }
}
