//! One round: pgbench, then every load on each database, each on a fresh server.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;
use url::Url;

use super::database::{Database, Kind};
use super::server::{Server, Setup};
use crate::error::Error;
use crate::load::{self, Amount, Load, Report};
use crate::{pgbench, postgres};

/// The rate at which latency is measured, in events a second.
const STEADY_RATE: u32 = 1000;
/// Connections at that rate.
const STEADY_CONNECTIONS: u32 = 16;
/// How many objects the events are about.
const OBJECTS: usize = 5000;
/// How long processing may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// What to measure, and how much.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server.
    pub tollgate: PathBuf,
    /// A PostgreSQL server on which databases may be made.
    pub postgres: Url,
    /// How long each load lasts, in seconds.
    pub seconds: u32,
    /// Connections of the loads that go as fast as they can.
    pub connections: u32,
    /// Events to process.
    pub events: usize,
}

/// The figures of one round.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// Which round, from 1.
    pub number: u32,
    /// PostgreSQL alone.
    pub pgbench: pgbench::Figure,
    /// Tollgate on PostgreSQL.
    pub postgres: Figures,
    /// Tollgate on SQLite.
    pub sqlite: Figures,
}

/// Tollgate's figures on one database.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Taking events in as fast as possible, with nobody processing them.
    pub accept: Report,
    /// The server's peak of resident memory under that load, in megabytes.
    pub accept_memory_mb: f64,
    /// Taking events in at 1,000 a second while they are processed.
    pub steady: Report,
    /// The server's peak of resident memory under that load, in megabytes.
    pub steady_memory_mb: f64,
    /// Taking events in and processing them, as fast as possible.
    pub process: Processed,
    /// The server's peak of resident memory under that load, in megabytes.
    pub process_memory_mb: f64,
}

/// How fast events were accepted, mirrored and marked as processed.
#[derive(Clone, Debug, Serialize)]
pub struct Processed {
    /// Events, all of which were processed.
    pub events: usize,
    /// From the first post until nothing was left to process.
    pub seconds: f64,
    /// Events a second.
    pub rate: f64,
    /// The part of taking them in.
    pub accept: Report,
}

impl Round {
    /// Measures everything once.
    ///
    /// # Errors
    /// When anything fails, or an event was not acknowledged or not processed.
    pub fn measure(plan: &Plan, number: u32) -> Result<Self, Error> {
        postgres::sql(&plan.postgres, "CHECKPOINT")?;
        let effort = pgbench::Effort { clients: 16, threads: 2, seconds: plan.seconds };
        let pgbench = pgbench::run(&plan.postgres, effort)?;
        Ok(Self { number, pgbench, postgres: plan.figures(Kind::Postgres)?, sqlite: plan.figures(Kind::Sqlite)? })
    }
}

impl Plan {
    fn figures(&self, kind: Kind) -> Result<Figures, Error> {
        let fast = |server: &Server, amount| self.load(server, None, amount);
        let steady = |server: &Server, amount| self.load(server, Some(STEADY_RATE), amount);
        let (accept, accept_memory_mb) =
            self.on_server(kind, false, |server| fast(server, Amount::Seconds(self.seconds)))?;
        let (steady, steady_memory_mb) =
            self.on_server(kind, true, |server| steady(server, Amount::Seconds(self.seconds)))?;
        let (process, process_memory_mb) = self.on_server(kind, true, |server| {
            let start = Instant::now();
            let accept = fast(server, Amount::Events(self.events))?;
            // Signing took place before the clock of the report started.
            let signed = start.elapsed().saturating_sub(Duration::from_secs_f64(accept.seconds));
            self.await_processed(server)?;
            let seconds = start.elapsed().saturating_sub(signed).as_secs_f64();
            Ok(Processed { events: self.events, seconds, rate: self.events as f64 / seconds, accept })
        })?;
        Ok(Figures { accept, accept_memory_mb, steady, steady_memory_mb, process, process_memory_mb })
    }

    /// Measures something on a fresh server with a fresh database, and the server's peak of memory.
    fn on_server<T>(
        &self,
        kind: Kind,
        workers: bool,
        measure: impl FnOnce(&Server) -> Result<T, Error>,
    ) -> Result<(T, f64), Error> {
        let folder = tempfile::tempdir().map_err(Error::io("could not make a temporary folder"))?;
        let database = Database::create(kind, folder.path(), &self.postgres)?;
        if kind == Kind::Postgres {
            postgres::sql(&self.postgres, "CHECKPOINT")?;
        }
        let setup = Setup { tollgate: &self.tollgate, database: &database.url, folder: folder.path(), workers };
        let server = Server::start(setup)?;
        let measured = measure(&server)?;
        let memory = server.peak_memory()?;
        server.stop()?;
        Ok((measured, memory))
    }

    fn load(&self, server: &Server, rate: Option<u32>, amount: Amount) -> Result<Report, Error> {
        let report = load::run(&Load {
            url: server.url()?,
            secret: server.secret.clone(),
            connections: if rate.is_some() { STEADY_CONNECTIONS } else { self.connections },
            rate,
            amount,
            objects: OBJECTS,
        })?;
        if report.all_acknowledged() {
            return Ok(report);
        }
        let first = report.first_failure.as_deref().unwrap_or("none");
        Err(Error::Wrong(format!("not every event was acknowledged: {:?}, first failure: {first}", report.refused)))
    }

    fn await_processed(&self, server: &Server) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        while server.count_events("pending", 1)? + server.count_events("processing", 1)? > 0 {
            if Instant::now() > deadline {
                return Err(Error::Wrong("the events were not processed within ten minutes".to_owned()));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}
