//! A message for the next page, carried by a signed cookie over the redirect after a form.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::show::Tone;
use crate::keyring::Keyring;

/// How long the browser keeps it, in seconds.
pub(super) const MAX_AGE: i64 = 60;
/// Browsers drop cookies beyond 4 kB.
const LONGEST: usize = 1200;
const PURPOSE: &str = "admin flash";

/// A message about what was just done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flash {
    pub(super) tone: Tone,
    pub(super) text: String,
}

#[derive(Serialize, Deserialize)]
struct Carried {
    good: bool,
    text: String,
}

impl Flash {
    pub(super) fn good(text: impl Into<String>) -> Self {
        Self { tone: Tone::Good, text: text.into() }
    }

    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self { tone: Tone::Bad, text: text.into() }
    }

    /// The cookie's value.
    pub(super) fn seal(&self, keyring: &Keyring) -> String {
        let mut text = self.text.clone();
        text.truncate(text.floor_char_boundary(LONGEST));
        let carried = serde_json::json!({ "good": self.tone == Tone::Good, "text": text }).to_string();
        let body = URL_SAFE_NO_PAD.encode(carried);
        let mac = hex::encode(keyring.mac(PURPOSE, body.as_bytes()));
        format!("{body}.{mac}")
    }

    /// Reads the cookie's value, if it is one of ours.
    pub(super) fn open(value: &str, keyring: &Keyring) -> Option<Self> {
        let (body, mac) = value.split_once('.')?;
        let genuine = hex::encode(keyring.mac(PURPOSE, body.as_bytes()));
        if !bool::from(genuine.as_bytes().ct_eq(mac.as_bytes())) {
            return None;
        }
        let carried: Carried = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
        Some(if carried.good { Self::good(carried.text) } else { Self::bad(carried.text) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_messages_are_shown() {
        let (keyring, _) = Keyring::generate();
        let flash = Flash::good("the endpoint “shop” is disabled; nothing arrives");
        let sealed = flash.seal(&keyring);
        assert_eq!(Flash::open(&sealed, &keyring), Some(flash));
        assert_eq!(Flash::open(&sealed, &Keyring::generate().0), None);
        assert_eq!(Flash::open(&sealed.replace('.', "A."), &keyring), None);
        assert!(Flash::bad("ü".repeat(5000)).seal(&keyring).len() < 4000);
    }
}
