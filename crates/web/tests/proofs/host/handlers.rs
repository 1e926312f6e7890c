//! The handlers of a server under proof: one writes a row, some are harmful, and a task appends its key to a file.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use diesel::connection::TransactionManager;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query};
use tollgate::{AnyConnection, Context, Event, HandlerResult, Handlers};

use super::Spec;

/// The handlers of a server.
pub fn all(spec: &Spec) -> Handlers {
    let takes = Duration::from_millis(spec.handler_takes);
    let mut handlers = Handlers::new().on_as("effect", "*", move |event, context| effect(event, context, takes));
    if spec.watches_overlap {
        handlers = handlers.on_as("overlap", "*", overlap);
    }
    if let Some(path) = spec.notes.clone() {
        handlers =
            handlers.after_commit_as("note", "*", move |task| append(path.clone(), task.idempotency_key().to_owned()));
    }
    handlers.on_as("poison", "customer.updated", poison)
}

// The table has no unique index: a second effect would be there to be counted.
fn effect(event: &Event, context: &mut Context<'_>, takes: Duration) -> HandlerResult {
    sql_query("INSERT INTO effects (event_id) VALUES ($1)").bind::<Text, _>(event.id()).execute(context.conn())?;
    if !takes.is_zero() {
        std::thread::sleep(takes);
    }
    Ok(())
}

async fn append(path: PathBuf, key: String) -> HandlerResult {
    // One write, so that the lines of several processes do not mix.
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path)?;
    Ok(file.write_all(format!("{key}\n").as_bytes())?)
}

// What an event's id says is done by its handler.
fn poison(event: &Event, context: &mut Context<'_>) -> HandlerResult {
    match event.id().split('_').nth(1).unwrap_or_default() {
        "abort" => std::process::abort(),
        "hang" => loop {
            std::thread::park();
        },
        "panic" => panic!("the handler of {} has had enough", event.id()),
        "delete" => {
            sql_query("DELETE FROM events WHERE id = $1").bind::<Text, _>(event.id()).execute(context.conn())?;
            Ok(())
        }
        "leave" => {
            <AnyConnection as Connection>::TransactionManager::begin_transaction(context.conn())?;
            Ok(())
        }
        "fails" if context.attempt() == 1 => Err("it fails once".into()),
        _ => Ok(()),
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    found: i64,
}

// A transaction that has ended still holds its locks for a moment; one that is under way has a number.
const HELD_BY_ANOTHER: &str = "SELECT CASE WHEN pg_try_advisory_xact_lock(hashtextextended($1, 0)) THEN 0 ELSE \
     (SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted \
     AND objsubid = 1 AND ((classid::bigint << 32) | objid::bigint) = hashtextextended($1, 0) \
     AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL) END AS found";

fn overlap(event: &Event, context: &mut Context<'_>) -> HandlerResult {
    let object = event.data_object()["id"].as_str().unwrap_or_default().to_owned();
    // SQLite has one writer.
    let AnyConnection::Postgres(conn) = context.conn() else { return Ok(()) };
    let found: Found = sql_query(HELD_BY_ANOTHER).bind::<Text, _>(&object).get_result(conn)?;
    if found.found > 0 {
        sql_query("INSERT INTO overlapping (event_id) VALUES ($1)").bind::<Text, _>(event.id()).execute(conn)?;
    }
    Ok(())
}
