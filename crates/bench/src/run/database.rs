//! Databases to measure on: each load gets one of its own, empty.

use std::path::Path;

use url::Url;

use crate::error::Error;
use crate::postgres;

/// Which kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file beside the server.
    Sqlite,
    /// A PostgreSQL server on the same machine.
    Postgres,
}

/// An empty database, removed when it is dropped or with its folder.
#[derive(Debug)]
pub struct Database {
    /// The URL for the server under load.
    pub url: String,
    drop: Option<(Url, String)>,
}

impl Database {
    /// Makes a database: SQLite's in the folder, PostgreSQL's on the server.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn create(kind: Kind, folder: &Path, server: &Url) -> Result<Self, Error> {
        if kind == Kind::Sqlite {
            return Ok(Self { url: format!("sqlite://{}", folder.join("bench.db").display()), drop: None });
        }
        let name = format!("tollgate_bench_{}", uuid::Uuid::new_v4().simple());
        postgres::sql(server, &format!("CREATE DATABASE {name}"))?;
        let mut url = server.clone();
        url.set_path(&name);
        Ok(Self { url: url.into(), drop: Some((server.clone(), name)) })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some((server, name)) = &self.drop else { return };
        if let Err(error) = postgres::sql(server, &format!("DROP DATABASE {name} WITH (FORCE)")) {
            eprintln!("tollgate-bench: the database {name} stays: {error}");
        }
    }
}
