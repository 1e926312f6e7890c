//! The one bridge between async code and the database: each call runs on the blocking thread pool.

use actix_web::web;
use tollgate_models::{AnyConnection, Database, Lane};

use crate::Error;

/// The database, for async code.
#[derive(Clone)]
pub struct Db(Database);

impl Db {
    pub(crate) fn new(database: Database) -> Self {
        Self(database)
    }

    /// The database itself, for threads that may block.
    pub fn blocking(&self) -> &Database {
        &self.0
    }

    /// Runs queries on a reader connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is gone or locked, [`Error::Internal`] when a query fails.
    pub async fn read<T, E>(
        &self,
        query: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        tollgate_models::Error: From<E>,
    {
        let database = self.0.clone();
        Ok(web::block(move || database.read(query)).await.map_err(Error::internal)??)
    }

    /// Runs queries in one write transaction, committed if `work` answers `Ok`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is gone or locked, [`Error::Internal`] when a query fails.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        tollgate_models::Error: From<E>,
    {
        let database = self.0.clone();
        Ok(web::block(move || database.write(Lane::Ordinary, work)).await.map_err(Error::internal)??)
    }
}
