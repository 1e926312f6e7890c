//! The measurements that several commands take: accepting, processing, and the latency at a steady rate.

pub mod page;
pub mod statements;
pub mod stripe_calls;

use std::time::Instant;

use serde::Serialize;

use crate::error::Error;
use crate::load::{Amount, Prepared, Report};
use crate::rig::server::{Server, Serving};
use crate::rig::{PATIENCE, Site, post};

/// The rate at which latency is measured, in events a second.
const STEADY_RATE: u32 = 1000;
/// Connections at that rate.
const STEADY_CONNECTIONS: u32 = 16;

/// How events were acknowledged.
#[derive(Clone, Debug, Serialize)]
pub struct Accepted {
    /// The load's report.
    pub report: Report,
    /// The server's peak of resident memory, in megabytes.
    pub memory_mb: f64,
}

/// How events were acknowledged and processed.
#[derive(Clone, Debug, Serialize)]
pub struct Processed {
    /// Events, all of which were processed.
    pub events: u32,
    /// From the first post until nothing was left to process.
    pub seconds: f64,
    /// Events a second.
    pub rate: f64,
    /// The part of taking them in.
    pub accept: Report,
    /// The server's peak of resident memory, in megabytes.
    pub memory_mb: f64,
}

/// Takes events in as fast as they are answered, with nobody who processes them.
///
/// # Errors
/// When anything fails, or an event was not acknowledged.
pub fn accept(site: &Site, connections: u32, seconds: u32) -> Result<Accepted, Error> {
    let server = site.start(Serving::Intake)?;
    let report = post(&site.load(&server, connections, None, Amount::Seconds(seconds))?)?;
    finish(server, report)
}

/// Takes events in at a steady rate while they are processed, and counts latency from when each was due.
///
/// # Errors
/// When anything fails, or an event was not acknowledged.
pub fn steady(site: &Site, seconds: u32) -> Result<Accepted, Error> {
    let server = site.start(Serving::Everything)?;
    let report = post(&site.load(&server, STEADY_CONNECTIONS, Some(STEADY_RATE), Amount::Seconds(seconds))?)?;
    finish(server, report)
}

/// Takes events in and processes them, as fast as possible. The database held `already` processed ones before.
///
/// # Errors
/// When anything fails, or an event was not acknowledged or not processed.
pub fn process(site: &Site, serving: Serving, connections: u32, events: u32, already: u64) -> Result<Processed, Error> {
    let (server, sql) = (site.start(serving)?, site.sql()?);
    let prepared = Prepared::new(&site.load(&server, connections, None, Amount::Events(events))?)?;
    let start = Instant::now();
    let accept = prepared.run()?.complete()?;
    let end = sql.await_processed(already + u64::from(events), PATIENCE)?;
    let seconds = end.duration_since(start).as_secs_f64();
    let Accepted { report, memory_mb } = finish(server, accept)?;
    Ok(Processed { events, seconds, rate: f64::from(events) / seconds, accept: report, memory_mb })
}

fn finish(server: Server, report: Report) -> Result<Accepted, Error> {
    let memory_mb = server.peak_memory()?;
    server.stop()?;
    Ok(Accepted { report, memory_mb })
}
