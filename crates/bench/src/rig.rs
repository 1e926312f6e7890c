//! What every measurement stands on: the program, the databases, fresh servers, and that nothing of it stays behind.

pub mod browser;
pub mod cleanup;
pub mod database;
pub mod fill;
pub mod lists;
pub mod postgres;
pub mod server;
pub mod sql;
pub mod stripe;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use url::Url;

use crate::error::Error;
use crate::load::{Amount, Load, OBJECTS, Report};
use cleanup::Cleanup;
use database::{Database, Kind};
use server::{Server, Serving, Settings};
use sql::Sql;

/// How long processing may take.
pub const PATIENCE: Duration = Duration::from_secs(900);

/// The arguments of every measurement.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The server to measure, built for release; without it, the one beside this program
    #[arg(long)]
    tollgate: Option<PathBuf>,
    /// A PostgreSQL server on which databases may be made; scripts/postgres starts one and sets this
    #[arg(long, env = "TEST_DATABASE_URL", hide_env_values = true)]
    database_url: Option<Url>,
    /// The databases to measure on
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["postgres", "sqlite"])]
    on: Vec<Kind>,
    /// A setting of the servers that is not its default, for example TOLLGATE_WORKERS=2
    #[arg(long, value_name = "NAME=VALUE", value_parser = server::setting)]
    set: Vec<(String, String)>,
    /// Also writes every figure to this file, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The program and the databases to measure.
#[derive(Clone, Debug)]
pub struct Rig {
    tollgate: PathBuf,
    postgres: Option<Url>,
    /// The databases to measure on.
    pub on: Vec<Kind>,
    set: Vec<(String, String)>,
    json: Option<PathBuf>,
}

impl Rig {
    /// Makes sure that everything is there before the first minute is spent.
    ///
    /// # Errors
    /// When it is not.
    pub fn new(arguments: &Arguments) -> Result<Self, Error> {
        let on = [Kind::Postgres, Kind::Sqlite].into_iter().filter(|kind| arguments.on.contains(kind)).collect();
        let rig = Self {
            tollgate: program(arguments.tollgate.clone())?,
            postgres: arguments.database_url.clone(),
            on,
            set: arguments.set.clone(),
            json: arguments.json.clone(),
        };
        if rig.on.contains(&Kind::Postgres) {
            postgres::sql(rig.postgres()?, "SELECT 1")?;
        }
        if let Some(file) = &rig.json {
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            if file.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
                return Err(Error::Usage(format!("--json: {} cannot be written", file.display())));
            }
        }
        cleanup::on_signals()?;
        Ok(rig)
    }

    /// The PostgreSQL server.
    ///
    /// # Errors
    /// When none was given.
    pub fn postgres(&self) -> Result<&Url, Error> {
        match &self.postgres {
            Some(url) if matches!(url.scheme(), "postgres" | "postgresql") => Ok(url),
            Some(_) => Err(Error::Usage("--database-url must start with postgres://".to_owned())),
            None => Err(Error::Usage(
                "a PostgreSQL server is needed: put `scripts/postgres --` before the command, or add `--on sqlite`"
                    .to_owned(),
            )),
        }
    }

    /// An empty database in a folder of its own.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn site(&self, kind: Kind) -> Result<Site, Error> {
        let folder = tempfile::tempdir().map_err(Error::io("could not make a temporary folder"))?.keep();
        let removed = folder.clone();
        let cleanup = Cleanup::new(move || drop(fs::remove_dir_all(removed)));
        let database = match kind {
            Kind::Sqlite => Database::sqlite(&folder),
            Kind::Postgres => Database::postgres(self.postgres()?)?,
        };
        let mut settings = Settings::new(&self.tollgate, &folder, &database.url)?;
        settings.set = self.set.clone();
        settings.command(&["migrate"], "")?;
        if kind == Kind::Postgres {
            postgres::sql(self.postgres()?, "CHECKPOINT")?;
        }
        Ok(Site { settings, database, _cleanup: cleanup })
    }

    /// Writes figures to the file that was asked for, if one was.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, figures: &impl Serialize) -> Result<(), Error> {
        let Some(file) = &self.json else { return Ok(()) };
        let text = serde_json::to_string_pretty(figures)? + "\n";
        fs::write(file, text).map_err(Error::io(format!("could not write {}", file.display())))
    }
}

fn program(given: Option<PathBuf>) -> Result<PathBuf, Error> {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.join("tollgate"));
    let path = given.or_else(beside).unwrap_or_else(|| "tollgate".into());
    let found = fs::canonicalize(&path).ok().filter(|path| path.is_file());
    found.ok_or_else(|| {
        let path = path.display();
        Error::Usage(format!(
            "there is no server at {path}: build one with `cargo build --release`, or name it by --tollgate"
        ))
    })
}

/// A database, a folder, and the settings of the servers that share them.
#[derive(Debug)]
pub struct Site {
    /// What its servers have in common.
    pub settings: Settings,
    /// The database.
    pub database: Database,
    // The last one: the database goes before its folder.
    _cleanup: Cleanup,
}

impl Site {
    /// Starts a server.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(&self, serving: Serving) -> Result<Server, Error> {
        Server::start(&self.settings, serving)
    }

    /// Opens the database beside its servers.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn sql(&self) -> Result<Sql, Error> {
        Sql::open(&self.database.url)
    }

    /// A load for one of its servers.
    ///
    /// # Errors
    /// Never for an address that was listened on.
    pub fn load(&self, server: &Server, connections: u32, rate: Option<u32>, amount: Amount) -> Result<Load, Error> {
        let (url, secret) = (server.url()?, self.settings.secret.clone());
        Ok(Load { url, secret, connections, rate, amount, objects: OBJECTS })
    }
}

/// Loads a server and answers how it did, if nothing was lost.
///
/// # Errors
/// When an event was not acknowledged.
pub fn post(load: &Load) -> Result<Report, Error> {
    crate::load::run(load)?.complete()
}
