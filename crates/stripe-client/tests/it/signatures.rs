//! Webhook signatures: the golden vectors, every case of the official SDKs' suites that applies, and random ones.

use std::num::NonZeroU32;

use proptest::prelude::*;
use tollgate_stripe_client::webhook::{
    SecretError, SignatureError, Tolerance, Verified, WebhookSecret, sign, sign_with, verify,
};

const NOW: i64 = 1_700_000_000;
const BODY: &[u8] = br#"{"id":"evt_test_webhook","object":"event"}"#;

fn secret(text: &str) -> WebhookSecret {
    WebhookSecret::parse(text).unwrap()
}

fn within(seconds: u32) -> Tolerance {
    Tolerance(NonZeroU32::new(seconds).unwrap())
}

/// The `v1` value of the header that `sign` writes for the usual secret and body.
fn v1(timestamp: i64) -> String {
    sign(&secret("whsec_test_secret"), timestamp, BODY).split_once(",v1=").unwrap().1.to_owned()
}

#[test]
fn signatures_equal_those_of_an_independent_implementation() {
    let with_newline = [BODY, b"\n"].concat();
    let cases: [(&str, i64, &[u8], &str); 5] = [
        ("whsec_test_secret", 1492774577, BODY, "88a022085c6bdb887b02cb26ff76dd681234d9675c0f22844059f55552a8883a"),
        (
            "whsec_test_secret",
            1492774577,
            &with_newline,
            "462fb5ddf91f13f4560da4f1678ffe55e87c7242e526975ae8f7a4c7441f5910",
        ),
        (
            "whsec_test_secret_rolled_key",
            1492774577,
            BODY,
            "9e010fbc4cc8f6c5dc44a6824569d0ab0d471b5fd81ab229d222117f0a69c435",
        ),
        (
            "whsec_test_secret",
            1492774577,
            "{\"id\":\"evt_utf8\",\"object\":\"event\",\"n\":\"Zoë €\"}".as_bytes(),
            "e9c503c5e90ef3ac5133ab24db403e9b5592983da090ced8e396240707972e6a",
        ),
        ("whsec_test_secret", 0, b"{}", "13f6d44b9cf5d88556347e2bf7903d906d9673d3ac60cfd268d829d86ad2df73"),
    ];
    for (key, timestamp, body, expected) in cases {
        let header = sign(&secret(key), timestamp, body);
        assert_eq!(header, format!("t={timestamp},v1={expected}"));
        let verified = verify(body, Some(&header), &[secret(key)], Tolerance::default(), timestamp);
        assert_eq!(verified, Ok(Verified { secret_index: 0, timestamp }));
    }
}

#[test]
fn each_header_has_its_verdict() {
    use SignatureError::{InFuture, Malformed, Missing, NoMatch, TooOld};
    let good = v1(NOW);
    let at = |timestamp: i64| format!("t={timestamp},v1={}", v1(timestamp));
    let ok = Ok(());
    let no_item = Err(Malformed("an item has no \"=\""));
    let no_time = Err(Malformed("no timestamp"));
    let not_digits = Err(Malformed("the timestamp is not 1 to 12 digits"));
    let no_v1 = Err(Malformed("no v1 signature"));
    let many = |count: usize| format!("t={NOW}{}", format!(",v1={good}").repeat(count));
    let cases: Vec<(&str, String, Result<(), SignatureError>)> = vec![
        ("valid", at(NOW), ok),
        ("empty", String::new(), Err(Missing)),
        ("blank", " \t".to_owned(), Err(Missing)),
        ("no header at all like", "bad_header".to_owned(), no_item),
        ("prose", "I'm not even a real signature header".to_owned(), no_item),
        ("item without =", "v1,t=1".to_owned(), no_item),
        ("trailing comma", format!("{},", at(NOW)), no_item),
        ("empty timestamp", "t=,v1=aa".to_owned(), not_digits),
        ("timestamp alone and empty", "t=".to_owned(), not_digits),
        ("text for a timestamp", format!("t=now,v1={good}"), not_digits),
        ("digits and text", format!("t={NOW}abc,v1={good}"), not_digits),
        ("plus sign", format!("t=+{NOW},v1={good}"), not_digits),
        ("minus sign", format!("t=-{NOW},v1={good}"), not_digits),
        ("space in front", format!("t= {NOW},v1={good}"), not_digits),
        ("other digits", "t=१७,v1=aa".to_owned(), not_digits),
        ("13 digits", format!("t=1700000000000,v1={good}"), not_digits),
        ("leading zeros are another text", format!("t=00{NOW},v1={good}"), Err(NoMatch)),
        ("no timestamp", format!("v1={good}"), no_time),
        ("two timestamps", format!("t={NOW},t={NOW},v1={good}"), Err(Malformed("more than one timestamp"))),
        ("only v0", format!("t={NOW},v0={good}"), no_v1),
        ("timestamp alone", format!("t={NOW}"), no_v1),
        ("scheme in capitals", format!("t={NOW},V1={good}"), no_v1),
        ("scheme v11", format!("t={NOW},v11={good}"), no_v1),
        ("v0 beside v1", format!("t={NOW},v1={good},v0=abcdef"), ok),
        ("unknown scheme beside v1", format!("t={NOW},v1={good},v2=whatever=x"), ok),
        ("not hex", format!("t={NOW},v1=bad_signature"), Err(NoMatch)),
        ("short hex", format!("t={NOW},v1=deadbeef"), Err(NoMatch)),
        ("empty v1", format!("t={NOW},v1="), Err(NoMatch)),
        ("32 wrong bytes", format!("t={NOW},v1={}", "ab".repeat(32)), Err(NoMatch)),
        ("one byte too many", format!("t={NOW},v1={good}00"), Err(NoMatch)),
        ("good then bad", format!("t={NOW},v1={good},v1=bad_signature"), ok),
        ("bad then good", format!("t={NOW},v1=potato,v1={good}"), ok),
        ("two =", format!("t={NOW},v1=={good}"), Err(NoMatch)),
        ("spaces after commas", format!("t={NOW}, v1={good} ,\tv0=x"), ok),
        ("v1 before t", format!("v1={good},t={NOW}"), ok),
        ("hex in capitals", format!("t={NOW},v1={}", good.to_uppercase()), ok),
        ("16 signatures", many(16), ok),
        ("17 signatures", many(17), Err(Malformed("more than 16 v1 signatures"))),
        ("4096 bytes", format!("{},x={}", at(NOW), "y".repeat(4096 - at(NOW).len() - 3)), ok),
        (
            "4097 bytes",
            format!("{},x={}", at(NOW), "y".repeat(4097 - at(NOW).len() - 3)),
            Err(Malformed("longer than 4096 bytes")),
        ),
        ("299 s old", at(NOW - 299), ok),
        ("300 s old", at(NOW - 300), ok),
        ("301 s old", at(NOW - 301), Err(TooOld { age: 301 })),
        ("300 s ahead", at(NOW + 300), ok),
        ("301 s ahead", at(NOW + 301), Err(InFuture { ahead: 301 })),
        ("genuine but from 1970", at(12345), Err(TooOld { age: NOW - 12345 })),
        ("forged and old is forged", format!("t=12345,v1={good}"), Err(NoMatch)),
        ("v1 of another moment", format!("t={},v1={good}", NOW + 1), Err(NoMatch)),
    ];
    for (name, header, expected) in cases {
        let result = verify(BODY, Some(&header), &[secret("whsec_test_secret")], Tolerance::default(), NOW);
        assert_eq!(result.map(|_| ()), expected, "{name}");
    }
    assert_eq!(verify(BODY, None, &[secret("whsec_test_secret")], Tolerance::default(), NOW), Err(Missing));
}

#[test]
fn the_tolerance_is_the_caller_s() {
    let secrets = [secret("whsec_test_secret")];
    let cases = [(15, 10, false), (15, 20, true), (9, 10, true), (10, 10, true), (1, 1, true), (2, 1, false)];
    for (age, tolerance, expected) in cases {
        let header = sign(&secrets[0], NOW - age, BODY);
        let result = verify(BODY, Some(&header), &secrets, within(tolerance), NOW);
        assert_eq!(result.is_ok(), expected, "{age} s old, {tolerance} s allowed");
    }
    assert_eq!(Tolerance::default(), within(300));
    let ancient = sign(&secrets[0], 12345, BODY);
    assert!(verify(BODY, Some(&ancient), &secrets, within(u32::MAX), NOW).is_ok());
    for now in [i64::MIN, i64::MAX] {
        assert!(verify(BODY, Some(&ancient), &secrets, within(u32::MAX), now).is_err());
    }
}

#[test]
fn a_body_changed_by_one_byte_does_not_match() {
    let secrets = [secret("whsec_test_secret")];
    let header = sign(&secrets[0], NOW, BODY);
    let changed = [&BODY[..BODY.len() - 1], &[BODY, b"\n"].concat(), &[b"[", BODY].concat(), b""];
    for body in changed {
        assert_eq!(verify(body, Some(&header), &secrets, Tolerance::default(), NOW), Err(SignatureError::NoMatch));
    }
    let latin1: &[u8] = b"{\"n\":\"Zo\xeb\"}";
    assert!(verify(latin1, Some(&sign(&secrets[0], NOW, latin1)), &secrets, Tolerance::default(), NOW).is_ok());
}

#[test]
fn during_a_roll_old_and_new_secret_both_verify() {
    let (old, new, other) = (secret("whsec_old"), secret("whsec_new"), secret("whsec_other"));
    let header = sign_with(&[&new, &old], NOW, BODY);
    assert_eq!(header.matches("v1=").count(), 2);
    let index = |secrets: &[WebhookSecret]| {
        verify(BODY, Some(&header), secrets, Tolerance::default(), NOW).map(|verified| verified.secret_index)
    };
    assert_eq!(index(std::slice::from_ref(&old)), Ok(0));
    assert_eq!(index(std::slice::from_ref(&new)), Ok(0));
    assert_eq!(index(&[other.clone(), new]), Ok(1));
    assert_eq!(index(&[other]), Err(SignatureError::NoMatch));
}

#[test]
fn without_a_secret_nothing_verifies() {
    let header = "t=1492774577,v1=5a0eb68ca80e1af8db048fd787202e2ede1a094284d662312ac23e73f1523aca";
    assert_eq!(verify(BODY, Some(header), &[], Tolerance::default(), 1492774577), Err(SignatureError::NoSecret));
}

#[test]
fn an_empty_or_blank_secret_cannot_be_made() {
    assert_eq!(WebhookSecret::parse("").unwrap_err(), SecretError::Empty);
    for blank in [" ", "\t", "\r", "\n", "\x0c", "\x0b", " \t\r\n\x0c\x0b "] {
        assert_eq!(WebhookSecret::parse(blank).unwrap_err(), SecretError::Blank, "{blank:?}");
    }
}

#[test]
fn a_secret_with_whitespace_is_used_as_it_is() {
    for text in [" whsec_x ", "whsec_x\n", "\u{a0}", "wh sec"] {
        let secret = secret(text);
        assert_eq!(secret.expose(), text);
        assert!(secret.has_whitespace());
        let header = sign(&secret, NOW, BODY);
        assert!(verify(BODY, Some(&header), &[secret], Tolerance::default(), NOW).is_ok());
        let trimmed = WebhookSecret::parse("whsec_x").unwrap();
        assert!(!trimmed.has_whitespace());
        assert!(verify(BODY, Some(&header), &[trimmed], Tolerance::default(), NOW).is_err());
    }
}

#[test]
fn reason_codes_are_fixed_and_texts_hold_no_secret() {
    use SignatureError::{InFuture, Malformed, Missing, NoMatch, NoSecret, TooOld};
    let cases = [
        (Missing, "missing_signature"),
        (Malformed("x"), "malformed_signature"),
        (NoMatch, "no_matching_signature"),
        (TooOld { age: 301 }, "timestamp_too_old"),
        (InFuture { ahead: 301 }, "timestamp_in_future"),
        (NoSecret, "no_secret"),
    ];
    for (error, code) in cases {
        assert_eq!(error.code(), code);
    }
    assert!(NoMatch.to_string().contains("without spaces"), "a pasted space is the usual cause");
    assert_eq!(format!("{:?}", secret("whsec_test_secret")), "WebhookSecret(…)");
}

proptest! {
    #[test]
    fn random_headers_never_panic_and_never_verify(header in ".{0,200}", body in proptest::collection::vec(any::<u8>(), 0..64), now in any::<i64>()) {
        prop_assert!(verify(&body, Some(&header), &[secret("whsec_test_secret")], Tolerance::default(), now).is_err());
    }

    #[test]
    fn random_items_never_panic_and_never_verify(
        items in proptest::collection::vec("(t|v1|v0|)=?(-?[0-9]{0,14}|[0-9a-fA-F]{62,66}|)", 0..6),
        now in any::<i64>(),
    ) {
        prop_assert!(verify(BODY, Some(&items.join(",")), &[secret("whsec_test_secret")], Tolerance::default(), now).is_err());
    }

    #[test]
    fn a_flipped_bit_in_the_body_never_verifies(mut body in proptest::collection::vec(any::<u8>(), 1..200), at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let secrets = [secret("whsec_test_secret")];
        let header = sign(&secrets[0], NOW, &body);
        prop_assert!(verify(&body, Some(&header), &secrets, Tolerance::default(), NOW).is_ok());
        let index = at.index(body.len());
        body[index] ^= 1_u8 << bit;
        prop_assert_eq!(verify(&body, Some(&header), &secrets, Tolerance::default(), NOW), Err(SignatureError::NoMatch));
    }

    #[test]
    fn a_flipped_bit_in_the_header_never_verifies(at in any::<prop::sample::Index>(), bit in 0..7_u32) {
        let secrets = [secret("whsec_test_secret")];
        let header = sign(&secrets[0], NOW, BODY);
        let mut bytes = header.clone().into_bytes();
        bytes[at.index(header.len())] ^= 1_u8 << bit;
        let flipped = String::from_utf8(bytes).unwrap();
        // The case of a hex digit is no part of the signature.
        let same_hex = flipped.starts_with(&header[..header.len() - 64]) && flipped.eq_ignore_ascii_case(&header);
        prop_assert_eq!(verify(BODY, Some(&flipped), &secrets, Tolerance::default(), NOW).is_ok(), same_hex);
    }

    #[test]
    fn what_is_signed_verifies(key in "[!-~]{1,80}", body in proptest::collection::vec(any::<u8>(), 0..300), timestamp in 0..999_999_999_999_i64) {
        let secrets = [secret(&key)];
        let header = sign(&secrets[0], timestamp, &body);
        prop_assert_eq!(verify(&body, Some(&header), &secrets, Tolerance::default(), timestamp), Ok(Verified { secret_index: 0, timestamp }));
    }
}
