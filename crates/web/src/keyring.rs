//! Encryption at rest: every secret is sealed with a key derived from one root key and bound to the place it is stored in.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::array::Array;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

const VERSION: &str = "v1";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// The root key and what is derived from it; its `Debug` shows only the key's id.
#[derive(Clone)]
pub struct Keyring {
    root: Zeroizing<[u8; KEY_BYTES]>,
    key_id: String,
}

/// Where a sealed text is stored; text that was moved elsewhere does not open.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// What identifies the row and never changes.
    pub row: &'a str,
}

/// Why a root key cannot be used, or a sealed text does not open.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyringError {
    /// Not 32 bytes in base64.
    #[error("TOLLGATE_SECRET_KEY must be 32 random bytes in base64; make one with: openssl rand -base64 32")]
    NotAKey,
    /// Sealed with another root key.
    #[error(
        "the secrets were sealed with key {sealed_with}, but the configured secret key is {configured}: configure the right one"
    )]
    OtherKey {
        /// The id of the key it was sealed with.
        sealed_with: String,
        /// The id of the configured key.
        configured: String,
    },
    /// Damaged, or moved from another place.
    #[error("a sealed secret is damaged or was moved from another row")]
    Damaged,
}

impl Keyring {
    /// Reads a root key: 32 bytes in base64.
    ///
    /// # Errors
    /// [`KeyringError::NotAKey`] for anything else.
    pub fn parse(root: &str) -> Result<Self, KeyringError> {
        let bytes = Zeroizing::new(STANDARD.decode(root.trim()).map_err(|_| KeyringError::NotAKey)?);
        let root = <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| KeyringError::NotAKey)?;
        Ok(Self::new(Zeroizing::new(root)))
    }

    /// Makes a random root key and answers it with its base64 form, which is to be kept.
    pub fn generate() -> (Self, SecretString) {
        let mut root = Zeroizing::new([0; KEY_BYTES]);
        rand::rng().fill_bytes(root.as_mut_slice());
        let text = SecretString::from(STANDARD.encode(root.as_slice()));
        (Self::new(root), text)
    }

    fn new(root: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let keyring = Self { root, key_id: String::new() };
        let key_id = hex::encode(&keyring.derive("key id")[..4]);
        Self { key_id, ..keyring }
    }

    /// Names the root key without telling anything about it.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Encrypts a text for one place.
    ///
    /// # Errors
    /// [`KeyringError::Damaged`] if the cipher refuses, which it does only beyond 256 GiB.
    pub fn seal(&self, place: Place<'_>, plain: &str) -> Result<String, KeyringError> {
        let mut nonce = [0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: plain.as_bytes(), aad: &place.bytes() })
            .map_err(|_| KeyringError::Damaged)?;
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        Ok(format!("{VERSION}.{}.{}.{}", self.key_id, encode(&nonce), encode(&sealed)))
    }

    /// Decrypts a text from the place it was sealed for.
    ///
    /// # Errors
    /// [`KeyringError`] says whether the key is another one or the text is damaged.
    pub fn open(&self, place: Place<'_>, sealed: &str) -> Result<SecretString, KeyringError> {
        let mut parts = sealed.split('.');
        let (Some(VERSION), Some(key_id), Some(nonce), Some(text), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(KeyringError::Damaged);
        };
        if key_id != self.key_id {
            return Err(KeyringError::OtherKey { sealed_with: key_id.to_owned(), configured: self.key_id.clone() });
        }
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyringError::Damaged);
        let nonce = <[u8; NONCE_BYTES]>::try_from(decode(nonce)?.as_slice()).map_err(|_| KeyringError::Damaged)?;
        let plain = self
            .cipher()
            .decrypt(&XNonce::from(nonce), Payload { msg: &decode(text)?, aad: &place.bytes() })
            .map_err(|_| KeyringError::Damaged)?;
        String::from_utf8(plain).map(SecretString::from).map_err(|_| KeyringError::Damaged)
    }

    /// A keyed hash under a key of its own for each `purpose`.
    pub fn mac(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let key = self.derive(&format!("mac {purpose}"));
        let mut block = Array::default();
        // HMAC takes keys of any length: one shorter than its block is filled up with zeros.
        block[..KEY_BYTES].copy_from_slice(key.as_slice());
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block);
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Array::from(*self.derive("seal v1")))
    }

    fn derive(&self, purpose: &str) -> Zeroizing<[u8; KEY_BYTES]> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let info = format!("tollgate {purpose}");
        // HKDF refuses only outputs beyond 255 hashes; ours is one.
        let expanded = Hkdf::<Sha256>::new(None, self.root.as_slice()).expand(info.as_bytes(), key.as_mut_slice());
        debug_assert!(expanded.is_ok());
        key
    }
}

impl Place<'_> {
    // The separator cannot occur in names of tables and columns, so no two places have the same bytes.
    fn bytes(&self) -> Vec<u8> {
        [self.table, self.column, self.row].join("\0").into_bytes()
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyring({})", self.key_id)
    }
}

/// The place of a Stripe API key.
pub(crate) fn api_key_place(fingerprint: &str) -> Place<'_> {
    Place { table: "api_keys", column: "sealed", row: fingerprint }
}

/// The place of an endpoint's signing secret.
pub(crate) fn endpoint_secret_place(endpoint_uuid: &str) -> Place<'_> {
    Place { table: "endpoint_secrets", column: "sealed", row: endpoint_uuid }
}

const CHECK: Place<'static> = Place { table: "settings", column: "value", row: "key_check" };
const CHECK_TEXT: &str = "tollgate";

/// Makes sure that this root key is the one the database's secrets were sealed with; the first one ever used is remembered.
///
/// # Errors
/// When it is another key, or the database fails.
pub(crate) fn check(keyring: &Keyring, database: &tollgate_models::Database) -> Result<(), crate::Error> {
    use tollgate_models::settings;
    let stored = database.read(|conn| settings::find(conn, CHECK.row))?;
    match stored {
        Some(sealed) => {
            let opened = keyring.open(CHECK, &sealed).map_err(crate::Error::internal)?;
            debug_assert_eq!(opened.expose_secret(), CHECK_TEXT);
            Ok(())
        }
        None => {
            let sealed = sealed_check(keyring)?;
            Ok(database.write(tollgate_models::Lane::Ordinary, |conn| settings::set(conn, CHECK.row, &sealed))?)
        }
    }
}

/// Whether some root key was used with this database before.
///
/// # Errors
/// When the database fails.
pub(crate) fn is_in_use(database: &tollgate_models::Database) -> Result<bool, crate::Error> {
    Ok(database.read(|conn| tollgate_models::settings::find(conn, CHECK.row))?.is_some())
}

/// The check value for a root key, to be stored under [`CHECK_SETTING`].
pub(crate) fn sealed_check(keyring: &Keyring) -> Result<String, crate::Error> {
    keyring.seal(CHECK, CHECK_TEXT).map_err(crate::Error::internal)
}

/// The name of the setting that holds the check value.
pub(crate) const CHECK_SETTING: &str = CHECK.row;

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'static> = Place { table: "api_keys", column: "sealed", row: "1" };

    #[test]
    fn what_was_sealed_opens_only_in_its_place_and_with_its_key() {
        let (keyring, text) = Keyring::generate();
        let same = Keyring::parse(text.expose_secret()).unwrap();
        let sealed = keyring.seal(HERE, "sk_test_secret").unwrap();
        assert!(!sealed.contains("secret"));
        assert_eq!(same.open(HERE, &sealed).unwrap().expose_secret(), "sk_test_secret");
        for place in
            [Place { row: "2", ..HERE }, Place { column: "masked", ..HERE }, Place { table: "endpoints", ..HERE }]
        {
            assert_eq!(same.open(place, &sealed).unwrap_err(), KeyringError::Damaged);
        }
        let other = Keyring::generate().0.open(HERE, &sealed).unwrap_err();
        assert!(matches!(other, KeyringError::OtherKey { .. }), "{other}");
    }

    #[test]
    fn damaged_text_is_an_error_and_never_a_panic() {
        let (keyring, _) = Keyring::generate();
        let sealed = keyring.seal(HERE, "text").unwrap();
        let mut flipped = sealed.clone().into_bytes();
        *flipped.last_mut().unwrap() ^= 1;
        for damaged in
            ["", "v1", "v1...", "v2.a.b.c", &sealed[..sealed.len() - 4], &String::from_utf8(flipped).unwrap()]
        {
            assert!(keyring.open(HERE, damaged).is_err(), "{damaged}");
        }
    }

    #[test]
    fn only_32_bytes_in_base64_are_a_key() {
        for text in ["", "short", "AAAA", "not base64 at all, not at all, not at all!!"] {
            assert_eq!(Keyring::parse(text).unwrap_err(), KeyringError::NotAKey);
        }
        let (keyring, text) = Keyring::generate();
        assert!(!format!("{keyring:?}").contains(text.expose_secret()));
    }

    #[test]
    fn keyed_hashes_differ_by_purpose() {
        let (keyring, _) = Keyring::generate();
        assert_ne!(keyring.mac("a", b"x"), keyring.mac("b", b"x"));
        assert_eq!(keyring.mac("a", b"x"), keyring.mac("a", b"x"));
    }
}
