//! Stripe API keys: read, judged by their prefix, and never shown in full.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::scrub::masked;

/// A secret or restricted API key; `Debug` and `Display` show its masked form only.
///
/// ```
/// use tollgate_stripe_client::{ApiKey, KeyKind};
/// let key = ApiKey::parse(" sk_test_4eC39HqLyjWDarjtT1zdp7dc\n")?;
/// assert_eq!(key.kind(), KeyKind::Secret);
/// assert!(!key.livemode());
/// assert_eq!(key.to_string(), "sk_test_…p7dc");
/// # Ok::<(), tollgate_stripe_client::KeyError>(())
/// ```
#[derive(Clone)]
pub struct ApiKey {
    text: SecretString,
    prefix: &'static str,
    kind: KeyKind,
    livemode: bool,
}

/// What a key may do: everything, or what its permissions name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// `sk_…`: every permission.
    Secret,
    /// `rk_…`: the permissions chosen in the dashboard. Stripe advises these.
    Restricted,
}

/// Why a text is not a usable API key; never contains the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing but whitespace was given.
    #[error("the API key is empty; paste a secret key (sk_…) or a restricted key (rk_…)")]
    Empty,
    /// There is whitespace inside, as when two lines were pasted.
    #[error("the API key contains whitespace; paste one key, on one line")]
    Whitespace,
    /// A character appears that Stripe's keys do not have.
    #[error("the API key contains a character other than a-z, A-Z, 0-9 and _; copy it again from the dashboard")]
    Character,
    /// A publishable key was given, which may not call the API.
    #[error(
        "this is a publishable key (pk_…), which cannot call the API; paste a secret key (sk_…) or a restricted key (rk_…)"
    )]
    Publishable,
    /// An organisation key was given: each call with one needs a `Stripe-Context`, which is not supported.
    #[error("organisation keys (sk_org_…) are not supported; paste a key of one account (sk_… or rk_…)")]
    Organisation,
    /// A webhook signing secret was given.
    #[error("this is a webhook signing secret (whsec_…), not an API key; paste a key that starts with sk_ or rk_")]
    WebhookSecret,
    /// The prefix is none that is known.
    #[error("the API key starts with none of sk_test_, sk_live_, rk_test_, rk_live_; copy it again from the dashboard")]
    Prefix,
    /// Only the prefix was given.
    #[error("the API key ends after its prefix; copy the whole key from the dashboard")]
    Truncated,
}

const KINDS: [(&str, KeyKind, bool); 4] = [
    ("sk_test_", KeyKind::Secret, false),
    ("sk_live_", KeyKind::Secret, true),
    ("rk_test_", KeyKind::Restricted, false),
    ("rk_live_", KeyKind::Restricted, true),
];

impl ApiKey {
    /// Reads a pasted key; whitespace around it is dropped.
    ///
    /// A key that passes may still be revoked or belong to somebody else: only a call tells.
    ///
    /// # Errors
    /// Names what is wrong with the text, without repeating it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        refuse_what_no_key_has(text)?;
        let (prefix, kind, livemode) =
            KINDS.into_iter().find(|(prefix, ..)| text.starts_with(prefix)).ok_or(KeyError::Prefix)?;
        if text.len() == prefix.len() {
            return Err(KeyError::Truncated);
        }
        Ok(Self { text: SecretString::from(text), prefix, kind, livemode })
    }

    /// Whether this is a secret or a restricted key.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether the key moves real money.
    pub fn livemode(&self) -> bool {
        self.livemode
    }

    /// The form fit for logs and pages: prefix, `…`, last four characters.
    pub fn masked(&self) -> String {
        masked(self.prefix, &self.expose()[self.prefix.len()..], true)
    }

    /// The key itself, for the `Authorization` header and for encryption at rest.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

fn refuse_what_no_key_has(text: &str) -> Result<(), KeyError> {
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    if text.chars().any(char::is_whitespace) {
        return Err(KeyError::Whitespace);
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(KeyError::Character);
    }
    match text {
        _ if text.starts_with("pk_") => Err(KeyError::Publishable),
        _ if text.starts_with("sk_org") => Err(KeyError::Organisation),
        _ if text.starts_with("whsec_") => Err(KeyError::WebhookSecret),
        _ => Ok(()),
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({})", self.masked())
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiKey, KeyError, KeyKind};

    #[test]
    fn kind_and_mode_come_from_the_prefix() {
        let cases = [
            ("sk_test_4eC39HqLyjWDarjtT1zdp7dc", KeyKind::Secret, false, "sk_test_…p7dc"),
            ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", KeyKind::Secret, true, "sk_live_…p7dc"),
            ("\trk_test_4eC39HqLyjWDarjtT1zdp7dc \r\n", KeyKind::Restricted, false, "rk_test_…p7dc"),
            ("rk_live_4eC39HqLyjWDarjtT1zdp7dc", KeyKind::Restricted, true, "rk_live_…p7dc"),
            ("sk_test_123", KeyKind::Secret, false, "sk_test_…"),
        ];
        for (text, kind, livemode, masked) in cases {
            let key = ApiKey::parse(text).unwrap();
            assert_eq!((key.kind(), key.livemode(), key.masked().as_str()), (kind, livemode, masked));
            assert_eq!(key.expose(), text.trim());
        }
    }

    #[test]
    fn each_unusable_text_has_its_own_reason() {
        let cases = [
            ("", KeyError::Empty),
            (" \n", KeyError::Empty),
            ("sk_test_abc def", KeyError::Whitespace),
            ("sk_test_abc\nsk_test_def", KeyError::Whitespace),
            ("sk_test_abc\u{a0}def", KeyError::Whitespace),
            ("sk_test_abcé", KeyError::Character),
            ("sk_test_abc\u{200b}def", KeyError::Character),
            ("sk_test_…p7dc", KeyError::Character),
            ("sk_test_****p7dc", KeyError::Character),
            ("pk_test_abcdefgh", KeyError::Publishable),
            ("pk_live_abcdefgh", KeyError::Publishable),
            ("sk_org_live_abcdefgh", KeyError::Organisation),
            ("whsec_abcdefgh", KeyError::WebhookSecret),
            ("sk_abcdefgh", KeyError::Prefix),
            ("hello", KeyError::Prefix),
            ("sk_test_", KeyError::Truncated),
        ];
        for (text, error) in cases {
            assert_eq!(ApiKey::parse(text).map(|_| ()), Err(error), "{text:?}");
        }
    }

    #[test]
    fn debug_and_display_are_masked() {
        let key = ApiKey::parse("sk_live_4eC39HqLyjWDarjtT1zdp7dc").unwrap();
        for shown in [format!("{key}"), format!("{key:?}"), format!("{key:#?}")] {
            assert!(shown.contains("sk_live_…p7dc") && !shown.contains("4eC39"), "{shown}");
        }
    }
}
