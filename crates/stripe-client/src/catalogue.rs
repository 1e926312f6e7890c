//! The event types and API versions that are known, as data: a form to choose from, never a condition to parse.
//!
//! Stripe adds types and versions all the time, so an event of an unknown type is an event like any other.

mod nearest;
mod presets;
mod thin;
mod versions;

use std::collections::BTreeSet;
use std::sync::LazyLock;

pub use nearest::nearest;
pub use presets::{PRESETS, Preset, waits_for_answer};
pub use thin::{is_known_thin, is_known_thin_pattern, thin_types};
pub use versions::{API_VERSIONS, NEWEST, same_release};

/// The event types that share a first segment: `customer` for `customer.created` and `customer.subscription.updated`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// The first segment of its types.
    pub name: &'static str,
    /// The heading it stands under in a form, such as `Payments`.
    pub group: &'static str,
    /// Its types, in alphabetical order.
    pub types: Vec<&'static str>,
}

static FAMILIES: LazyLock<Vec<Family>> = LazyLock::new(|| read_families(include_str!("../data/events.txt")));

static TYPES: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| FAMILIES.iter().flat_map(|family| family.types.iter().copied()).collect());

/// Every family of snapshot event types, grouped and in the order of the groups.
pub fn families() -> &'static [Family] {
    &FAMILIES
}

/// Every snapshot event type, in alphabetical order.
pub fn types() -> impl Iterator<Item = &'static str> {
    TYPES.iter().copied()
}

/// Whether this is a snapshot event type of the newest API version.
pub fn is_known(event_type: &str) -> bool {
    TYPES.contains(event_type)
}

/// Whether `pattern` is `*` or [`matches()`] at least one known type.
pub fn is_known_pattern(pattern: &str) -> bool {
    types().any(|event_type| matches(pattern, event_type))
}

/// Whether `pattern` covers `event_type`: it is `*`, the type itself, or a family of it.
///
/// A family is a prefix that ends where a `.` or `[` follows; `customer.*` says the same as `customer`.
///
/// ```
/// use tollgate_stripe_client::catalogue::matches;
/// assert!(matches("customer", "customer.subscription.updated"));
/// assert!(matches("v2.core.account", "v2.core.account[identity].updated"));
/// assert!(!matches("customer", "customer_cash_balance_transaction.created"));
/// ```
pub fn matches(pattern: &str, event_type: &str) -> bool {
    let family = pattern.strip_suffix(".*").unwrap_or(pattern);
    match event_type.strip_prefix(family) {
        _ if pattern == "*" => true,
        Some("") => family.len() == pattern.len(),
        Some(rest) => !family.is_empty() && rest.starts_with(['.', '[']),
        None => false,
    }
}

fn read_families(text: &'static str) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    let mut group = "";
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(heading) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            group = heading;
            continue;
        }
        let name = line.split('.').next().unwrap_or(line);
        match families.last_mut() {
            Some(family) if family.name == name => family.types.push(line),
            _ => families.push(Family { name, group, types: vec![line] }),
        }
    }
    families
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_newest_version_has_275_types_in_58_families() {
        assert_eq!(families().len(), 58);
        assert_eq!(TYPES.len(), 275);
        assert_eq!(families().iter().map(|family| family.types.len()).sum::<usize>(), 275, "a type stands twice");
    }

    #[test]
    fn each_group_has_its_count() {
        let mut counts = BTreeMap::new();
        for family in families() {
            *counts.entry(family.group).or_insert(0) += family.types.len();
        }
        let expected = [
            ("Billing and invoicing", 68),
            ("Connect and accounts", 16),
            ("Customers", 23),
            ("Issuing", 22),
            ("Money movement", 53),
            ("Other", 35),
            ("Payments", 58),
        ];
        assert_eq!(counts, BTreeMap::from(expected));
    }

    #[test]
    fn every_type_is_in_the_family_of_its_first_segment_and_sorted() {
        for family in families() {
            assert!(family.types.is_sorted(), "{}", family.name);
            assert!(family.types.iter().all(|event_type| matches(family.name, event_type)), "{}", family.name);
        }
    }

    #[test]
    fn patterns_match_types_at_segment_borders() {
        let cases = [
            ("*", "anything.at.all", true),
            ("customer.created", "customer.created", true),
            ("customer", "customer.created", true),
            ("customer", "customer.subscription.created", true),
            ("customer.*", "customer.created", true),
            ("customer.*", "customer", false),
            ("customer.subscription", "customer.subscription.created", true),
            ("customer", "customer_cash_balance_transaction.created", false),
            ("customer.sub", "customer.subscription.created", false),
            ("invoice", "invoice_payment.paid", false),
            ("invoice", "invoiceitem.created", false),
            ("v2.core.account", "v2.core.account[configuration.merchant].capability_status_updated", true),
            ("v2.core.account[configuration.merchant]", "v2.core.account[configuration.merchant].updated", true),
            ("customer.created", "customer", false),
            ("", "customer.created", false),
            ("", ".created", false),
            (".*", ".created", false),
        ];
        for (pattern, event_type, expected) in cases {
            assert_eq!(matches(pattern, event_type), expected, "{pattern} {event_type}");
        }
    }

    #[test]
    fn known_patterns_cover_a_known_type() {
        let known = ["*", "customer", "customer.*", "customer.subscription", "invoice.paid", "charge.dispute"];
        assert!(known.into_iter().all(is_known_pattern));
        assert!(!["", "custmer", "invoice.payed", "subscription"].into_iter().any(is_known_pattern));
        assert!(is_known("invoice.paid") && !is_known("invoice"));
    }
}
