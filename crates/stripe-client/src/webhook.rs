//! Webhook signatures: verify a delivery, and sign one as Stripe does.
//!
//! The rules are those of <https://docs.stripe.com/webhooks#verify-manually>: the signed text is the timestamp, a dot
//! and the raw body; the key of the HMAC-SHA256 is the whole secret, `whsec_` included; only scheme `v1` counts.

mod header;
mod secret;

use std::num::NonZeroU32;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use header::Header;
pub use secret::{SecretError, WebhookSecret};

/// How far a delivery's timestamp may be from our clock, either way, in seconds.
///
/// Zero cannot be said: the SDKs disagree on whether it means "never" or "always".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance(pub NonZeroU32);

impl Default for Tolerance {
    /// Stripe's default, 300 s.
    fn default() -> Self {
        const FIVE_MINUTES: NonZeroU32 = NonZeroU32::MIN.saturating_add(299);
        Self(FIVE_MINUTES)
    }
}

/// What a good signature tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Which of the given secrets signed: during a rotation it shows when the old one falls out of use.
    pub secret_index: usize,
    /// When Stripe signed, in unix seconds; each retry is signed anew.
    pub timestamp: i64,
}

/// Why a delivery is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no `Stripe-Signature` header, or it is empty.
    #[error("the Stripe-Signature header is missing; the request did not come from Stripe or a proxy removed it")]
    Missing,
    /// The header cannot be read; the text says what is wrong.
    #[error("the Stripe-Signature header is malformed: {0}")]
    Malformed(&'static str),
    /// No secret is known for this endpoint.
    #[error(
        "no signing secret is stored for this endpoint; paste it from the Stripe dashboard or recreate the endpoint"
    )]
    NoSecret,
    /// No `v1` signature fits the body and any secret.
    #[error(
        "no v1 signature matches the body; check that the secret is this endpoint's own, was pasted without spaces, \
         and that no proxy rewrites the body"
    )]
    NoMatch,
    /// The signature is good, but its timestamp is too far back: a replay, or a slow clock at the sender.
    #[error("the signature is good but {age} s old; it is a replay, or our clock is fast")]
    TooOld {
        /// Seconds between the timestamp and our clock.
        age: i64,
    },
    /// The signature is good, but its timestamp lies ahead: our own clock is likely slow.
    #[error("the signature is good but dated {ahead} s ahead; our clock is probably slow, check time synchronisation")]
    InFuture {
        /// Seconds between our clock and the timestamp.
        ahead: i64,
    },
}

impl SignatureError {
    /// The stable reason code that is stored and shown with a refused delivery.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing_signature",
            Self::Malformed(_) => "malformed_signature",
            Self::NoSecret => "no_secret",
            Self::NoMatch => "no_matching_signature",
            Self::TooOld { .. } => "timestamp_too_old",
            Self::InFuture { .. } => "timestamp_in_future",
        }
    }
}

/// Checks the raw body of a delivery against its `Stripe-Signature` header and every live secret.
///
/// The signature is judged before the age, so that a stale but genuine delivery can be told from a forgery. Each `v1`
/// is compared in constant time with the signature by each secret. An age equal to the tolerance passes.
///
/// # Errors
/// A [`SignatureError`] whose [`code`](SignatureError::code) is the reason to record.
///
/// ```
/// use tollgate_stripe_client::webhook::{sign, verify, Tolerance, WebhookSecret};
/// let secret = WebhookSecret::parse("whsec_test_secret")?;
/// let header = sign(&secret, 1_700_000_000, b"{}");
/// let verified = verify(b"{}", Some(&header), &[secret], Tolerance::default(), 1_700_000_007)?;
/// assert_eq!((verified.secret_index, verified.timestamp), (0, 1_700_000_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify(
    body: &[u8],
    header: Option<&str>,
    secrets: &[WebhookSecret],
    tolerance: Tolerance,
    now_unix: i64,
) -> Result<Verified, SignatureError> {
    let header = Header::parse(header.unwrap_or_default())?;
    if secrets.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let secret_index = secrets
        .iter()
        .position(|secret| matches_any(&mac(secret, header.timestamp_text, body), &header.signatures))
        .ok_or(SignatureError::NoMatch)?;
    check_age(header.timestamp, tolerance, now_unix)?;
    Ok(Verified { secret_index, timestamp: header.timestamp })
}

/// Writes the `Stripe-Signature` header for a body, as Stripe would at `timestamp` (unix seconds).
pub fn sign(secret: &WebhookSecret, timestamp: i64, body: &[u8]) -> String {
    sign_with(&[secret], timestamp, body)
}

/// Like [`sign`], with one `v1` for each secret, as Stripe sends while a secret is being rolled.
pub fn sign_with(secrets: &[&WebhookSecret], timestamp: i64, body: &[u8]) -> String {
    let text = timestamp.to_string();
    let signatures = secrets.iter().map(|secret| format!(",v1={}", hex::encode(mac(secret, &text, body))));
    format!("t={text}{}", signatures.collect::<String>())
}

fn mac(secret: &WebhookSecret, timestamp: &str, body: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length, so this cannot fail; a block of zeros would be a wrong signature, never a pass.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else { return [0; 32] };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

fn matches_any(expected: &[u8; 32], signatures: &[[u8; 32]]) -> bool {
    let found = signatures.iter().fold(subtle::Choice::from(0), |found, given| found | expected.ct_eq(given));
    found.into()
}

fn check_age(timestamp: i64, tolerance: Tolerance, now_unix: i64) -> Result<(), SignatureError> {
    let tolerance = i64::from(tolerance.0.get());
    let age = now_unix.saturating_sub(timestamp);
    if age > tolerance {
        return Err(SignatureError::TooOld { age });
    }
    if age < -tolerance {
        return Err(SignatureError::InFuture { ahead: age.saturating_neg() });
    }
    Ok(())
}
