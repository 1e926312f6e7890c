//! Masks API keys, webhook secrets and bearer tokens wherever they turn up in text.

/// Every prefix that opens a secret, and whether the last four characters may stay visible, as in Stripe's dashboard.
const PREFIXES: [(&str, bool); 8] = [
    ("sk_live_", true),
    ("sk_test_", true),
    ("rk_live_", true),
    ("rk_test_", true),
    ("pk_live_", true),
    ("pk_test_", true),
    ("sk_org_", true),
    ("whsec_", false),
];

/// Below this length the last four characters would be too large a part of the secret to show.
const SHORTEST_WITH_TAIL: usize = 12;

/// Returns `text` with every API key, webhook secret and bearer token replaced by its masked form.
///
/// Stripe's error messages can echo the key they refuse, so whatever comes from outside passes here before it is
/// logged, stored or shown.
///
/// ```
/// let text = "Invalid API Key provided: sk_test_4eC39HqLyjWDarjtT1zdp7dc";
/// assert_eq!(tollgate_stripe_client::scrub(text), "Invalid API Key provided: sk_test_…p7dc");
/// ```
pub fn scrub(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(len) = bearer_len(rest) {
            clean.push_str(&rest[.."bearer ".len()]);
            clean.push('…');
            rest = &rest[len..];
        } else if let Some((prefix, tail)) = secret_prefix(rest) {
            let body = word(&rest[prefix.len()..]);
            clean.push_str(&masked(prefix, body, tail));
            rest = &rest[prefix.len() + body.len()..];
        } else {
            clean.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    clean
}

/// Returns `prefix…last4`, or `prefix…` when the body is short or must not show at all.
pub(crate) fn masked(prefix: &str, body: &str, tail: bool) -> String {
    let count = body.chars().count();
    let shown: String =
        if tail && count >= SHORTEST_WITH_TAIL { body.chars().skip(count - 4).collect() } else { String::new() };
    format!("{prefix}…{shown}")
}

fn secret_prefix(text: &str) -> Option<(&'static str, bool)> {
    PREFIXES.into_iter().find(|(prefix, _)| text.starts_with(prefix) && !word(&text[prefix.len()..]).is_empty())
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// The length of `Bearer <token>` at the start of `text`, in any case, if there is a token.
fn bearer_len(text: &str) -> Option<usize> {
    const SCHEME: &str = "bearer ";
    let head = text.get(..SCHEME.len())?;
    if !head.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    let token = &text[SCHEME.len()..];
    let spaces = token.len() - token.trim_start_matches(' ').len();
    let end = token[spaces..]
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '<' | '>'))
        .unwrap_or(token.len() - spaces);
    (end > 0).then_some(SCHEME.len() + spaces + end)
}

#[cfg(test)]
mod tests {
    use super::scrub;
    use proptest::prelude::*;

    #[test]
    fn secrets_are_masked_and_the_rest_is_kept() {
        let cases = [
            ("", ""),
            ("nothing to hide: cus_123", "nothing to hide: cus_123"),
            ("sk_live_abcdefghijklmnop", "sk_live_…mnop"),
            ("'rk_test_51Habcdefghijkl' lacks", "'rk_test_…ijkl' lacks"),
            ("pk_live_abcdefghijklmnop.", "pk_live_…mnop."),
            ("sk_org_live_abcdefghijklmnop", "sk_org_…mnop"),
            ("sk_test_short", "sk_test_…"),
            ("sk_test_ alone", "sk_test_ alone"),
            ("sk_test_****p7dc", "sk_test_****p7dc"),
            ("whsec_abcdefghijklmnopqrst", "whsec_…"),
            ("a whsec_x,whsec_y b", "a whsec_…,whsec_… b"),
            ("Authorization: Bearer abc.def-ghi\nnext", "Authorization: Bearer …\nnext"),
            ("bearer   abc", "bearer …"),
            ("\"Bearer abc\"", "\"Bearer …\""),
            ("Bearer sk_test_4eC39HqLyjWDarjtT1zdp7dc", "Bearer …"),
            ("Bearer ", "Bearer "),
            ("née sk_test_é", "née sk_test_…"),
            ("xsk_test_abcdefghijklmnop", "xsk_test_…mnop"),
        ];
        for (text, clean) in cases {
            assert_eq!(scrub(text), clean, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_secret_survives_in_any_surroundings(before in ".{0,20}", after in "[^A-Za-z0-9_].{0,20}") {
            let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
            let clean = scrub(&format!("{before}{secret}{after}"));
            prop_assert!(!clean.contains("4eC39HqLyjWDarjtT1zd"));
        }

        #[test]
        fn scrubbing_twice_changes_nothing_more(text in ".{0,80}") {
            let once = scrub(&text);
            prop_assert_eq!(scrub(&once), once);
        }
    }
}
