//! The known name nearest to a misspelt one.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::{thin_types, types};

/// Every type, and every family at every depth: `customer`, `customer.subscription`, `customer.subscription.updated`.
static NAMES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| with_families(types()));

static THIN_NAMES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| with_families(thin_types()));

fn with_families(types: impl Iterator<Item = &'static str>) -> BTreeSet<&'static str> {
    let prefixes = |name: &'static str| name.match_indices('.').map(move |(dot, _)| &name[..dot]).chain([name]);
    // `v1` alone would be near to any short misspelling and help nobody.
    types.flat_map(prefixes).filter(|name| *name != "v1").collect()
}

/// The known type or family that `name` most likely means, or none when nothing is near. A name that starts with `v1.`
/// means a thin type.
///
/// ```
/// use tollgate_stripe_client::catalogue::nearest;
/// assert_eq!(nearest("invoice.payed"), Some("invoice.paid"));
/// assert_eq!(nearest("v1.invoice.payed"), Some("v1.invoice.paid"));
/// assert_eq!(nearest("weather.sunny"), None);
/// ```
pub fn nearest(name: &str) -> Option<&'static str> {
    let limit = (name.chars().count() / 4).clamp(2, 6);
    let names = if name.starts_with("v1.") { &THIN_NAMES } else { &NAMES };
    names
        .iter()
        .map(|known| (distance(name, known), *known))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, known)| known)
}

/// Levenshtein's distance, by two rows.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.chars().enumerate() {
        let mut line = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let replaced = above[column] + usize::from(a != *b);
            line.push(replaced.min(above[column + 1] + 1).min(line[column] + 1));
        }
        above = line;
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distance_counts_edits() {
        let cases = [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("abc", "abc", 0)];
        for (left, right, expected) in cases {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }

    #[test]
    fn a_misspelt_name_finds_what_was_meant() {
        let cases = [
            ("custmer", Some("customer")),
            ("customers.created", Some("customer.created")),
            ("customer.subscription.trial_will_ends", Some("customer.subscription.trial_will_end")),
            ("customer.subcription", Some("customer.subscription")),
            ("invoice.payment_succeded", Some("invoice.payment_succeeded")),
            ("checkout.session.complete", Some("checkout.session.completed")),
            ("invoice.paid", Some("invoice.paid")),
            ("v1.custmer", Some("v1.customer")),
            ("v1.customer.subscription.pastdue", Some("v1.customer.subscription.past_due")),
            ("v1.subscription_schedule.phase_add", Some("v1.subscription_schedule.phase_added")),
            ("v1.weather.sunny", None),
            ("something.else.entirely", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name), expected, "{name}");
        }
    }
}
