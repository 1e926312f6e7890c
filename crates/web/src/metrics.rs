//! What this process counts and measures, for Prometheus.

mod budgets;
mod families;
mod figures;
mod intake;
mod scrape;
mod work;

use std::sync::Arc;

use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tollgate_models::Database;
use tollgate_stripe_client::Budgets;

use crate::{Clock, Handlers};

pub(crate) use intake::{Lags, Unavailable};
pub(crate) use scrape::serve;

use figures::Figures;
use intake::Intake;
use work::Work;

/// The metrics of one Tollgate, in a registry of their own; cheap to clone. Every series is made at the start, so that a
/// request only adds to atomics; histograms, which take a lock, are left to the threads behind the requests.
#[derive(Clone)]
pub(crate) struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    intake: Intake,
    work: Work,
    figures: Figures,
    budgets: Budgets,
}

impl Metrics {
    pub(crate) fn new(database: &Database, handlers: &Handlers, clock: &Clock) -> Self {
        let mut registry = Registry::with_prefix("tollgate");
        let kind = if database.url().is_sqlite() { "sqlite" } else { "postgres" };
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION")), ("database", kind)]);
        registry.register("build", "The version of Tollgate and the kind of database", build);
        let (intake, work) = (Intake::new(&mut registry), Work::new(&mut registry, handlers));
        Self(Arc::new(Inner {
            registry,
            intake,
            work,
            figures: Figures::new(database, clock),
            budgets: Budgets::default(),
        }))
    }

    /// The request budgets of all accounts.
    pub(crate) fn budgets(&self) -> &Budgets {
        &self.0.budgets
    }

    /// What is counted of deliveries.
    pub(crate) fn intake(&self) -> &Intake {
        &self.0.intake
    }

    /// What is counted of the work on events and tasks.
    pub(crate) fn work(&self) -> &Work {
        &self.0.work
    }
}
