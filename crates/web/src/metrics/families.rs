//! Families of series that are all made beforehand, and the buckets of histograms.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The labels of a series.
pub(super) type Labels = Vec<(&'static str, String)>;

/// For what takes place on this machine, in seconds: from half a millisecond, a commit on a fast disk, to a minute, when a
/// handler's transaction is broken off.
pub(super) const DURATIONS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0];
/// For what has a time limit of Stripe's or of our retries, in seconds: from the milliseconds of an idle server to the three
/// days after which both give up.
pub(super) const WAITS: [f64; 15] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 600.0, 3600.0, 21_600.0, 259_200.0];
/// For the age of an event when it arrives, in seconds: Stripe tells `created` in whole seconds, and tries for three days.
pub(super) const LAGS: [f64; 11] = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 86_400.0, 259_200.0];
/// For the size of batches, up to the largest that there are.
pub(super) const SIZES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// The counters of one family, by the value of a label.
#[derive(Debug)]
pub(super) struct Counters(Vec<(&'static str, Counter)>);

impl Counters {
    /// Makes one for each value, beside what other labels say.
    pub(super) fn new(
        family: &Family<Labels, Counter>,
        others: &Labels,
        label: &'static str,
        values: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let counter = |value: &'static str| {
            let labels = others.iter().cloned().chain([(label, value.to_owned())]).collect();
            (value, family.get_or_create_owned(&labels))
        };
        Self(values.into_iter().map(counter).collect())
    }

    /// Adds to the counter of a value; there are so few that looking through them is the fastest way.
    pub(super) fn add(&self, value: &str, count: u64) {
        if let Some((_, counter)) = self.0.iter().find(|(known, _)| *known == value) {
            counter.inc_by(count);
        }
    }
}

/// Registers a counter.
pub(super) fn counter(registry: &mut Registry, name: &str, help: &str) -> Counter {
    let counter = Counter::default();
    registry.register(name, help, counter.clone());
    counter
}

/// Registers a family of counters with one label.
pub(super) fn counters(
    registry: &mut Registry,
    name: &str,
    help: &str,
    label: &'static str,
    values: impl IntoIterator<Item = &'static str>,
) -> Counters {
    let family = Family::default();
    registry.register(name, help, family.clone());
    Counters::new(&family, &Labels::new(), label, values)
}

/// Registers a histogram of sizes.
pub(super) fn sizes(registry: &mut Registry, name: &str, help: &str) -> Histogram {
    let histogram = Histogram::new(SIZES);
    registry.register(name, help, histogram.clone());
    histogram
}

/// Registers a histogram of times in seconds.
pub(super) fn times<const N: usize>(registry: &mut Registry, name: &str, help: &str, buckets: [f64; N]) -> Histogram {
    let histogram = Histogram::new(buckets);
    registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
    histogram
}
