//! A delivery's headers for the log, without what could be used to impersonate somebody.

use actix_web::http::header::HeaderMap;
use serde_json::{Map, Value};

/// Headers whose values are never stored.
const SECRET: [&str; 6] =
    ["stripe-signature", "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"];
const MOST_HEADERS: usize = 40;
const MOST_VALUE: usize = 256;

/// The headers as a JSON object; values that are secrets are replaced, long ones cut.
pub(super) fn redacted(headers: &HeaderMap) -> String {
    let mut shown = Map::new();
    for (name, value) in headers.iter().take(MOST_HEADERS) {
        let text = if SECRET.contains(&name.as_str()) {
            "[redacted]".to_owned()
        } else {
            let text = String::from_utf8_lossy(value.as_bytes());
            text.chars().filter(|c| *c != '\0').take(MOST_VALUE).collect()
        };
        match shown.get_mut(name.as_str()) {
            Some(Value::String(before)) => *before = format!("{before}, {text}"),
            _ => {
                shown.insert(name.as_str().to_owned(), Value::String(text));
            }
        }
    }
    Value::Object(shown).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    #[test]
    fn secrets_are_redacted_and_long_values_cut() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("stripe-signature", "t=1,v1=deadbeef"),
            ("authorization", "Bearer sk_live_x"),
            ("cookie", "session=1"),
            ("user-agent", "Stripe/1.0"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers.insert(HeaderName::from_static("x-long"), HeaderValue::from_str(&"a".repeat(10_000)).unwrap());
        let shown = redacted(&headers);
        assert!(shown.contains("Stripe/1.0") && shown.len() < 1000);
        for secret in ["deadbeef", "sk_live", "session=1"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
