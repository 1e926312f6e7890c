//! What time it is at Stripe, by the `Date` of its answers: this machine's clock may be wrong.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Client;

/// The date of the last answer, in unix seconds, and when it came.
#[derive(Debug, Default)]
pub(super) struct Dated(Mutex<Option<(i64, Instant)>>);

impl Dated {
    /// Takes note of an answer that came just now.
    pub(super) fn note(&self, date: i64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((date, Instant::now()));
    }

    fn at(&self, moment: Instant) -> Option<i64> {
        let (date, came) = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some(match came.checked_duration_since(moment) {
            Some(before) => date.saturating_sub(seconds(before + Duration::from_millis(999))),
            None => date.saturating_add(seconds(moment - came)),
        })
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

impl Client {
    /// What time it was at Stripe at a moment, in unix seconds, by the date of the last answer; rounded down, so that
    /// what Stripe dates later happened later. None before the first answer.
    ///
    /// ```
    /// # use tollgate_stripe_client::{ApiKey, Client};
    /// let client = Client::builder(ApiKey::parse("rk_test_4eC39HqLyjWDarjtT1zdp7dc")?).build()?;
    /// assert_eq!(client.stripe_time_at(std::time::Instant::now()), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stripe_time_at(&self, moment: Instant) -> Option<i64> {
        self.shared.dated.at(moment)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Dated;

    #[test]
    fn stripes_time_is_reckoned_from_its_last_answer() {
        let dated = Dated::default();
        let before = Instant::now();
        assert_eq!(dated.at(before), None);
        dated.note(1_700_000_000);
        let after = Instant::now();
        let (earlier, later) = (before - Duration::from_secs(5), after + Duration::from_secs(5));
        assert!((1_699_999_990..=1_699_999_995).contains(&dated.at(earlier).unwrap()), "rounded down");
        assert!((1_700_000_005..=1_700_000_010).contains(&dated.at(later).unwrap()));
        dated.note(i64::MAX);
        assert_eq!(dated.at(after + Duration::from_secs(9)), Some(i64::MAX));
    }
}
