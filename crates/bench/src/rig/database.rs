//! Databases to measure on: each load gets one of its own, empty.

use std::path::Path;

use serde::Serialize;
use url::Url;

use super::cleanup::Cleanup;
use super::postgres;
use crate::error::Error;

/// Which kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A PostgreSQL server on the same machine.
    Postgres,
    /// A file beside the server.
    Sqlite,
}

impl Kind {
    /// As it stands in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

/// An empty database: PostgreSQL's is removed when this is dropped, SQLite's with its folder.
#[derive(Debug)]
pub struct Database {
    /// Which kind.
    pub kind: Kind,
    /// The URL for the server under load.
    pub url: String,
    _cleanup: Option<Cleanup>,
}

impl Database {
    /// Makes a SQLite database in a folder.
    pub fn sqlite(folder: &Path) -> Self {
        let url = format!("sqlite://{}", folder.join("bench.db").display());
        Self { kind: Kind::Sqlite, url, _cleanup: None }
    }

    /// Makes a database on a PostgreSQL server.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn postgres(server: &Url) -> Result<Self, Error> {
        let name = format!("tollgate_bench_{}", uuid::Uuid::new_v4().simple());
        postgres::sql(server, &format!("CREATE DATABASE {name}"))?;
        let mut url = server.clone();
        url.set_path(&name);
        let server = server.clone();
        let cleanup = Cleanup::new(move || {
            if let Err(error) = postgres::sql(&server, &format!("DROP DATABASE {name} WITH (FORCE)")) {
                eprintln!("tollgate-bench: the database {name} stays: {error}");
            }
        });
        Ok(Self { kind: Kind::Postgres, url: url.into(), _cleanup: Some(cleanup) })
    }
}
