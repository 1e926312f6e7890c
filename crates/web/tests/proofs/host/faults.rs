//! Faults at a chosen SQL statement of a server under proof, by Diesel's instrumentation.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::sql_types::{Array, Integer, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

use super::{Fault, Harm, Spec};

/// What the log says before the harm is done.
pub const FAULT: &str = "harm before statement";

static CHOSEN: OnceLock<Fault> = OnceLock::new();
static URL: OnceLock<String> = OnceLock::new();
static STATEMENTS: AtomicU64 = AtomicU64::new(0);

/// Has the harm done to every connection that is opened from now on.
pub fn arm(spec: &Spec) {
    if let Some(fault) = &spec.fault {
        CHOSEN.set(fault.clone()).unwrap();
        URL.set(spec.database.clone()).unwrap();
        set_default_instrumentation(watch).unwrap();
    }
}

fn watch() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            count(&query.to_string());
        }
    }))
}

fn count(sql: &str) {
    let Some(fault) = CHOSEN.get() else { return };
    let counts = std::thread::current().name().is_some_and(|name| name.starts_with(&fault.thread));
    if !counts || STATEMENTS.fetch_add(1, Ordering::SeqCst) + 1 != fault.nth {
        return;
    }
    eprintln!("{FAULT} {}: {}", fault.nth, sql.chars().take(60).collect::<String>());
    match &fault.harm {
        Harm::Abort => std::process::abort(),
        Harm::Cut(name) => cut(name),
    }
}

#[derive(QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

// Until those that there were are gone, so that the statement surely fails. A worker's connection goes by its worker's name.
fn cut(name: &str) {
    let worker = format!("tollgate {}-%", std::process::id());
    let mut conn = PgConnection::establish(&URL.get().unwrap().replace(name, "cutter")).unwrap();
    let theirs: Vec<Backend> = sql_query(
        "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (application_name = $1 OR application_name LIKE $2)",
    )
    .bind::<Text, _>(name)
    .bind::<Text, _>(&worker)
    .load(&mut conn)
    .unwrap();
    let pids: Vec<i32> = theirs.iter().map(|backend| backend.pid).collect();
    let sql = "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY($1)";
    while !sql_query(sql).bind::<Array<Integer>, _>(&pids).load::<Backend>(&mut conn).unwrap().is_empty() {
        std::thread::yield_now();
    }
}
