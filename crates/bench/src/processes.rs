//! `processes`: whether two servers that share one PostgreSQL get more done than one.

use std::time::Instant;

use clap::Args;
use serde::Serialize;

use crate::error::Error;
use crate::figures::{median, number};
use crate::load::{Amount, Prepared, Report};
use crate::rig::database::Kind;
use crate::rig::server::{Server, Serving};
use crate::rig::{self, PATIENCE, Rig, Site};
use crate::table::Table;

/// The arguments of `processes`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    rig: rig::Arguments,
    /// Servers beside one
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..=8))]
    servers: u32,
    /// Events that are sent to measure how fast they are processed
    #[arg(long, default_value_t = 30_000, value_parser = clap::value_parser!(u32).range(1000..=10_000_000))]
    events: u32,
    /// How long each load lasts that is only accepted, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=120))]
    seconds: u32,
    /// Connections of all loads together
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(8..=500))]
    connections: u32,
    /// How often everything is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
}

#[derive(Debug, Serialize)]
struct Round {
    one: Finding,
    several: Finding,
}

#[derive(Debug, Serialize)]
struct Finding {
    servers: u32,
    /// Accepted events a second, by all servers together.
    accept_rate: f64,
    /// The slowest server's p99, in milliseconds.
    accept_p99_ms: f64,
    /// Events a second that were accepted and processed.
    process_rate: f64,
}

/// Runs the command.
pub fn main(arguments: &Arguments) -> Result<(), Error> {
    let rig = Rig::new(&arguments.rig)?;
    // SQLite is one process's by design.
    rig.postgres()?;
    let mut rounds = Vec::new();
    for number in 1..=arguments.rounds {
        eprintln!("round {number} of {}", arguments.rounds);
        let one = measure(&rig, arguments, 1)?;
        rounds.push(Round { one, several: measure(&rig, arguments, arguments.servers)? });
    }
    print!("{}", render(&rounds, arguments.servers));
    rig.save(&rounds)
}

fn measure(rig: &Rig, arguments: &Arguments, servers: u32) -> Result<Finding, Error> {
    // One server gets as many load generators as several do, so that the load itself is the same.
    let loads = arguments.servers;
    let connections = arguments.connections / loads;
    let site = rig.site(Kind::Postgres)?;
    let running = start(&site, Serving::Intake, servers)?;
    let prepared = prepare(&site, &running, loads, connections, Amount::Seconds(arguments.seconds))?;
    let reports = run_all(prepared)?;
    stop(running)?;
    let site = rig.site(Kind::Postgres)?;
    let running = start(&site, Serving::Everything, servers)?;
    let events = arguments.events / loads;
    let prepared = prepare(&site, &running, loads, connections, Amount::Events(events))?;
    let begin = Instant::now();
    run_all(prepared)?;
    let end = site.sql()?.await_processed(u64::from(events * loads), PATIENCE)?;
    stop(running)?;
    Ok(Finding {
        servers,
        accept_rate: reports.iter().map(|report| report.rate).sum(),
        accept_p99_ms: reports.iter().map(|report| report.p99_ms).fold(0.0, f64::max),
        process_rate: f64::from(events * loads) / end.duration_since(begin).as_secs_f64(),
    })
}

fn start(site: &Site, serving: Serving, servers: u32) -> Result<Vec<Server>, Error> {
    (0..servers).map(|_| site.start(serving)).collect()
}

fn stop(servers: Vec<Server>) -> Result<(), Error> {
    servers.into_iter().try_for_each(Server::stop)
}

// The servers take turns until every load has one.
fn prepare(
    site: &Site,
    servers: &[Server],
    loads: u32,
    connections: u32,
    amount: Amount,
) -> Result<Vec<Prepared>, Error> {
    let turns = servers.iter().cycle().take(loads as usize);
    turns.map(|server| Prepared::new(&site.load(server, connections, None, amount)?)).collect()
}

fn run_all(prepared: Vec<Prepared>) -> Result<Vec<Report>, Error> {
    let running: Vec<_> = prepared.into_iter().map(|load| std::thread::spawn(move || load.run())).collect();
    let ended = running
        .into_iter()
        .map(|thread| thread.join().map_err(|_| Error::Wrong("a load's thread panicked".to_owned()))??.complete());
    // All are waited for before the first error ends it.
    ended.collect::<Vec<_>>().into_iter().collect()
}

fn render(rounds: &[Round], servers: u32) -> String {
    let several = format!("{servers} servers");
    let mut table = Table::new(["one PostgreSQL", "1 server", several.as_str(), "ratio"]);
    let mut row = |work: &str, unit: &str, value: fn(&Finding) -> f64| {
        let one = median(&rounds.iter().map(|round| value(&round.one)).collect::<Vec<_>>());
        let several = median(&rounds.iter().map(|round| value(&round.several)).collect::<Vec<_>>());
        let shown = |value| format!("{}{unit}", number(value));
        table.row([work.to_owned(), shown(one), shown(several), number(several / one)]);
    };
    row("accept", "/s", |finding| finding.accept_rate);
    row("accept, p99 of the slower", " ms", |finding| finding.accept_p99_ms);
    row("accept and process", "/s", |finding| finding.process_rate);
    table.render()
}
