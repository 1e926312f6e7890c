//! The form of the proofs: short, as part of the tests, or long, as `scripts/soak` runs them; and the seed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    long: bool,
    kills: Option<usize>,
    /// What everything random is drawn from.
    pub seed: u64,
}

impl Form {
    /// Reads `TOLLGATE_PROOFS` (`long`, else short), `TOLLGATE_PROOF_KILLS` and `TOLLGATE_PROOF_SEED`.
    pub fn read() -> Self {
        let number = |name: &str| {
            let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
            Some(text.parse::<u64>().unwrap_or_else(|_| panic!("{name} must be a whole number, not {text:?}")))
        };
        Self {
            long: std::env::var("TOLLGATE_PROOFS").is_ok_and(|form| form == "long"),
            kills: number("TOLLGATE_PROOF_KILLS").and_then(|kills| usize::try_from(kills).ok()),
            seed: number("TOLLGATE_PROOF_SEED").unwrap_or_else(|| u64::from(rand::rng().random::<u32>())),
        }
    }

    pub fn name(&self) -> &'static str {
        if self.long { "long" } else { "short" }
    }

    pub fn is_long(&self) -> bool {
        self.long
    }

    /// One of two numbers.
    pub fn pick(&self, short: usize, long: usize) -> usize {
        if self.long { long } else { short }
    }

    /// How often a server is killed.
    pub fn kills(&self) -> usize {
        self.kills.unwrap_or(self.pick(10, 50))
    }

    pub fn random(&self) -> StdRng {
        StdRng::seed_from_u64(self.seed)
    }
}
