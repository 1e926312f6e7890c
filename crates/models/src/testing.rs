//! For tests: a fresh database, SQLite in a temporary folder or, if `TEST_DATABASE_URL` is set, a PostgreSQL schema of its own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::{Connection, RunQueryDsl};

use crate::db::Options;
use crate::{AnyConnection, Database, DatabaseUrl};

/// A fresh database that goes when it is dropped.
pub struct TestDb {
    url: DatabaseUrl,
    folder: Option<tempfile::TempDir>,
    schema: Option<(String, String)>,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl TestDb {
    /// Makes a fresh, empty database.
    #[expect(clippy::expect_used, reason = "a test without a database cannot go on")]
    #[expect(clippy::new_without_default, reason = "it does more than a default value would suggest")]
    pub fn new() -> Self {
        if let Ok(server) = std::env::var("TEST_DATABASE_URL") {
            let schema = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let mut conn = diesel::PgConnection::establish(&server).expect("TEST_DATABASE_URL answers");
            diesel::sql_query(format!("CREATE SCHEMA {schema}")).execute(&mut conn).expect("a schema can be made");
            let sign = if server.contains('?') { '&' } else { '?' };
            let url = format!("{server}{sign}options=-csearch_path%3D{schema}");
            let url = DatabaseUrl::parse(&url).expect("TEST_DATABASE_URL is a PostgreSQL URL");
            return Self { url, folder: None, schema: Some((server, schema)) };
        }
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let url = DatabaseUrl::Sqlite(folder.path().join("test.db"));
        Self { url, folder: Some(folder), schema: None }
    }

    /// Its URL.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Its URL as text, with everything that a connection needs.
    pub fn url_text(&self) -> String {
        match &self.url {
            DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
            DatabaseUrl::Postgres(url) => url.clone(),
        }
    }

    /// The temporary folder of a SQLite file.
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_ref().map(tempfile::TempDir::path)
    }

    /// Opens it, migrated.
    #[expect(clippy::expect_used, reason = "a test without a database cannot go on")]
    pub fn open(&self) -> Database {
        let options = Options { readers: 2, writers: 2, workers: 2, wait: Duration::from_secs(5) };
        Database::open(&self.url, &options).expect("the test database opens")
    }

    /// A single connection to it, outside any pool.
    #[expect(clippy::expect_used, reason = "a test without a database cannot go on")]
    pub fn connect(&self) -> AnyConnection {
        match &self.url {
            DatabaseUrl::Sqlite(path) => AnyConnection::Sqlite(
                diesel::SqliteConnection::establish(&path.to_string_lossy()).expect("the test database opens"),
            ),
            DatabaseUrl::Postgres(url) => {
                AnyConnection::Postgres(diesel::PgConnection::establish(url).expect("the test database opens"))
            }
        }
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if let Some((server, schema)) = &self.schema {
            let dropped =
                diesel::PgConnection::establish(server).map_err(|error| error.to_string()).and_then(|mut conn| {
                    diesel::sql_query(format!("DROP SCHEMA {schema} CASCADE"))
                        .execute(&mut conn)
                        .map_err(|error| error.to_string())
                });
            if let Err(error) = dropped {
                eprintln!("could not drop the test schema {schema}: {error}");
            }
        }
    }
}
