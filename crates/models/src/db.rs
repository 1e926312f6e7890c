//! Connections to SQLite and PostgreSQL: which database a URL means, the reader pool, and the write lane.

mod changes;
mod claim_due;
mod connection;
mod dialect;
mod error;
mod free_rows;
mod inserts;
mod lane;
mod listen;
mod pool;
mod prepared;
mod rows;
mod types;
mod url;

pub use changes::{TableChanges, recording_changes};
pub(crate) use claim_due::{Due, claim_due, claim_tasks};
pub use connection::{AnyConnection, MultiBackend};
pub use dialect::begin_write;
pub(crate) use dialect::{insert_deliveries, insert_events, lock_claims, prefer_indexes, run_on_json};
pub use error::Error;
pub(crate) use free_rows::{Table, take_free};
pub(crate) use inserts::{insert_refetches, insert_runs, insert_shadow_events, insert_tasks, insert_versions};
pub use lane::Lane;
pub use listen::Listener;
pub(crate) use rows::{Cell, Insert, insert_rows};
pub(crate) use types::text_enum;
pub use url::{DatabaseUrl, UrlError};

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::TransactionManager;
use diesel::{Connection, QueryResult};

use lane::WriteLane;
use pool::{Pool, Purpose};

/// How many objects one transaction moves after a migration.
const MOVED_TOGETHER: i64 = 500;

type Transactions = <AnyConnection as Connection>::TransactionManager;

/// How a [`Database`] is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections kept for reading.
    pub readers: u32,
    /// Connections kept for writing; SQLite always has exactly one.
    pub writers: u32,
    /// Connections kept for [`Database::work`].
    pub workers: u32,
    /// How long a caller waits for a connection, or SQLite for a lock held by another process.
    pub wait: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 4, writers: 4, workers: 2, wait: Duration::from_secs(5) }
    }
}

/// When the commit of a [`Database::work`] has to survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Before anything that is committed later, which is soon.
    Soon,
    /// Before the call returns.
    Now,
}

/// One database, open: cheap to clone, usable from any thread, every call blocks.
#[derive(Clone)]
pub struct Database {
    url: DatabaseUrl,
    readers: Pool,
    writers: Pool,
    workers: Pool,
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
        let workers = if url.is_sqlite() {
            writers.clone()
        } else {
            pool::build(url, Purpose::Work, options.workers, options.wait)?
        };
        let lane = Arc::new(WriteLane::new(url.is_sqlite(), options.wait));
        Ok(Self { url: url.clone(), readers, writers, workers, lane })
    }

    /// The URL it was opened with; its `Debug` and `Display` hide the password.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Runs the migrations that are missing and returns their names; then moves the objects whose type has a table by now.
    ///
    /// # Errors
    /// When the database cannot be reached or a migration fails.
    pub fn migrate(&self) -> Result<Vec<String>, Error> {
        let run = {
            let _turn = self.lane.enter(Lane::Ordinary)?;
            dialect::run_migrations(&mut *self.writers.get()?)?
        };
        let mut moved = 0;
        loop {
            match self.write(Lane::Ordinary, |conn| crate::mirror::move_in(conn, MOVED_TOGETHER))? {
                0 => break,
                some => moved += some,
            }
        }
        if moved > 0 {
            tracing::info!(moved, "moved objects into the tables of their types");
        }
        Ok(run)
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

    /// Runs `work` in one write transaction of [`Lane::Work`]: a power cut may take its commit back, and nothing that was
    /// committed later. What `work` answers beside its value says whether that must not be, since something outside the
    /// database follows.
    ///
    /// # Errors
    /// Whatever `work` answers, or [`Error::Unavailable`] when no connection or lock is to be had, or the commit failed.
    pub fn work<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<(T, Durability), Error>) -> Result<T, Error> {
        let _turn = self.lane.enter(Lane::Work)?;
        let mut conn = self.workers.get()?;
        dialect::sync_commits(&mut conn, false)?;
        let worked = write_transaction(&mut conn, |conn| -> Result<(T, Durability), Error> {
            let (value, durability) = work(conn)?;
            if durability == Durability::Now {
                dialect::sync_this_commit(conn)?;
            }
            Ok((value, durability))
        });
        if matches!(worked, Ok((_, Durability::Now))) {
            dialect::sync_commits_before(&mut conn)?;
        }
        dialect::sync_commits(&mut conn, true)?;
        worked.map(|(value, _)| value)
    }

    /// Names a transaction of [`Database::work`], so that [`Database::break_off`] finds it.
    ///
    /// # Errors
    /// When the query fails.
    pub fn name_transaction(conn: &mut AnyConnection, name: &str) -> QueryResult<()> {
        dialect::name_transaction(conn, name)
    }

    /// Breaks off the transaction of that name, from another thread: PostgreSQL rolls it back and lets go of its locks. Whether
    /// it was; SQLite has no way to do that.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn break_off(&self, name: &str) -> Result<bool, Error> {
        Ok(dialect::end_transaction_of(&mut *self.readers.get()?, name)?)
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

/// What PostgreSQL says of each statement after one that failed in the same transaction.
pub const ABORTED: &str = "current transaction is aborted";

/// How many transactions and savepoints are open within one another.
///
/// # Errors
/// When the connection is broken.
pub fn depth(conn: &mut AnyConnection) -> QueryResult<u32> {
    let status = Transactions::transaction_manager_status_mut(conn);
    Ok(status.transaction_depth()?.map_or(0, std::num::NonZero::get))
}

/// The error that only rolls back, for work that failed for reasons of its own.
pub fn rollback() -> diesel::result::Error {
    diesel::result::Error::RollbackTransaction
}

/// Whether this is [`rollback`]'s.
pub fn is_rollback(error: &diesel::result::Error) -> bool {
    matches!(error, diesel::result::Error::RollbackTransaction)
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
