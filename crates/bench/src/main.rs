//! `tollgate-bench`: loads a Tollgate server with signed events, and measures it beside what the database alone can do.

mod aged;
mod backfill;
mod burst;
mod chaos;
mod clock;
mod connections;
mod error;
mod event;
mod figures;
mod host;
mod load;
mod measure;
mod pgbench;
mod processes;
mod rig;
mod run;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::Error;

/// Loads a Tollgate server with signed events, and measures it.
#[derive(Debug, Parser)]
#[command(name = "tollgate-bench", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure everything that there is a goal for, and print a table
    Run(run::Arguments),
    /// Accept over 1, 8, 64 and 256 connections
    Connections(connections::Arguments),
    /// Accept 100,000 events at once, and drain the queue
    Burst(burst::Arguments),
    /// Accept and process beside a million old events
    Aged(aged::Arguments),
    /// Backfill 100,000 objects into the mirror, and again
    Backfill(backfill::Arguments),
    /// List objects in Stripe's place, for programs that are measured beside Tollgate
    Lists(backfill::Listing),
    /// Send a simulated business's events in disorder, for mirrors that are compared with what is true in the end
    Chaos(chaos::Arguments),
    /// Two servers on one PostgreSQL against one
    Processes(processes::Arguments),
    /// Post signed events to a webhook URL and print one line of JSON
    Load(load::Arguments),
    /// Let PostgreSQL's own pgbench commit the same rows one event at a time, and print one line of JSON
    Pgbench(pgbench::Arguments),
    /// Serve like `tollgate serve`, with one handler that writes one row
    ServeWithHandler,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(arguments) => run::main(&arguments),
        Command::Connections(arguments) => connections::main(&arguments),
        Command::Burst(arguments) => burst::main(&arguments),
        Command::Aged(arguments) => aged::main(&arguments),
        Command::Backfill(arguments) => backfill::main(&arguments),
        Command::Lists(listing) => backfill::list(&listing),
        Command::Chaos(arguments) => chaos::main(&arguments),
        Command::Processes(arguments) => processes::main(&arguments),
        Command::Load(arguments) => load::main(&arguments),
        Command::Pgbench(arguments) => pgbench::main(&arguments),
        Command::ServeWithHandler => host::main(),
    };
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    eprintln!("tollgate-bench: {error}");
    // As clap does for what it finds out by itself.
    if matches!(error, Error::Usage(_)) { ExitCode::from(2) } else { ExitCode::FAILURE }
}
