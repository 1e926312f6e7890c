//! SQL on either database beside a running server: counting, waiting for the queue to be empty, and filling tables in bulk.

use std::time::{Duration, Instant};

use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use tollgate::models::db::Options;
use tollgate::models::{AnyConnection, Database, DatabaseUrl, Lane, QueryResult};

use crate::error::Error;

/// How often the queue is looked at; an index answers that in far less than a millisecond.
const GLANCE: Duration = Duration::from_millis(20);

/// A connection for questions, one for changes.
pub struct Sql(Database);

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl Sql {
    /// Opens a database that has Tollgate's tables.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(url: &str) -> Result<Self, Error> {
        let url = DatabaseUrl::parse(url).map_err(|error| Error::Usage(error.to_string()))?;
        let options = Options { readers: 1, writers: 1, workers: 1, wait: Duration::from_secs(30) };
        Ok(Self(Database::connect(&url, &options).map_err(failed)?))
    }

    /// The number that a query answers in its column `count`.
    ///
    /// # Errors
    /// When the query fails.
    pub fn count(&self, query: &str) -> Result<i64, Error> {
        self.0.read(|conn| count(conn, query)).map_err(failed)
    }

    /// Runs a statement in a transaction of its own.
    ///
    /// # Errors
    /// When it fails.
    pub fn run(&self, statement: &str) -> Result<(), Error> {
        self.0.write(Lane::Ordinary, |conn| sql_query(statement).execute(conn).map(drop)).map_err(failed)
    }

    /// Runs a statement that must not be in a transaction.
    ///
    /// # Errors
    /// When it fails.
    pub fn outside(&self, statement: &str) -> Result<(), Error> {
        self.0.read(|conn| sql_query(statement).execute(conn).map(drop)).map_err(failed)
    }

    /// Waits until no event up to a number waits for a worker or is with one, and answers when that was so.
    ///
    /// # Errors
    /// When a query fails or it takes too long.
    pub fn await_drained(&self, last: i64, patience: Duration) -> Result<Instant, Error> {
        // Spelt like the condition of the index that holds only these.
        let query = format!(
            "SELECT count(*) AS count FROM (SELECT 1 FROM events \
             WHERE status IN ('pending', 'processing', 'failed') AND seq <= {last} LIMIT 1) AS waiting"
        );
        let deadline = Instant::now() + patience;
        while self.count(&query)? > 0 {
            if Instant::now() > deadline {
                let left = self.count("SELECT count(*) AS count FROM events WHERE status <> 'processed'")?;
                return Err(Error::Wrong(format!("{left} events were not processed within {} s", patience.as_secs())));
            }
            std::thread::sleep(GLANCE);
        }
        Ok(Instant::now())
    }

    /// Waits until every event is processed, and answers when that was so.
    ///
    /// # Errors
    /// When that takes too long, or ends with another number of processed events than the expected one.
    pub fn await_processed(&self, expected: u64, patience: Duration) -> Result<Instant, Error> {
        let done = self.await_drained(i64::MAX, patience)?;
        let processed = self.count("SELECT count(*) AS count FROM events WHERE status = 'processed'")?;
        if u64::try_from(processed) == Ok(expected) {
            return Ok(done);
        }
        Err(Error::Wrong(format!("{processed} events were processed, not {expected}")))
    }
}

fn count(conn: &mut AnyConnection, query: &str) -> QueryResult<i64> {
    sql_query(query).get_result::<Count>(conn).map(|row| row.count)
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Wrong(format!("the database: {error}"))
}
