//! Ids, secrets and other random texts in Stripe's forms, drawn from a seed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A source of random texts; the same seed gives the same texts in the same order.
#[derive(Debug)]
pub(crate) struct Ids(StdRng);

impl Ids {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// An id such as `sub_1PgafuB7WZ01zgkWXYmPNZs8`; old kinds have the shorter form of `cus_QXg1o8vcGmoR32`.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        let (lead, length) = match prefix {
            "cus" | "prod" | "si" | "req" => ("", 14),
            "acct" => ("1", 15),
            "pi" | "ch" | "re" | "py" => ("3", 23),
            _ => ("1", 23),
        };
        format!("{prefix}_{lead}{}", self.text(length))
    }

    /// `length` letters and digits.
    pub(crate) fn text(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(ALPHABET[self.0.random_range(0..ALPHABET.len())])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (mut one, mut two) = (Ids::seeded(7), Ids::seeded(7));
        let ids: Vec<_> = ["evt", "cus", "pi", "acct"].iter().map(|prefix| one.id(prefix)).collect();
        assert_eq!(ids, ["evt", "cus", "pi", "acct"].map(|prefix| two.id(prefix)));
        assert!(ids[0].starts_with("evt_1") && ids[1].len() == 18 && ids[2].starts_with("pi_3"), "{ids:?}");
    }
}
