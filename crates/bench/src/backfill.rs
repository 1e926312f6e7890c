//! `backfill`: many objects from a Stripe that answers at once, into an empty mirror and again into one that has them.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::error::Error;
use crate::figures::number;
use crate::rig::database::Kind;
use crate::rig::lists::Lists;
use crate::rig::{self, Rig};
use crate::table::Table;

/// The arguments of `backfill`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    rig: rig::Arguments,
    /// Objects that Stripe lists
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    objects: u32,
}

/// The arguments of `lists`.
#[derive(Debug, Args)]
pub struct Listing {
    /// Objects to list
    #[arg(long, default_value_t = 100_000)]
    objects: u32,
    /// The port of 127.0.0.1
    #[arg(long, default_value_t = 12_111)]
    port: u16,
    /// Milliseconds that each answer takes
    #[arg(long, default_value_t = 0)]
    latency: u64,
}

#[derive(Debug, Serialize)]
struct Finding {
    database: Kind,
    objects: u32,
    /// Into an empty mirror, objects a second.
    empty_rate: f64,
    /// Into a mirror that has them all, objects a second.
    known_rate: f64,
    pages: usize,
    /// The peak of resident memory, in megabytes.
    memory_mb: f64,
}

/// Runs the command.
pub fn main(arguments: &Arguments) -> Result<(), Error> {
    let rig = Rig::new(&arguments.rig)?;
    let mut findings = Vec::new();
    for &kind in &rig.on {
        eprintln!("a backfill of {} objects, {}", arguments.objects, kind.name());
        findings.push(measure(&rig, kind, arguments.objects)?);
    }
    print!("{}", render(&findings));
    rig.save(&findings)
}

/// Lists until it is ended, for programs that are measured beside Tollgate.
pub fn list(listing: &Listing) -> Result<(), Error> {
    let lists = Lists::start(listing.port, listing.objects, Duration::from_millis(listing.latency))?;
    println!("{}", lists.base);
    loop {
        std::thread::park();
    }
}

fn measure(rig: &Rig, kind: Kind, objects: u32) -> Result<Finding, Error> {
    let lists = Lists::start(0, objects, Duration::ZERO)?;
    let mut site = rig.site(kind)?;
    site.settings.stripe = Some(lists.base.clone());
    let sync = ["sync", "customer", "--json"];
    let (empty, first) = site.settings.measured(&sync)?;
    let pages = lists.pages();
    let stored = site.sql()?.count("SELECT count(*) AS count FROM customers")?;
    if stored != i64::from(objects) {
        return Err(Error::Wrong(format!("{stored} of {objects} objects are in the mirror")));
    }
    let (known, second) = site.settings.measured(&sync)?;
    let rate = |took: Duration| f64::from(objects) / took.as_secs_f64();
    let memory_mb = first.max(second);
    Ok(Finding { database: kind, objects, empty_rate: rate(empty), known_rate: rate(known), pages, memory_mb })
}

fn render(findings: &[Finding]) -> String {
    let mut table = Table::new(["backfill", "objects", "into an empty mirror", "again", "pages", "memory"]);
    for finding in findings {
        table.row([
            finding.database.name().to_owned(),
            number(f64::from(finding.objects)),
            format!("{}/s", number(finding.empty_rate)),
            format!("{}/s", number(finding.known_rate)),
            number(finding.pages as f64),
            format!("{} MB", number(finding.memory_mb)),
        ]);
    }
    table.render()
}
