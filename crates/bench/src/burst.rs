//! `burst`: many events at once on an empty queue: how fast they are accepted, how fast the queue drains, and how long an
//! acknowledgement takes meanwhile.

use std::time::Instant;

use clap::Args;
use serde::Serialize;

use crate::error::Error;
use crate::figures::number;
use crate::load::{Amount, Prepared, Report};
use crate::rig::database::Kind;
use crate::rig::server::{Server, Serving};
use crate::rig::{self, PATIENCE, Rig, Site};
use crate::table::Table;

/// Events a second that still come while the queue drains, and their connections.
const TRICKLE: (u32, u32) = (200, 8);
/// For how long they come at most, in seconds.
const LONGEST: u32 = 120;

/// The arguments of `burst`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    rig: rig::Arguments,
    /// Events of the burst
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=2_000_000))]
    events: u32,
    /// Connections of the burst
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=500))]
    connections: u32,
}

#[derive(Debug, Serialize)]
struct Finding {
    database: Kind,
    /// The burst itself, with a worker already at it.
    accept: Report,
    /// Events that waited for a worker when the last of the burst was acknowledged.
    backlog: i64,
    /// From then until the queue was empty.
    drain_seconds: f64,
    /// Events that were processed in that time, a second.
    drain_rate: f64,
    /// Events that came in that time, at a steady rate.
    meanwhile: Report,
    /// All events, from the first post until the queue was empty, a second.
    rate: f64,
    /// The server's peak of resident memory, in megabytes.
    memory_mb: f64,
}

/// Runs the command.
pub fn main(arguments: &Arguments) -> Result<(), Error> {
    let rig = Rig::new(&arguments.rig)?;
    let mut findings = Vec::new();
    for &kind in &rig.on {
        eprintln!("a burst of {} events, {}", arguments.events, kind.name());
        findings.push(measure(&rig, kind, arguments)?);
    }
    print!("{}", render(&findings));
    rig.save(&findings)
}

fn measure(rig: &Rig, kind: Kind, arguments: &Arguments) -> Result<Finding, Error> {
    let site = rig.site(kind)?;
    let server = site.start(Serving::Everything)?;
    let found = burst(&site, &server, arguments)?;
    let memory_mb = server.peak_memory()?;
    server.stop()?;
    Ok(Finding { database: kind, memory_mb, ..found })
}

fn burst(site: &Site, server: &Server, arguments: &Arguments) -> Result<Finding, Error> {
    let sql = site.sql()?;
    let load = |connections, rate, amount| Prepared::new(&site.load(server, connections, rate, amount)?);
    let trickle = load(TRICKLE.1, Some(TRICKLE.0), Amount::Seconds(LONGEST))?;
    let stop = trickle.stop();
    let burst = load(arguments.connections, None, Amount::Events(arguments.events))?;
    let start = Instant::now();
    let accept = burst.run()?.complete()?;
    let accepted = Instant::now();
    let last = sql.count("SELECT coalesce(max(seq), 0) AS count FROM events")?;
    let trickling = std::thread::spawn(move || trickle.run());
    let backlog =
        sql.count("SELECT count(*) AS count FROM events WHERE status IN ('pending', 'processing', 'failed')")?;
    // The queue is never quite empty while more comes; it has drained when the burst's own events are gone.
    let drained = sql.await_drained(last, PATIENCE)?;
    stop.now();
    let meanwhile = trickling.join().map_err(|_| Error::Wrong("the load's thread panicked".to_owned()))??.complete()?;
    let all = u64::from(arguments.events) + meanwhile.acknowledged as u64;
    sql.await_processed(all, PATIENCE)?;
    let drain_seconds = drained.duration_since(accepted).as_secs_f64();
    let during = f64::from(TRICKLE.0) * drain_seconds.min(f64::from(LONGEST));
    Ok(Finding {
        database: site.database.kind,
        accept,
        backlog,
        drain_seconds,
        drain_rate: (backlog as f64 + during) / drain_seconds,
        meanwhile,
        rate: f64::from(arguments.events) / drained.duration_since(start).as_secs_f64(),
        memory_mb: 0.0,
    })
}

fn render(findings: &[Finding]) -> String {
    let mut table = Table::new([
        "burst",
        "events",
        "accepted",
        "p99",
        "left in the queue",
        "drained",
        "p99 while draining",
        "overall",
        "memory",
    ]);
    for finding in findings {
        table.row([
            finding.database.name().to_owned(),
            number(finding.accept.acknowledged as f64),
            format!("{}/s", number(finding.accept.rate)),
            format!("{} ms", number(finding.accept.p99_ms)),
            number(finding.backlog as f64),
            format!("{}/s", number(finding.drain_rate)),
            format!("{} ms", number(finding.meanwhile.p99_ms)),
            format!("{}/s", number(finding.rate)),
            format!("{} MB", number(finding.memory_mb)),
        ]);
    }
    table.render()
}
