//! Decides whether a request is sent again, and after what wait; pure, so that every case is in one table.

use std::time::Duration;

use crate::error::Limited;

/// What to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Hand the outcome to the caller.
    Stop,
    /// Send the same request again after this wait.
    After(Duration),
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No connection, a broken one, an incomplete answer or no answer in time.
    Broken,
    /// The server's certificate is not trusted: trying again cannot help.
    Untrusted,
    /// An answer.
    Answer {
        /// The HTTP status.
        status: u16,
        /// `Stripe-Should-Retry`, which wins over the status.
        should_retry: Option<bool>,
        /// `Retry-After`.
        retry_after: Option<Duration>,
        /// What a 429 complains about.
        limited: Option<Limited>,
    },
}

/// What is known before the outcome.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// How many retries may follow the first attempt.
    pub max_retries: u32,
    /// Whether sending twice is harmless: GET, DELETE, or a POST with an idempotency key.
    pub repeatable: bool,
    /// Whether a [`Budget`](crate::Budget) slows down before the next attempt.
    pub paced: bool,
}

/// The waits between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The least wait; it doubles with each attempt.
    pub first: Duration,
    /// The longest wait of our own making.
    pub longest: Duration,
    /// The longest `Retry-After` that is waited for inside a call; beyond it the caller decides.
    pub longest_asked: Duration,
}

impl Default for Backoff {
    /// The waits of Stripe's SDKs: 0.5 s, doubled up to 5 s; a `Retry-After` of up to 30 s is obeyed.
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(5),
            longest_asked: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// Decides about one attempt; `jitter` lies in 0..1 and shortens our own wait by up to half.
    ///
    /// The rules are those of Stripe's SDKs: `Stripe-Should-Retry` wins; otherwise broken connections, 409, 5xx and
    /// locked objects are tried again. More requests are the wrong answer to any other 429, so it is tried again only
    /// when it says after what time, or when a budget slows all requests down first.
    pub fn decide(&self, attempt: Attempt, outcome: Outcome, jitter: f64) -> Retry {
        if attempt.number > attempt.max_retries || !attempt.repeatable || !worth_repeating(attempt.paced, outcome) {
            return Retry::Stop;
        }
        let asked = match outcome {
            Outcome::Answer { retry_after: Some(asked), .. } => asked,
            _ => Duration::ZERO,
        };
        if asked > self.longest_asked {
            return Retry::Stop;
        }
        Retry::After(self.wait(attempt.number, jitter).max(asked))
    }

    fn wait(&self, number: u32, jitter: f64) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(number.saturating_sub(1)));
        let jitter = if (0.0..=1.0).contains(&jitter) { jitter } else { 0.0 };
        doubled.min(self.longest).mul_f64(1.0 - jitter / 2.0).max(self.first)
    }
}

fn worth_repeating(paced: bool, outcome: Outcome) -> bool {
    match outcome {
        Outcome::Broken => true,
        Outcome::Untrusted => false,
        Outcome::Answer { should_retry: Some(wish), .. } => wish,
        Outcome::Answer { limited: Some(limited), retry_after, .. } => match limited {
            Limited::Lock => true,
            Limited::Rate | Limited::Concurrency => paced || retry_after.is_some(),
            Limited::Resource => retry_after.is_some(),
        },
        Outcome::Answer { status, .. } => status == 409 || status >= 500,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Attempt, Backoff, Limited, Outcome, Retry};

    fn answer(status: u16, should_retry: Option<bool>, retry_after: Option<u64>) -> Outcome {
        let limited = (status == 429).then_some(Limited::Rate);
        Outcome::Answer { status, should_retry, retry_after: retry_after.map(Duration::from_secs), limited }
    }

    fn decide(number: u32, outcome: Outcome, jitter: f64) -> Retry {
        let attempt = Attempt { number, max_retries: 2, repeatable: true, paced: false };
        Backoff::default().decide(attempt, outcome, jitter)
    }

    #[test]
    fn every_outcome_has_its_decision() {
        let after = |millis| Retry::After(Duration::from_millis(millis));
        let cases = [
            (1, Outcome::Broken, after(500)),
            (2, Outcome::Broken, after(1000)),
            (3, Outcome::Broken, Retry::Stop),
            (1, Outcome::Untrusted, Retry::Stop),
            (1, answer(200, None, None), Retry::Stop),
            (1, answer(302, None, None), Retry::Stop),
            (1, answer(400, None, None), Retry::Stop),
            (1, answer(401, None, None), Retry::Stop),
            (1, answer(404, None, None), Retry::Stop),
            (1, answer(409, None, None), after(500)),
            (1, answer(424, None, None), Retry::Stop),
            (1, answer(500, None, None), after(500)),
            (2, answer(503, None, None), after(1000)),
            (1, answer(503, None, Some(7)), after(7000)),
            (1, answer(500, Some(false), None), Retry::Stop),
            (1, answer(409, Some(false), None), Retry::Stop),
            (1, answer(400, Some(true), None), after(500)),
            (1, answer(429, None, None), Retry::Stop),
            (1, answer(429, None, Some(3)), after(3000)),
            (2, answer(429, None, Some(3)), after(3000)),
            (3, answer(429, None, Some(3)), Retry::Stop),
            (1, answer(429, None, Some(0)), after(500)),
            (1, answer(429, None, Some(30)), after(30_000)),
            (1, answer(429, None, Some(31)), Retry::Stop),
            (2, answer(429, Some(true), None), after(1000)),
            (1, answer(429, Some(false), Some(1)), Retry::Stop),
        ];
        for (number, outcome, expected) in cases {
            assert_eq!(decide(number, outcome, 0.0), expected, "attempt {number}, {outcome:?}");
        }
    }

    #[test]
    fn a_429_is_repeated_for_its_reason() {
        use Limited::{Concurrency, Lock, Rate, Resource};
        let cases = [
            (Lock, false, None, true),
            (Rate, false, None, false),
            (Rate, true, None, true),
            (Rate, false, Some(1), true),
            (Concurrency, false, None, false),
            (Concurrency, true, None, true),
            (Resource, true, None, false),
            (Resource, false, Some(1), true),
        ];
        for (limited, paced, seconds, expected) in cases {
            let retry_after = seconds.map(Duration::from_secs);
            let outcome = Outcome::Answer { status: 429, should_retry: None, retry_after, limited: Some(limited) };
            let attempt = Attempt { number: 1, max_retries: 2, repeatable: true, paced };
            let decision = Backoff::default().decide(attempt, outcome, 0.0);
            assert_eq!(decision != Retry::Stop, expected, "{limited:?}, paced: {paced}, after {seconds:?}");
        }
    }

    #[test]
    fn what_is_not_repeatable_is_never_repeated() {
        let attempt = Attempt { number: 1, max_retries: 2, repeatable: false, paced: true };
        for outcome in [Outcome::Broken, answer(500, None, None), answer(409, Some(true), None)] {
            assert_eq!(Backoff::default().decide(attempt, outcome, 0.0), Retry::Stop);
        }
    }

    #[test]
    fn waits_double_up_to_the_longest_and_jitter_keeps_the_least() {
        let wait = |number, jitter| {
            let attempt = Attempt { number, max_retries: u32::MAX - 1, repeatable: true, paced: false };
            match Backoff::default().decide(attempt, Outcome::Broken, jitter) {
                Retry::After(wait) => wait.as_millis(),
                Retry::Stop => 0,
            }
        };
        assert_eq!([1, 2, 3, 4, 5, 99, 4_000_000_000].map(|n| wait(n, 0.0)), [500, 1000, 2000, 4000, 5000, 5000, 5000]);
        assert_eq!([1, 2, 3].map(|n| wait(n, 1.0)), [500, 500, 1000]);
        assert_eq!(wait(3, 0.5), 1500);
        assert_eq!([f64::INFINITY, f64::NAN, -1.0].map(|jitter| wait(3, jitter)), [2000; 3]);
    }
}
