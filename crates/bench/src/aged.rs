//! `aged`: whether accepting and processing slow down when the log has grown.

use clap::Args;
use serde::Serialize;

use crate::error::Error;
use crate::figures::{median, number};
use crate::measure::{Accepted, Processed, accept, process};
use crate::rig::database::Kind;
use crate::rig::fill::{self, Rows};
use crate::rig::server::Serving;
use crate::rig::{self, Rig, Site};
use crate::table::Table;

/// As much of the rate must be left.
const GOAL: f64 = 0.9;

/// The arguments of `aged`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    rig: rig::Arguments,
    /// Events in the log that has grown, each with its payload of 3 kB and its delivery
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1000..=20_000_000))]
    aged_events: u64,
    /// Events that are sent to measure how fast they are processed
    #[arg(long, default_value_t = 30_000, value_parser = clap::value_parser!(u32).range(1000..=10_000_000))]
    events: u32,
    /// How long each load lasts that is only accepted, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=120))]
    seconds: u32,
    /// Connections of the loads
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=500))]
    connections: u32,
    /// How often everything is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
}

#[derive(Debug, Serialize)]
struct Finding {
    database: Kind,
    aged_events: u64,
    rounds: Vec<Round>,
}

#[derive(Debug, Serialize)]
struct Round {
    accept_empty: Accepted,
    accept_aged: Accepted,
    process_empty: Processed,
    process_aged: Processed,
}

/// Runs the command.
pub fn main(arguments: &Arguments) -> Result<(), Error> {
    let rig = Rig::new(&arguments.rig)?;
    let mut findings = Vec::new();
    for &kind in &rig.on {
        findings.push(measure(&rig, kind, arguments)?);
    }
    print!("{}", render(&findings));
    rig.save(&findings)
}

fn measure(rig: &Rig, kind: Kind, arguments: &Arguments) -> Result<Finding, Error> {
    eprintln!("filling a log with {} events, {}", arguments.aged_events, kind.name());
    let aged = rig.site(kind)?;
    fill::fill(&aged.sql()?, kind, Rows::Whole, arguments.aged_events)?;
    let mut rounds = Vec::new();
    for number in 1..=arguments.rounds {
        eprintln!("round {number} of {}, {}", arguments.rounds, kind.name());
        rounds.push(round(rig, &aged, arguments)?);
    }
    Ok(Finding { database: kind, aged_events: arguments.aged_events, rounds })
}

fn round(rig: &Rig, aged: &Site, arguments: &Arguments) -> Result<Round, Error> {
    let Arguments { connections, seconds, events, .. } = *arguments;
    let kind = aged.database.kind;
    let old = finish_waiting(aged)?;
    let accept_empty = accept(&rig.site(kind)?, connections, seconds)?;
    let process_empty = process(&rig.site(kind)?, Serving::Everything, connections, events, 0)?;
    // Processed first: what is only accepted would wait before it.
    let process_aged = process(aged, Serving::Everything, connections, events, old)?;
    let accept_aged = accept(aged, connections, seconds)?;
    Ok(Round { accept_empty, accept_aged, process_empty, process_aged })
}

// What an earlier round only accepted counts as processed too. Answers how many events are there.
fn finish_waiting(aged: &Site) -> Result<u64, Error> {
    let sql = aged.sql()?;
    sql.run("UPDATE events SET status = 'processed', processed_at = received_at WHERE status = 'pending'")?;
    fill::settle(&sql, aged.database.kind)?;
    Ok(u64::try_from(sql.count("SELECT count(*) AS count FROM events")?).unwrap_or_default())
}

fn render(findings: &[Finding]) -> String {
    let mut table = Table::new(["work", "empty log", "grown log", "ratio", "goal"]);
    for finding in findings {
        let name = finding.database.name();
        let of = |value: fn(&Round) -> f64| median(&finding.rounds.iter().map(value).collect::<Vec<_>>());
        let mut row = |work: &str, empty: f64, aged: f64| {
            let rate = |value| format!("{}/s", number(value));
            table.row([format!("{work}, {name}"), rate(empty), rate(aged), number(aged / empty), format!("≥ {GOAL}")]);
        };
        row("accept", of(|round| round.accept_empty.report.rate), of(|round| round.accept_aged.report.rate));
        row("process", of(|round| round.process_empty.rate), of(|round| round.process_aged.rate));
    }
    table.render()
}
