//! `connections`: how fast events are accepted over one connection, over a few and over many.

use clap::Args;
use serde::Serialize;

use crate::error::Error;
use crate::figures::{median, number};
use crate::measure::{Accepted, accept};
use crate::rig::database::Kind;
use crate::rig::{self, Rig};
use crate::table::Table;

/// The arguments of `connections`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    rig: rig::Arguments,
    /// Numbers of connections
    #[arg(long, value_delimiter = ',', default_values = ["1", "8", "64", "256"], value_parser = clap::value_parser!(u32).range(1..=500))]
    connections: Vec<u32>,
    /// How long each load lasts, in seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=120))]
    seconds: u32,
    /// How often everything is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
}

#[derive(Debug, Serialize)]
struct Finding {
    database: Kind,
    connections: u32,
    rounds: Vec<Accepted>,
}

/// Runs the command.
pub fn main(arguments: &Arguments) -> Result<(), Error> {
    let rig = Rig::new(&arguments.rig)?;
    let mut findings: Vec<Finding> = Vec::new();
    for &database in &rig.on {
        let cases = arguments.connections.iter();
        findings.extend(cases.map(|&connections| Finding { database, connections, rounds: Vec::new() }));
    }
    for number in 1..=arguments.rounds {
        eprintln!("round {number} of {}", arguments.rounds);
        for finding in &mut findings {
            let site = rig.site(finding.database)?;
            finding.rounds.push(accept(&site, finding.connections, arguments.seconds)?);
        }
    }
    print!("{}", render(&findings));
    rig.save(&findings)
}

fn render(findings: &[Finding]) -> String {
    let mut table = Table::new(["accept durably", "connections", "rate", "p50", "p99", "memory"]);
    for finding in findings {
        let of = |value: fn(&Accepted) -> f64| number(median(&finding.rounds.iter().map(value).collect::<Vec<_>>()));
        table.row([
            finding.database.name().to_owned(),
            finding.connections.to_string(),
            format!("{}/s", of(|round| round.report.rate)),
            format!("{} ms", of(|round| round.report.p50_ms)),
            format!("{} ms", of(|round| round.report.p99_ms)),
            format!("{} MB", of(|round| round.memory_mb)),
        ]);
    }
    table.render()
}
