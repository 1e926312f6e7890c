//! The API versions that carry a release name.

use std::sync::LazyLock;

/// The newest API version that the rest of this crate was written for.
pub const NEWEST: &str = "2026-10-28.endive";

/// The API versions with a release name, newest first; an endpoint may be pinned to one of them.
pub static API_VERSIONS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    include_str!("../../data/api_versions.txt").lines().filter(|line| !line.starts_with('#')).collect()
});

/// Whether objects written for `tested` and for `seen` have compatible shapes.
///
/// Two stable versions of one release (`2026-09-30.endive` and `2026-10-28.endive`) only differ by additions. Versions
/// without a release name and previews agree with themselves alone.
///
/// ```
/// use tollgate_stripe_client::catalogue::same_release;
/// assert!(same_release("2026-09-30.endive", "2026-10-28.endive"));
/// assert!(!same_release("2026-09-30.endive", "2026-08-26.dahlia"));
/// ```
pub fn same_release(tested: &str, seen: &str) -> bool {
    match (release(tested), release(seen)) {
        _ if tested == seen => true,
        (Some(tested), Some(seen)) => tested == seen && tested != "preview",
        _ => false,
    }
}

fn release(version: &str) -> Option<&str> {
    version.split_once('.').map(|(_, name)| name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{API_VERSIONS, NEWEST, same_release};

    #[test]
    fn versions_are_dated_named_and_newest_first() {
        assert_eq!(API_VERSIONS.len(), 26);
        assert_eq!(API_VERSIONS.first(), Some(&NEWEST));
        assert!(API_VERSIONS.is_sorted_by(|newer, older| newer > older));
        assert!(API_VERSIONS.iter().all(|version| version.len() > 11 && version.as_bytes()[10] == b'.'));
    }

    #[test]
    fn versions_agree_within_a_release() {
        let cases = [
            ("2026-10-28.endive", "2026-10-28.endive", true),
            ("2026-09-30.endive", "2026-10-28.endive", true),
            ("2026-10-28.endive", "2022-11-15", false),
            ("2022-11-15", "2022-11-15", true),
            ("2022-11-15", "2020-08-27", false),
            ("2026-10-28.endive", "2026-08-26.dahlia", false),
            ("2026-10-28.endive", "2026-10-28.preview", false),
            ("2026-10-28.preview", "2026-10-28.preview", true),
            ("2026-10-28.preview", "2026-11-25.preview", false),
        ];
        for (tested, seen, expected) in cases {
            assert_eq!(same_release(tested, seen), expected, "{tested} {seen}");
        }
    }
}
