//! The webhook signing secret; an empty or blank one cannot be represented.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// The signing secret of one endpoint, used as it is; `Debug` shows none of it.
///
/// An empty secret would be an HMAC key that anyone knows, so no value of this type holds one.
#[derive(Clone)]
pub struct WebhookSecret(SecretString);

/// Why a text cannot be a signing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The text is empty.
    #[error("the webhook signing secret is empty; paste the whsec_… text from the Stripe dashboard")]
    Empty,
    /// The text is nothing but spaces, tabs and line ends.
    #[error("the webhook signing secret is blank; paste the whsec_… text from the Stripe dashboard")]
    Blank,
}

impl WebhookSecret {
    /// Takes a secret as it is, surrounding whitespace included: whoever reads it from a form trims it there.
    ///
    /// # Errors
    /// When the text is empty or only ASCII whitespace, as Stripe's SDKs decide since September 2026.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        if text.is_empty() {
            return Err(SecretError::Empty);
        }
        // `is_ascii_whitespace` leaves the vertical tab out.
        if text.bytes().all(|b| b.is_ascii_whitespace() || b == 0x0b) {
            return Err(SecretError::Blank);
        }
        Ok(Self(SecretString::from(text)))
    }

    /// The secret itself, for signing and for encryption at rest.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether the secret holds whitespace, which is worth a hint when nothing matches: it is usually a paste mistake.
    pub fn has_whitespace(&self) -> bool {
        self.expose().chars().any(char::is_whitespace)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}
