//! Connections to SQLite and PostgreSQL: which database a URL means, the reader pool, and the write lane.

mod connection;
mod dialect;
mod error;
mod lane;
mod pool;
mod prepared;
mod types;
mod url;

pub use connection::{AnyConnection, MultiBackend};
pub use dialect::begin_write;
pub(crate) use dialect::{insert_deliveries, insert_events, insert_runs, lock_claims, upsert_mirror};
pub use error::Error;
pub use lane::Lane;
pub(crate) use types::text_enum;
pub use url::{DatabaseUrl, UrlError};

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::TransactionManager;
use diesel::{Connection, QueryResult};

use lane::WriteLane;
use pool::{Pool, Purpose};

type Transactions = <AnyConnection as Connection>::TransactionManager;

/// How a [`Database`] is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections kept for reading.
    pub readers: u32,
    /// Connections kept for writing; SQLite always has exactly one.
    pub writers: u32,
    /// How long a caller waits for a connection, or SQLite for a lock held by another process.
    pub wait: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 4, writers: 4, wait: Duration::from_secs(5) }
    }
}

/// One database, open: cheap to clone, usable from any thread, every call blocks.
#[derive(Clone)]
pub struct Database {
    url: DatabaseUrl,
    readers: Pool,
    writers: Pool,
    lane: Arc<WriteLane>,
}

impl Database {
    /// Opens the database and runs the migrations it lacks.
    ///
    /// # Errors
    /// When the database cannot be reached, its file cannot be made, or a migration fails.
    pub fn open(url: &DatabaseUrl, options: &Options) -> Result<Self, Error> {
        let database = Self::connect(url, options)?;
        database.migrate()?;
        Ok(database)
    }

    /// Opens the database as it is, without running migrations.
    ///
    /// # Errors
    /// When the database cannot be reached or its file cannot be made.
    pub fn connect(url: &DatabaseUrl, options: &Options) -> Result<Self, Error> {
        if let Some(path) = url.file() {
            make_private_file(path)?;
        }
        let writers = if url.is_sqlite() { 1 } else { options.writers };
        let writers = pool::build(url, Purpose::Write, writers, options.wait)?;
        let readers = pool::build(url, Purpose::Read, options.readers, options.wait)?;
        let lane = Arc::new(WriteLane::new(url.is_sqlite(), options.wait));
        Ok(Self { url: url.clone(), readers, writers, lane })
    }

    /// The URL it was opened with; its `Debug` and `Display` hide the password.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Runs the migrations that are missing and returns their names.
    ///
    /// # Errors
    /// When the database cannot be reached or a migration fails.
    pub fn migrate(&self) -> Result<Vec<String>, Error> {
        let _turn = self.lane.enter(Lane::Ordinary)?;
        dialect::run_migrations(&mut *self.writers.get()?)
    }

    /// Names the migrations that have not run yet.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn pending_migrations(&self) -> Result<Vec<String>, Error> {
        dialect::pending_migrations(&mut *self.writers.get()?)
    }

    /// Runs a query on a reader connection; on SQLite that connection refuses to write.
    ///
    /// # Errors
    /// Whatever `query` answers, or [`Error::Unavailable`] when no connection is to be had.
    pub fn read<T, E>(&self, query: impl FnOnce(&mut AnyConnection) -> Result<T, E>) -> Result<T, Error>
    where
        Error: From<E>,
    {
        Ok(query(&mut *self.readers.get()?)?)
    }

    /// Runs `work` in one write transaction, committed if it answers `Ok` and rolled back otherwise.
    ///
    /// # Errors
    /// Whatever `work` answers, or [`Error::Unavailable`] when no connection or lock is to be had, or the commit failed.
    pub fn write<T, E>(&self, lane: Lane, work: impl FnOnce(&mut AnyConnection) -> Result<T, E>) -> Result<T, Error>
    where
        Error: From<E>,
    {
        let _turn = self.lane.enter(lane)?;
        let mut conn = self.writers.get()?;
        write_transaction(&mut conn, work)
    }

    /// Whether the intake of events waits for the write lane; long work should then commit and let it pass.
    pub fn intake_waits(&self) -> bool {
        self.lane.urgent_waits()
    }

    /// Answers within the pool's wait whether the database takes queries and writes.
    ///
    /// # Errors
    /// When it does not.
    pub fn ping(&self) -> Result<(), Error> {
        use diesel::RunQueryDsl;
        self.read(|conn| diesel::sql_query("SELECT 1").execute(conn).map(drop))
    }
}

// A new file holds customers' data: only its owner may read it, whatever the umask says.
fn make_private_file(path: &std::path::Path) -> Result<(), Error> {
    use std::os::unix::fs::OpenOptionsExt;
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::Unavailable(format!("could not make {}: {error}", path.display()))),
    }
}

/// Runs `work` in a savepoint of the open transaction; if it fails, only what it did is rolled back.
///
/// Transactions that `work` began and left open, as a panic does that was caught further in, are rolled back with it: the
/// caller's commit would end the innermost one instead of its own.
///
/// # Errors
/// Whatever `work` answers; also when it left a transaction open.
pub fn savepoint<T>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    let outer = depth(conn)?;
    Transactions::begin_transaction(conn)?;
    let ended = match work(conn) {
        Ok(value) if depth(conn)? == outer + 1 => Transactions::commit_transaction(conn).map(|()| value),
        Ok(_) => Err(diesel::result::Error::QueryBuilderError("a transaction was left open".into())),
        Err(error) => Err(error),
    };
    if ended.is_err() {
        while depth(conn)? > outer {
            Transactions::rollback_transaction(conn)?;
        }
    }
    ended
}

// How many transactions and savepoints are open within one another.
fn depth(conn: &mut AnyConnection) -> QueryResult<u32> {
    let status = Transactions::transaction_manager_status_mut(conn);
    Ok(status.transaction_depth()?.map_or(0, std::num::NonZero::get))
}

/// The error that only rolls back, for work that failed for reasons of its own.
pub fn rollback() -> diesel::result::Error {
    diesel::result::Error::RollbackTransaction
}

fn write_transaction<T, E>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, Error>
where
    Error: From<E>,
{
    begin_write(conn)?;
    match work(conn) {
        Ok(value) => {
            Transactions::commit_transaction(conn)?;
            Ok(value)
        }
        Err(error) => {
            let rolled_back: QueryResult<()> = Transactions::rollback_transaction(conn);
            if let Err(rollback) = rolled_back {
                tracing::warn!(%rollback, "could not roll back; the connection is dropped");
            }
            Err(error.into())
        }
    }
}
