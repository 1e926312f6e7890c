//! `run`: measures a release build on SQLite and on PostgreSQL, in rounds with PostgreSQL's own pgbench between.

mod database;
mod round;
mod server;
mod table;

use std::fs;
use std::path::PathBuf;

use clap::Args;
use url::Url;

use crate::error::Error;
use round::{Plan, Round};

/// The arguments of `run`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The server to measure, built for release
    #[arg(long, default_value = "target/release/tollgate")]
    tollgate: PathBuf,
    /// A PostgreSQL server on which databases may be made; scripts/bench starts one and sets this
    #[arg(long, env = "TEST_DATABASE_URL", hide_env_values = true)]
    database_url: Url,
    /// How often everything is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each load lasts, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=120))]
    seconds: u32,
    /// Connections of the loads that go as fast as they can
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=500))]
    connections: u32,
    /// Events that are sent to measure how fast they are processed
    #[arg(long, default_value_t = 30_000)]
    events: usize,
    /// Also writes every figure of every round to this file, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Runs the command.
pub fn main(arguments: &Arguments) -> Result<(), Error> {
    let tollgate = fs::canonicalize(&arguments.tollgate)
        .map_err(Error::io(format!("there is no server at {}", arguments.tollgate.display())))?;
    let plan = Plan {
        tollgate,
        postgres: arguments.database_url.clone(),
        seconds: arguments.seconds,
        connections: arguments.connections,
        events: arguments.events,
    };
    let mut rounds = Vec::new();
    for number in 1..=arguments.rounds {
        eprintln!("round {number} of {}", arguments.rounds);
        rounds.push(Round::measure(&plan, number)?);
    }
    print!("{}", table::render(&rounds));
    if let Some(file) = &arguments.json {
        let text = serde_json::to_string_pretty(&rounds)?;
        fs::write(file, text + "\n").map_err(Error::io(format!("could not write {}", file.display())))?;
    }
    Ok(())
}
