//! `tollgate-bench`: loads a Tollgate server with signed events, and measures it beside what the database alone can do.

mod clock;
mod error;
mod event;
mod load;
mod pgbench;
mod postgres;
mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Loads a Tollgate server with signed events, and measures it.
#[derive(Debug, Parser)]
#[command(name = "tollgate-bench", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Post signed events to a webhook URL and print one line of JSON
    Load(load::Arguments),
    /// Let PostgreSQL's own pgbench commit the same rows one event at a time, and print one line of JSON
    Pgbench(pgbench::Arguments),
    /// Measure a release build on SQLite and on PostgreSQL, print a table and write JSON
    Run(run::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Load(arguments) => load::main(&arguments),
        Command::Pgbench(arguments) => pgbench::main(&arguments),
        Command::Run(arguments) => run::main(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tollgate-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
