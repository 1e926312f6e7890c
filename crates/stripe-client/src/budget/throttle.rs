//! A limit that is halved when Stripe complains and comes back slowly by itself.

use std::time::Duration;

use tokio::time::Instant;

/// A limit comes back from nothing to all in this time, so from half in half of it: slow enough that an account whose
/// limit is lower than we think is not pushed against it all the time.
const RECOVERY: Duration = Duration::from_secs(240);
/// No cut goes below this: one request a second, one at a time.
const LEAST: f64 = 1.0;

#[derive(Clone, Copy, Debug)]
pub(super) struct Throttle {
    most: f64,
    /// When it was last cut, and to what.
    cut: Option<(Instant, f64)>,
}

impl Throttle {
    pub(super) fn new(most: f64) -> Self {
        Self { most, cut: None }
    }

    /// The limit at this moment.
    pub(super) fn at(&self, now: Instant) -> f64 {
        let Some((when, to)) = self.cut else { return self.most };
        let back = now.saturating_duration_since(when).as_secs_f64() / RECOVERY.as_secs_f64();
        (to + self.most * back).min(self.most)
    }

    /// Cuts the limit, because of a request that left at `sent`.
    ///
    /// Requests that had left before the last cut say nothing new: a burst of complaints cuts once.
    pub(super) fn cut(&mut self, now: Instant, sent: Instant, to: f64) {
        if self.cut.is_none_or(|(when, _)| sent > when) {
            self.cut = Some((now, to.max(LEAST).min(self.most)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Throttle;

    #[test]
    fn a_cut_limit_comes_back_in_minutes() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut limit = Throttle::new(80.0);
        assert_eq!(limit.at(start), 80.0);
        limit.cut(start, start, 40.0);
        let seen = [0, 3, 60, 120, 1_000_000].map(|seconds| limit.at(after(seconds)));
        assert_eq!(seen, [40.0, 41.0, 60.0, 80.0, 80.0]);
    }

    #[test]
    fn complaints_about_the_time_before_the_cut_count_once() {
        let start = Instant::now();
        let later = start + Duration::from_secs(1);
        let mut limit = Throttle::new(80.0);
        limit.cut(later, start, 40.0);
        limit.cut(later, start, 20.0);
        assert_eq!(limit.at(later), 40.0);
        let latest = later + Duration::from_secs(1);
        limit.cut(latest, latest, 20.0);
        assert_eq!(limit.at(latest), 20.0);
    }

    #[test]
    fn no_cut_goes_below_one() {
        let now = Instant::now();
        for (most, to, expected) in [(80.0, 0.1, 1.0), (0.5, 0.1, 0.5), (80.0, 500.0, 80.0)] {
            let mut limit = Throttle::new(most);
            limit.cut(now, now, to);
            assert_eq!(limit.at(now), expected, "{most} to {to}");
        }
    }
}
