//! The cases of the official SDKs' signature suites, one row each: what they say and what is said here.
//!
//! Of the suites of stripe-python 16, stripe-node 23, stripe-go 86 and stripe-ruby 19. What an SDK tests of its own
//! language or of parsing objects of its API version has no row.

use tollgate_stripe_client::Envelope;
use tollgate_stripe_client::webhook::{SecretError, Tolerance, WebhookSecret, sign, sign_with, verify};

const NOW: i64 = 1_700_000_000;
const SECRET: &str = "whsec_test_secret";
const BODY: &str = r#"{"id":"evt_test_webhook","object":"event","type":"invoice.paid","created":1700000000}"#;
const THIN: &str = r#"{"id":"evt_test_thin","object":"v2.core.event","type":"v1.customer.created","created":"2026-01-01T00:00:00Z","livemode":false}"#;

fn secret(text: &str) -> WebhookSecret {
    WebhookSecret::parse(text).unwrap()
}

/// The whole way of a delivery: the secret, the signature, the envelope. What comes of it in one word.
fn verdict(body: &[u8], header: Option<&str>, secrets: &[&str], tolerance: Option<u32>, now: i64) -> String {
    let parsed: Result<Vec<WebhookSecret>, SecretError> =
        secrets.iter().map(|text| WebhookSecret::parse(text)).collect();
    let secrets = match parsed {
        Ok(secrets) => secrets,
        Err(error) => return format!("secret refused: {error:?}"),
    };
    let tolerance = tolerance.map_or_else(Tolerance::default, |seconds| Tolerance(seconds.try_into().unwrap()));
    match verify(body, header, &secrets, tolerance, now) {
        Err(error) => error.code().to_owned(),
        Ok(_) => match Envelope::parse(body) {
            Ok(envelope) => format!("{:?} {}", envelope.kind, envelope.id),
            Err(error) => error.to_string(),
        },
    }
}

struct Row {
    case: &'static str,
    body: Vec<u8>,
    header: Option<String>,
    secrets: &'static [&'static str],
    tolerance: Option<u32>,
    now: i64,
    says: &'static str,
}

fn row(case: &'static str, says: &'static str) -> Row {
    let header = Some(sign(&secret(SECRET), NOW, BODY.as_bytes()));
    Row { case, body: BODY.into(), header, secrets: &[SECRET], tolerance: None, now: NOW, says }
}

fn with(case: &'static str, header: impl Into<String>, says: &'static str) -> Row {
    Row { header: Some(header.into()), ..row(case, says) }
}

fn of(case: &'static str, body: &[u8], says: &'static str) -> Row {
    Row { header: Some(sign(&secret(SECRET), NOW, body)), body: body.to_vec(), ..row(case, says) }
}

fn aged(case: &'static str, age: i64, tolerance: Option<u32>, says: &'static str) -> Row {
    let header = Some(sign(&secret(SECRET), NOW - age, BODY.as_bytes()));
    Row { header, tolerance, ..row(case, says) }
}

fn by(case: &'static str, secrets: &'static [&'static str], says: &'static str) -> Row {
    Row { secrets, ..row(case, says) }
}

fn rows() -> Vec<Row> {
    let good = sign(&secret(SECRET), NOW, BODY.as_bytes());
    let v1 = good.split_once(",v1=").unwrap().1.to_owned();
    let (old, new) = (secret("whsec_old"), secret("whsec_new"));
    let rolled = sign_with(&[&new, &old], NOW, BODY.as_bytes());
    let spaced = sign(&secret(" whsec_x "), NOW, BODY.as_bytes());
    vec![
        row("a valid body, header and secret", "Snapshot evt_test_webhook"),
        of("a signed body that is no JSON", b"this is not valid JSON", "the body is not JSON"),
        of("a bracket too many, then signed", format!("{BODY}[").as_bytes(), "the body is not JSON"),
        with("a header that is none", "bad_header", "malformed_signature"),
        with("prose for a header", "I'm not even a real signature header", "malformed_signature"),
        Row { header: None, ..row("no header", "missing_signature") },
        with("an empty header", "", "missing_signature"),
        with("an item without =", "v1,t=1", "malformed_signature"),
        with("an empty timestamp", "t=", "malformed_signature"),
        with("a timestamp of letters", format!("t=now,v1={v1}"), "malformed_signature"),
        Row { body: Vec::new(), ..row("no body, with another's signature", "no_matching_signature") },
        of("no body, signed", b"", "the body is empty"),
        with("two header lines joined", format!("{good}, {good}"), "malformed_signature"),
        with("scheme v0 alone", format!("t={NOW},v0={v1}"), "malformed_signature"),
        with("a bad signature", format!("t={NOW},v1=bad_signature"), "no_matching_signature"),
        with("the hex of other bytes", format!("t={NOW},v1=deadbeef"), "no_matching_signature"),
        with("a good signature, then a bad one", format!("{good},v1=bad_signature"), "Snapshot evt_test_webhook"),
        with("a good signature, then a potato", format!("{good},v1=potato"), "Snapshot evt_test_webhook"),
        Row {
            secrets: &["whsec_old"],
            ..with("a rolled secret, by the old one", rolled.clone(), "Snapshot evt_test_webhook")
        },
        Row {
            secrets: &["whsec_new"],
            ..with("a rolled secret, by the new one", rolled.clone(), "Snapshot evt_test_webhook")
        },
        Row { secrets: &["whsec_other"], ..with("a rolled secret, by another", rolled, "no_matching_signature") },
        aged("15 s old, 10 allowed", 15, Some(10), "timestamp_too_old"),
        aged("15 s old, 20 allowed", 15, Some(20), "Snapshot evt_test_webhook"),
        aged("9 s old, 10 allowed", 9, Some(10), "Snapshot evt_test_webhook"),
        aged("from 1970, everything allowed", NOW - 12345, Some(u32::MAX), "Snapshot evt_test_webhook"),
        aged("299 s old, nothing said", 299, None, "Snapshot evt_test_webhook"),
        aged("300 s old, nothing said", 300, None, "Snapshot evt_test_webhook"),
        aged("301 s old, nothing said", 301, None, "timestamp_too_old"),
        // The SDKs accept any time ahead; here the cause, a slow clock, has a reason of its own.
        aged("301 s ahead", -301, None, "timestamp_in_future"),
        by("no secret", &[], "no_secret"),
        by("an empty secret", &[""], "secret refused: Empty"),
        by("a secret of a space", &[" "], "secret refused: Blank"),
        by("a secret of tabs and line ends", &["\t\r\n\x0c\x0b "], "secret refused: Blank"),
        Row {
            secrets: &[" whsec_x "],
            ..with("a secret with spaces around it, as it is", spaced.clone(), "Snapshot evt_test_webhook")
        },
        Row { secrets: &["whsec_x"], ..with("the same without them", spaced, "no_matching_signature") },
        of("an array for a body", b"[]", "the body is not"),
        of("a thin event", THIN.as_bytes(), "Thin evt_test_thin"),
        Row { header: None, ..of("a thin event without a header", THIN.as_bytes(), "missing_signature") },
        Row {
            secrets: &["whsec_other"],
            ..of("a thin event by another secret", THIN.as_bytes(), "no_matching_signature")
        },
        with("t, v1 and v0 together", format!("{good},v0={v1}"), "Snapshot evt_test_webhook"),
        of(
            "an envelope of AWS EventBridge",
            br#"{"detail-type":"invoice.paid","detail":{"id":"evt_1"}}"#,
            "the body is not",
        ),
        of("an envelope of Azure Event Grid", br#"{"specversion":"1.0","data":{"id":"evt_1"}}"#, "the body is not"),
    ]
}

#[test]
fn each_case_of_the_sdks_has_its_verdict() {
    let rows = rows();
    assert!(rows.len() > 40);
    for row in rows {
        let says = verdict(&row.body, row.header.as_deref(), row.secrets, row.tolerance, row.now);
        assert!(says.starts_with(row.says), "{}: {says}, not {}", row.case, row.says);
    }
}

#[test]
fn a_header_that_is_made_for_a_test_has_two_items_and_verifies() {
    let header = sign(&secret(SECRET), NOW, BODY.as_bytes());
    let items: Vec<&str> = header.split(',').collect();
    assert!(matches!(items[..], [t, v1] if t.starts_with("t=") && v1.starts_with("v1=")), "{header}");
}

#[test]
fn who_pasted_a_secret_with_spaces_is_told_so() {
    let refusal = verify(
        BODY.as_bytes(),
        Some(&sign(&secret("whsec_x"), NOW, BODY.as_bytes())),
        &[secret(" whsec_x")],
        Tolerance::default(),
        NOW,
    );
    assert!(refusal.unwrap_err().to_string().contains("without spaces"));
}
