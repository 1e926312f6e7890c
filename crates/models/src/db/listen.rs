//! Word between processes that share a PostgreSQL database: `LISTEN` and `NOTIFY`, beside which everybody still looks for
//! themselves now and then.

use std::time::Duration;

use diesel::prelude::*;

use super::pool::Purpose;
use super::{AnyConnection, Database, Error, dialect};

const CHANNEL: &str = "tollgate_events";
/// How often the connection is looked at. libpq does not say when something has come.
const GLANCE: Duration = Duration::from_millis(20);

/// A connection that hears when another process has stored events.
pub struct Listener {
    conn: AnyConnection,
}

impl Database {
    /// Begins to listen; none on SQLite, which one process has to itself.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn listen(&self) -> Result<Option<Listener>, Error> {
        if self.url.is_sqlite() {
            return Ok(None);
        }
        let mut conn = dialect::establish(&self.url, Purpose::Read, self.lane.wait())
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        diesel::sql_query(format!("LISTEN {CHANNEL}")).execute(&mut conn)?;
        Ok(Some(Listener { conn }))
    }

    /// Tells every process that listens that there are events; nothing on SQLite.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn notify(&self) -> Result<(), Error> {
        if self.url.is_sqlite() {
            return Ok(());
        }
        let mut conn = self.readers.get()?;
        Ok(diesel::sql_query(format!("NOTIFY {CHANNEL}")).execute(&mut *conn).map(drop)?)
    }
}

impl Listener {
    /// Waits until there is word, for at most `longest`; whether there was.
    ///
    /// # Errors
    /// When the connection is lost: then listen anew.
    pub fn wait(&mut self, longest: Duration) -> Result<bool, Error> {
        let mut left = longest;
        loop {
            if dialect::take_notifications(&mut self.conn)? {
                return Ok(true);
            }
            if left.is_zero() {
                return Ok(false);
            }
            let nap = left.min(GLANCE);
            std::thread::sleep(nap);
            left -= nap;
        }
    }
}
