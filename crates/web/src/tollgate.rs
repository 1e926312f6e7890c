//! The application object: built once, cloned freely, mounted into an actix-web app.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use secrecy::ExposeSecret;
use tollgate_models::db::Options;
use tollgate_models::{Database, DatabaseUrl};

use crate::intake::Intake;
use crate::keyring::{self, Keyring};
use crate::metrics::Metrics;
use crate::stripe_keys::StripeKeys;
use crate::worker::{MOST_ABANDONED, Workers};
use crate::{Clock, Config, Db, Error, Handlers, routes, secret_file};

/// Tollgate, ready to take events: the database, the keys, the handlers, and the threads that do the work.
#[derive(Clone)]
pub struct Tollgate(Arc<Inner>);

struct Inner {
    config: Config,
    clock: Clock,
    db: Db,
    stripe_keys: StripeKeys,
    keyring: Keyring,
    handlers: Arc<Handlers>,
    metrics: Metrics,
    intake: Intake,
    workers: Workers,
}

/// Builds a [`Tollgate`].
pub struct Builder {
    config: Config,
    handlers: Handlers,
    clock: Clock,
    work: bool,
}

impl Builder {
    /// Registers the application's handlers.
    #[must_use]
    pub fn handlers(self, handlers: Handlers) -> Self {
        Self { handlers, ..self }
    }

    /// Takes the time from another clock.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Takes events in without processing them in this process.
    #[must_use]
    pub fn without_workers(self) -> Self {
        Self { work: false, ..self }
    }

    /// Opens the database and runs its migrations, checks the secret key and the handlers, and starts the threads.
    ///
    /// # Errors
    /// When the database cannot be opened, the secret key is missing or another one, or a handler cannot be right.
    pub async fn build(self) -> Result<Tollgate, Error> {
        self.handlers.check().map_err(|error| Error::BadRequest(error.to_string()))?;
        // Opening a database and reading a key file block; nothing else runs yet.
        let opened = web::block(move || self.open()).await.map_err(Error::internal)??;
        Ok(opened)
    }

    fn open(self) -> Result<Tollgate, Error> {
        let given = given_keyring(&self.config)?;
        // The intake must answer within 10 s even while the database is locked.
        let workers = u32::try_from(self.config.workers).unwrap_or(u32::MAX);
        // A handler that does not end keeps its connection, though the server has ended it.
        let spare = 1 + MOST_ABANDONED;
        let options =
            Options { readers: 4, writers: 4, workers: workers.saturating_add(spare), wait: Duration::from_secs(4) };
        let database = Database::open(&self.config.database_url, &options)?;
        let keyring = given.map_or_else(|| keyring_in_file(&database), Ok)?;
        keyring::check(&keyring, &database)?;
        let handlers = Arc::new(self.handlers);
        let metrics = Metrics::new(&database, &handlers, &self.clock);
        let workers = Workers::new(&database, &handlers, &self.config, &self.clock, &keyring, &metrics);
        let intake = Intake::start(&database, &self.config, &self.clock, &keyring, &workers, &metrics)?;
        if self.work {
            workers.start()?;
        }
        Ok(Tollgate(Arc::new(Inner {
            stripe_keys: workers.stripe_keys(),
            config: self.config,
            clock: self.clock,
            db: Db::new(database),
            keyring,
            handlers,
            metrics,
            intake,
            workers,
        })))
    }
}

// None if it is to be found in a file beside the database.
fn given_keyring(config: &Config) -> Result<Option<Keyring>, Error> {
    match (&config.secret_key, &config.database_url) {
        (Some(text), _) => match Keyring::parse(text.expose_secret()) {
            Ok(keyring) => Ok(Some(keyring)),
            Err(error) => Err(Error::BadRequest(error.to_string())),
        },
        (None, DatabaseUrl::Sqlite(_)) => Ok(None),
        (None, DatabaseUrl::Postgres(_)) => Err(no_key()),
    }
}

fn keyring_in_file(database: &Database) -> Result<Keyring, Error> {
    let path = database.url().file().ok_or_else(no_key)?;
    secret_file::load_or_make(path, keyring::is_in_use(database)?)
}

fn no_key() -> Error {
    Error::BadRequest(
        "TOLLGATE_SECRET_KEY is not set: with PostgreSQL, set it to 32 random bytes in base64, \
         for example the output of: openssl rand -base64 32"
            .to_owned(),
    )
}

impl Tollgate {
    /// Begins to build one.
    pub fn builder(config: Config) -> Builder {
        Builder { config, handlers: Handlers::new(), clock: Clock::System, work: true }
    }

    /// Everything that Tollgate serves, for [`actix_web::App::configure`]: webhooks, the admin, the health checks, and the
    /// metrics if [`Config::metrics_token`] is set.
    pub fn routes(&self) -> impl FnOnce(&mut web::ServiceConfig) + Clone + use<> {
        routes::all(self.clone())
    }

    /// Webhooks and health checks only, for a public listener beside a private admin.
    pub fn public_routes(&self) -> impl FnOnce(&mut web::ServiceConfig) + Clone + use<> {
        routes::public(self.clone())
    }

    /// The admin, the health checks and the metrics only. Without [`Config::metrics_token`] anyone who reaches them may
    /// read the metrics.
    pub fn admin_routes(&self) -> impl FnOnce(&mut web::ServiceConfig) + Clone + use<> {
        routes::admin(self.clone())
    }

    /// The metrics and the health checks only, for a listener of their own or beside the public routes. Without
    /// [`Config::metrics_token`] anyone who reaches them may read the metrics.
    pub fn metrics_routes(&self) -> impl FnOnce(&mut web::ServiceConfig) + Clone + use<> {
        routes::metrics(self.clone())
    }

    /// The configuration it was built with.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The keys that secrets are sealed with.
    pub fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// The registered handlers.
    pub fn handlers(&self) -> &Handlers {
        &self.0.handlers
    }

    pub(crate) fn intake(&self) -> &Intake {
        &self.0.intake
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn stripe_keys(&self) -> &StripeKeys {
        &self.0.stripe_keys
    }

    /// Lets the intake see at once that an endpoint changed in this process.
    pub(crate) async fn intake_refresh(&self) -> Result<(), Error> {
        let intake = self.0.intake.clone();
        web::block(move || intake.refresh()).await.map_err(Error::internal)?
    }

    /// The threads that process events.
    pub fn workers(&self) -> &Workers {
        &self.0.workers
    }

    /// Stops taking events in and finishes what is under way, for at most `deadline`; then gives the rest back to the queue.
    pub async fn shut_down(&self, deadline: Duration) {
        self.0.intake.close();
        let tollgate = self.clone();
        let stopped = web::block(move || tollgate.0.workers.stop(deadline)).await;
        if let Err(error) = stopped {
            tracing::error!(%error, "the workers did not stop");
        }
    }
}
