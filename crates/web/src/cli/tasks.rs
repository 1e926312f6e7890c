//! `tollgate tasks …`

use clap::Subcommand;
use serde_json::{Value, json};
use tollgate_models::page::Cursor;
use tollgate_models::tasks::{self as rows, Filter, Status, Task};

use super::{Failed, Outcome, output};
use crate::audit::Actor;
use crate::{Tollgate, tasks};

#[derive(Debug, Subcommand)]
pub(super) enum Tasks {
    /// List tasks, newest first
    List {
        /// pending, running, succeeded, failed or dead
        #[arg(long)]
        status: Option<String>,
        /// Only this handler's
        #[arg(long, value_name = "NAME")]
        handler: Option<String>,
        /// How many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Have a task run again from its first attempt
    Retry {
        /// Its number
        number: i64,
    },
}

pub(super) async fn run(command: Tasks, tollgate: &Tollgate, json: bool) -> Outcome {
    match command {
        Tasks::List { status, handler, limit } => {
            let known: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
            let status = status.as_deref().map(|text| {
                Status::parse(text)
                    .ok_or_else(|| Failed::usage(format!("--status must be one of {}", known.join(", "))))
            });
            let filter = Filter { status: status.transpose()?, handler };
            let page = tollgate.db().read(move |conn| rows::list(conn, &filter, Cursor::Newest, limit)).await?;
            for task in page.rows {
                if !output::line_read(&if json { as_json(&task).to_string() } else { shown(&task) }) {
                    break;
                }
            }
        }
        Tasks::Retry { number } => {
            tasks::retry(tollgate, number, &Actor::cli()).await?;
            let text = format!("task {number} is back in the queue; a running server runs it");
            output::line(if json { json!({ "retried": number }).to_string() } else { text });
        }
    }
    Ok(())
}

fn shown(task: &Task) -> String {
    let error = task.last_error.as_deref().unwrap_or_default();
    format!("{:>8}  {:<9}  {:<32}  {:<32}  {error}", task.id, task.status, task.handler, task.event_id)
}

/// A task as it is printed with `--json`.
pub(super) fn as_json(task: &Task) -> Value {
    json!({
        "number": task.id, "event": task.event_id, "handler": task.handler, "status": task.status,
        "attempts": task.attempts, "last_error": task.last_error, "idempotency_key": task.idempotency_key,
        "next_attempt_at": output::rfc3339(task.next_attempt_at), "created_at": output::rfc3339(task.created_at),
        "finished_at": task.finished_at.map(output::rfc3339),
    })
}
