//! Reads the `Stripe-Signature` header: `t=<unix>,v1=<hex>[,v1=<hex>…][,v0=<hex>]`.

use super::SignatureError::{self, Malformed, Missing};

/// Stripe sends well under 300 bytes; the bounds keep a forged header from costing work.
const LONGEST: usize = 4096;
const MOST_SIGNATURES: usize = 16;
const MOST_DIGITS: usize = 12;

/// The parts that count: other schemes than `v1` are ignored, so that a fake `v0` cannot downgrade.
pub(super) struct Header<'a> {
    pub(super) timestamp: i64,
    /// The digits as received: they are what was signed.
    pub(super) timestamp_text: &'a str,
    /// The `v1` values that are 32 bytes of hex; others cannot match and are left out.
    pub(super) signatures: Vec<[u8; 32]>,
}

impl<'a> Header<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, SignatureError> {
        if text.trim().is_empty() {
            return Err(Missing);
        }
        if text.len() > LONGEST {
            return Err(Malformed("longer than 4096 bytes"));
        }
        let mut timestamp = None;
        let mut signatures = Vec::new();
        let mut count = 0;
        for item in text.split(',') {
            let (scheme, value) =
                item.trim_matches([' ', '\t']).split_once('=').ok_or(Malformed("an item has no \"=\""))?;
            match scheme {
                "t" if timestamp.is_some() => return Err(Malformed("more than one timestamp")),
                "t" => timestamp = Some((seconds(value)?, value)),
                "v1" => {
                    count += 1;
                    signatures.extend(decode(value));
                }
                _ => {}
            }
        }
        let (timestamp, timestamp_text) = timestamp.ok_or(Malformed("no timestamp"))?;
        match count {
            0 => Err(Malformed("no v1 signature")),
            1..=MOST_SIGNATURES => Ok(Self { timestamp, timestamp_text, signatures }),
            _ => Err(Malformed("more than 16 v1 signatures")),
        }
    }
}

fn seconds(text: &str) -> Result<i64, SignatureError> {
    const WRONG: SignatureError = Malformed("the timestamp is not 1 to 12 digits");
    let digits = (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !digits {
        return Err(WRONG);
    }
    text.parse().map_err(|_| WRONG)
}

fn decode(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}
