//! How the request budgets at Stripe stand, for one scrape: those of all accounts of a mode together.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tollgate_stripe_client::budget::Snapshot;
use tollgate_stripe_client::{Budgets, Limits, Priority};

use super::families::Labels;

/// The gauges and counters, in a registry for one scrape.
pub(super) fn registry(budgets: &Budgets) -> Registry {
    let families = Families::default();
    let all = budgets.all();
    for (mode, live, limits) in [("live", true, Limits::LIVE), ("test", false, Limits::SANDBOX)] {
        let of_mode: Vec<Snapshot> =
            all.iter().filter(|(_, livemode, _)| *livemode == live).map(|(_, _, budget)| budget.snapshot()).collect();
        families.tell(mode, &of_mode, limits);
    }
    families.into_registry()
}

#[derive(Default)]
struct Families {
    sent: Family<Labels, Counter>,
    limited: Family<Labels, Counter>,
    in_flight: Family<Labels, Gauge>,
    waiting: Family<Labels, Gauge>,
    rate: Family<Labels, Gauge<f64, AtomicU64>>,
}

impl Families {
    fn tell(&self, mode: &str, budgets: &[Snapshot], limits: Limits) {
        let labels = || vec![("mode", mode.to_owned())];
        self.sent.get_or_create_owned(&labels()).inc_by(budgets.iter().map(|budget| budget.granted).sum());
        self.limited.get_or_create_owned(&labels()).inc_by(budgets.iter().map(|budget| budget.limited).sum());
        let in_flight: i64 = budgets.iter().map(|budget| i64::from(budget.in_flight)).sum();
        self.in_flight.get_or_create_owned(&labels()).set(in_flight);
        let slowest = budgets.iter().map(|budget| budget.rate).fold(limits.per_second, f64::min);
        self.rate.get_or_create_owned(&labels()).set(slowest);
        for priority in Priority::ALL {
            let labels = vec![("mode", mode.to_owned()), ("priority", priority.name().to_owned())];
            let waiting: usize = budgets.iter().map(|budget| budget.waiting_at(priority)).sum();
            self.waiting.get_or_create_owned(&labels).set(i64::try_from(waiting).unwrap_or(i64::MAX));
        }
    }

    fn into_registry(self) -> Registry {
        let mut registry = Registry::with_prefix("tollgate");
        registry.register("stripe_requests", "Requests that were let through to Stripe", self.sent);
        registry.register("stripe_requests_limited", "Times that Stripe answered 429", self.limited);
        registry.register("stripe_requests_in_flight", "Requests to Stripe under way", self.in_flight);
        registry.register("stripe_requests_waiting", "Calls that wait for the request budget", self.waiting);
        let help = "Requests a second that the slowest account's budget allows at present";
        registry.register("stripe_requests_allowed_per_second", help, self.rate);
        registry
    }
}
