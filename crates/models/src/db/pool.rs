//! The connection pools: one connection manager for both databases, and what each new connection is told.

use std::time::Duration;

use diesel::r2d2::{self, R2D2Connection};

use super::{AnyConnection, dialect};
use super::{DatabaseUrl, Error};

pub(super) type Pool = r2d2::Pool<Manager>;

/// What a pool's connections are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Read,
    Write,
    Work,
}

/// Opens connections to the database that a URL names.
#[derive(Debug)]
pub(super) struct Manager {
    url: DatabaseUrl,
    purpose: Purpose,
    wait: Duration,
}

impl r2d2::ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<AnyConnection, r2d2::Error> {
        dialect::establish(&self.url, self.purpose, self.wait)
    }

    fn is_valid(&self, conn: &mut AnyConnection) -> Result<(), r2d2::Error> {
        conn.ping().map_err(r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut AnyConnection) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}

pub(super) fn build(url: &DatabaseUrl, purpose: Purpose, size: u32, wait: Duration) -> Result<Pool, Error> {
    r2d2::Pool::builder()
        .max_size(size.max(1))
        .min_idle(Some(0))
        // A dead connection is dropped after its first failure. Readers are asked beforehand, so that a page never fails for
        // it; a writer is not, since that would cost each transaction a round trip.
        .test_on_check_out(!url.is_sqlite() && purpose == Purpose::Read)
        .connection_timeout(wait)
        .error_handler(Box::new(LogAtDebug))
        .build(Manager { url: url.clone(), purpose, wait })
        .map_err(Error::from)
}

// r2d2 retries in the background; the caller gets the error itself.
#[derive(Debug)]
struct LogAtDebug;

impl r2d2::HandleError<r2d2::Error> for LogAtDebug {
    fn handle_error(&self, error: r2d2::Error) {
        tracing::debug!(%error, "could not open a database connection");
    }
}
