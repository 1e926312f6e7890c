//! The event types that thin events have: twins of the snapshot types, and finer ones of their own.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::{matches, types};

static TYPES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let lines = include_str!("../../data/thin_events.txt").lines();
    let (without_twin, finer): (Vec<&str>, Vec<&str>) =
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).partition(|line| line.starts_with("- "));
    let has_twin = |event_type: &&str| !without_twin.iter().any(|family| matches(&family[2..], event_type));
    let twins = types().filter(has_twin).map(|event_type| format!("v1.{event_type}"));
    twins.chain(finer.into_iter().map(str::to_owned)).collect()
});

/// Every thin event type that starts with `v1.`, in alphabetical order. Those of `v2.` are too new to be listed.
pub fn thin_types() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(String::as_str)
}

/// Whether this may be a thin event's type: one of [`thin_types`], or any that starts with `v2.`.
pub fn is_known_thin(event_type: &str) -> bool {
    event_type.starts_with("v2.") || TYPES.contains(event_type)
}

/// Whether `pattern` is `*`, [`matches()`] at least one of [`thin_types`], or starts with `v2.`.
///
/// ```
/// use tollgate_stripe_client::catalogue::is_known_thin_pattern;
/// assert!(is_known_thin_pattern("v1.customer") && is_known_thin_pattern("v2.core.account[identity]"));
/// assert!(!is_known_thin_pattern("customer"));
/// ```
pub fn is_known_thin_pattern(pattern: &str) -> bool {
    pattern.starts_with("v2.") || thin_types().any(|event_type| matches(pattern, event_type))
}

#[cfg(test)]
mod tests {
    use super::{TYPES, is_known_thin, is_known_thin_pattern, thin_types};
    use crate::catalogue::{is_known, types};

    #[test]
    fn there_are_216_twins_and_53_types_without_a_snapshot() {
        let (twins, finer): (Vec<&str>, Vec<&str>) = thin_types().partition(|name| is_known(&name[3..]));
        assert_eq!((twins.len(), finer.len()), (216, 53));
        assert!(TYPES.iter().all(|name| name.starts_with("v1.")), "{finer:?}");
    }

    #[test]
    fn every_family_without_a_twin_is_a_known_one() {
        let missing: Vec<&str> = types().filter(|name| !is_known_thin(&format!("v1.{name}"))).collect();
        assert_eq!(missing.len(), 59);
        let families = include_str!("../../data/thin_events.txt").lines().filter_map(|line| line.strip_prefix("- "));
        for family in families {
            assert!(missing.iter().any(|name| name.starts_with(family)), "{family}");
        }
    }

    #[test]
    fn thin_names_are_told_from_others() {
        let types = [
            ("v1.customer.created", true),
            ("v1.customer.subscription.past_due", true),
            ("v2.core.account[configuration.merchant].capability_status_updated", true),
            ("v2.something.new", true),
            ("customer.created", false),
            ("v1.customer.source.created", false),
            ("v1.treasury.received_debit.created", false),
            ("v1.custmer.created", false),
            ("v1.customer", false),
            ("v2", false),
            ("", false),
        ];
        for (name, expected) in types {
            assert_eq!(is_known_thin(name), expected, "{name}");
        }
        let known = ["*", "v1", "v1.customer", "v1.customer.*", "v1.customer.created", "v2.core", "v2.core.account[x]"];
        assert!(known.into_iter().all(is_known_thin_pattern));
        let unknown = ["", "customer", "customer.created", "v1.custmer", "v1.treasury", "v1.customer.source", "v3.a"];
        assert!(!unknown.into_iter().any(is_known_thin_pattern));
    }
}
