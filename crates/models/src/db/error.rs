//! What can go wrong with the database, sorted by what the caller can do about it.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

/// A failed database call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Gone, locked, full or out of connections: the same call may succeed later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The query itself failed.
    #[error("the database refused a query: {0}")]
    Query(#[source] Diesel),
    /// Another worker took an event over while this one was at it.
    #[error("lost the claim on an event")]
    LostClaim,
    /// A migration failed.
    #[error("a migration failed: {0}")]
    Migration(String),
}

impl Error {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether a unique index refused the row.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Query(Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }
}

// SQLite and libpq report these states only as text.
const PASSING: [&str; 15] = [
    "database is locked",
    "deadlock detected",
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
    "attempt to write a readonly database",
    "server closed the connection",
    "terminating connection",
    "no connection to the server",
    "connection to server",
    "could not receive data from server",
    "could not send data to server",
    "No space left on device",
    "the database system is",
];

impl From<Diesel> for Error {
    fn from(error: Diesel) -> Self {
        let passing = match &error {
            Diesel::DatabaseError(
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::UnableToSendCommand,
                _,
            )
            | Diesel::BrokenTransactionManager => true,
            other => {
                let text = other.to_string();
                PASSING.iter().any(|passing| text.contains(passing))
            }
        };
        if passing { Self::Unavailable(error.to_string()) } else { Self::Query(error) }
    }
}

impl From<diesel::r2d2::PoolError> for Error {
    fn from(error: diesel::r2d2::PoolError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
