//! `run`: measures everything that Tollgate has a goal for, in rounds with PostgreSQL's own pgbench between.

mod table;

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::error::Error;
use crate::measure::page::{self, Pages};
use crate::measure::statements::{self, Statements};
use crate::measure::stripe_calls::{self, Calls};
use crate::measure::{Accepted, Processed, accept, process, steady};
use crate::pgbench;
use crate::rig::database::Kind;
use crate::rig::server::Serving;
use crate::rig::{self, Rig, postgres};

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Work {
    /// Accept durably; on PostgreSQL beside pgbench
    Accept,
    /// Accept, mirror, run one handler, mark as processed
    Handle,
    /// The acknowledgement's p99 at 1,000 events a second
    Steady,
    /// Requests to Stripe for each event
    StripeCalls,
    /// SQL statements for each event, on PostgreSQL
    Statements,
    /// Pages of the event log with many events against few
    Page,
}

/// The arguments of `run`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    rig: rig::Arguments,
    /// Only some of it; the memory is that of the loads that are measured
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["accept", "handle", "steady", "stripe-calls", "statements", "page"])]
    only: Vec<Work>,
    /// How often accepting, handling and the latency are measured; the others come to the same each time
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How long each load lasts, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=120))]
    seconds: u32,
    /// Connections of the loads that go as fast as they can
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=500))]
    connections: u32,
    /// Events that are sent to measure how fast they are handled
    #[arg(long, default_value_t = 30_000, value_parser = clap::value_parser!(u32).range(1000..=10_000_000))]
    events: u32,
    /// Events in the large log whose pages are opened
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(page::FEW..=100_000_000))]
    page_events: u64,
}

/// Everything that was measured.
#[derive(Clone, Debug, Default, Serialize)]
struct Findings {
    rounds: Vec<Round>,
    stripe_calls: BTreeMap<Kind, Calls>,
    statements: Option<Statements>,
    pages: BTreeMap<Kind, Pages>,
}

/// What is measured in each round.
#[derive(Clone, Debug, Default, Serialize)]
struct Round {
    pgbench: Option<pgbench::Figure>,
    accept: BTreeMap<Kind, Accepted>,
    handle: BTreeMap<Kind, Processed>,
    steady: BTreeMap<Kind, Accepted>,
}

/// Runs the command.
pub fn main(arguments: &Arguments) -> Result<(), Error> {
    let rig = Rig::new(&arguments.rig)?;
    let wants = |work| arguments.only.contains(&work);
    let counts = wants(Work::Statements) && rig.on.contains(&Kind::Postgres);
    if counts {
        statements::check(&rig)?;
    }
    let mut findings = Findings::default();
    let rounds = [Work::Accept, Work::Handle, Work::Steady].into_iter().any(wants);
    for number in 1..=if rounds { arguments.rounds } else { 0 } {
        eprintln!("round {number} of {}", arguments.rounds);
        findings.rounds.push(round(&rig, arguments)?);
    }
    for &kind in rig.on.iter().filter(|_| wants(Work::StripeCalls)) {
        eprintln!("requests to Stripe, {}", kind.name());
        findings.stripe_calls.insert(kind, stripe_calls::measure(&rig, kind, arguments.events.min(5000))?);
    }
    if counts {
        eprintln!("SQL statements, PostgreSQL");
        findings.statements = Some(statements::measure(&rig, arguments.events.min(10_000))?);
    }
    for &kind in rig.on.iter().filter(|_| wants(Work::Page)) {
        eprintln!(
            "the event log with {} events, {}: filling it takes some minutes",
            arguments.page_events,
            kind.name()
        );
        findings.pages.insert(kind, page::measure(&rig, kind, arguments.page_events)?);
    }
    print!("{}", table::render(&findings));
    rig.save(&findings)
}

fn round(rig: &Rig, arguments: &Arguments) -> Result<Round, Error> {
    let wants = |work| arguments.only.contains(&work);
    let mut round = Round::default();
    if wants(Work::Accept) && rig.on.contains(&Kind::Postgres) {
        postgres::sql(rig.postgres()?, "CHECKPOINT")?;
        let effort = pgbench::Effort { clients: 16, threads: 2, seconds: arguments.seconds };
        round.pgbench = Some(pgbench::run(rig.postgres()?, effort)?);
    }
    for &kind in &rig.on {
        if wants(Work::Accept) {
            round.accept.insert(kind, accept(&rig.site(kind)?, arguments.connections, arguments.seconds)?);
        }
        if wants(Work::Steady) {
            round.steady.insert(kind, steady(&rig.site(kind)?, arguments.seconds)?);
        }
        if wants(Work::Handle) {
            let site = rig.site(kind)?;
            let handled = process(&site, Serving::OneHandler, arguments.connections, arguments.events, 0)?;
            round.handle.insert(kind, handled);
        }
    }
    Ok(round)
}
