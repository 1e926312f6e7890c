//! JSON as a tree that opens and closes without a script: flattened to lines, so that a template can write it.

use askama::Template;
use serde_json::Value;

use super::fields::{link, segment};
use super::money::{is_amount, is_time, money};
use super::show::seconds_text;

/// Lines beyond this are left out; the raw text has them.
const MOST_LINES: usize = 4000;
/// Levels that are open at first.
const OPEN_LEVELS: usize = 2;
/// Levels beyond this are not drawn; JSON may nest deeper than a page should.
const MOST_LEVELS: usize = 60;
/// Longer texts are cut.
const LONGEST_TEXT: usize = 2000;

/// One line of the tree.
#[derive(Debug, PartialEq)]
pub(super) enum JsonLine {
    Open { key: String, bracket: &'static str, note: String, open: bool },
    Close,
    Value { key: String, class: &'static str, text: String, href: Option<String>, note: String },
}

/// A JSON value as a page shows it.
#[derive(Debug, Template)]
#[template(path = "admin/parts/json.html")]
pub(super) struct JsonTree {
    lines: Vec<JsonLine>,
    cut: bool,
}

impl askama::filters::HtmlSafe for JsonTree {}

impl JsonTree {
    /// Lays a value out.
    pub(super) fn new(value: &Value) -> Self {
        let mut tree = Self { lines: Vec::new(), cut: false };
        match value {
            Value::Object(_) | Value::Array(_) => tree.children(value, 0),
            plain => tree.push("", plain, None, 0),
        }
        tree
    }

    fn children(&mut self, value: &Value, level: usize) {
        match value {
            Value::Object(fields) => {
                for (key, child) in fields {
                    self.push(key, child, Some(value), level);
                }
            }
            Value::Array(entries) => {
                for (position, child) in entries.iter().enumerate() {
                    self.push(&position.to_string(), child, None, level);
                }
            }
            _ => {}
        }
    }

    fn push(&mut self, key: &str, value: &Value, parent: Option<&Value>, level: usize) {
        if self.lines.len() >= MOST_LINES || level >= MOST_LEVELS {
            self.cut = true;
            return;
        }
        let (bracket, note) = match value {
            Value::Object(fields) if !fields.is_empty() => ("{…}", summary(value, fields.len(), "field")),
            Value::Array(entries) if !entries.is_empty() => ("[…]", summary(value, entries.len(), "entry")),
            plain => {
                self.lines.push(leaf(key, plain, parent));
                return;
            }
        };
        self.lines.push(JsonLine::Open { key: key.to_owned(), bracket, note, open: level < OPEN_LEVELS });
        self.children(value, level + 1);
        self.lines.push(JsonLine::Close);
    }
}

fn summary(value: &Value, count: usize, what: &str) -> String {
    let object = value.get("object").and_then(Value::as_str).filter(|name| *name != "list").unwrap_or_default();
    let plural = match (count, what) {
        (1, what) => what,
        (_, "entry") => "entries",
        _ => "fields",
    };
    if object.is_empty() { format!("{count} {plural}") } else { format!("{object}, {count} {plural}") }
}

fn leaf(key: &str, value: &Value, parent: Option<&Value>) -> JsonLine {
    let class = match value {
        Value::String(_) => "s",
        Value::Number(_) => "d",
        Value::Bool(_) => "b",
        _ => "z",
    };
    let (text, href) = match value {
        Value::String(text) => (quoted(text), target(key, text, parent)),
        other => (other.to_string(), None),
    };
    JsonLine::Value { key: key.to_owned(), class, text, href, note: note(key, value, parent) }
}

fn quoted(text: &str) -> String {
    let end = text.floor_char_boundary(LONGEST_TEXT);
    let cut = if end < text.len() { " …" } else { "" };
    format!("{}{cut}", Value::from(&text[..end]))
}

/// Where the page of an id is. An object's own id leads to the object by its type; any other is looked up when it is followed.
fn target(key: &str, text: &str, parent: Option<&Value>) -> Option<String> {
    if !is_id(text) {
        return None;
    }
    let object = parent.and_then(|parent| parent.get("object")).and_then(Value::as_str);
    match object {
        Some("event" | "v2.core.event") if key == "id" => Some(format!("/admin/events/{}", segment(text))),
        Some(object) if key == "id" => Some(format!("/admin/objects/{}/{}", segment(object), segment(text))),
        _ => Some(link("/admin/find", &[("q".to_owned(), text.to_owned())])),
    }
}

/// Whether a text has the form of Stripe's ids: a short prefix, `_`, and a run of letters with a digit in it.
pub(super) fn is_id(text: &str) -> bool {
    let Some((prefix, rest)) = text.rsplit_once('_') else { return false };
    let short = (2..=20).contains(&prefix.len()) && prefix.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let random = (6..=80).contains(&rest.len()) && rest.chars().all(|c| c.is_ascii_alphanumeric());
    short && random && rest.chars().any(|c| c.is_ascii_digit()) && prefix != "req" && !text.contains("_secret_")
}

/// An amount with its currency, or a time in words.
pub(super) fn note(key: &str, value: &Value, parent: Option<&Value>) -> String {
    let Some(number) = value.as_i64() else { return String::new() };
    let currency = parent.and_then(|parent| parent.get("currency")).and_then(Value::as_str);
    if let Some(currency) = currency.filter(|_| is_amount(key)) {
        return money(number, currency);
    }
    // From 2001 to 2286, so that small numbers under such a name are not dressed up as times.
    let plausible = (1_000_000_000..10_000_000_000).contains(&number);
    if plausible && is_time(key) { seconds_text(number).unwrap_or_default() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_lead_to_pages_and_amounts_and_times_are_readable() {
        let tree = JsonTree::new(&json!({
            "id": "in_1NabcD", "object": "invoice", "customer": "cus_9s6XKzkNRiz8i3", "total": 1999, "currency": "usd",
            "created": 1_795_413_046, "status": "requires_payment_method", "lines": {"object": "list", "data": []},
        }))
        .to_string();
        for part in [
            "href=\"/admin/objects/invoice/in_1NabcD\"",
            "href=\"/admin/find?q=cus_9s6XKzkNRiz8i3\"",
            "19.99 USD",
            "2026-11-23 05:50:46 UTC",
        ] {
            assert!(tree.contains(part), "{part} in {tree}");
        }
        assert!(!tree.contains("find?q=requires"), "{tree}");
        assert_eq!(tree.matches("<details").count(), tree.matches("</details>").count());
    }

    #[test]
    fn hostile_json_is_escaped_and_bounded() {
        let tree = JsonTree::new(&json!({"<b>": "</div><script>alert(1)</script>"})).to_string();
        assert!(!tree.contains("<script>") && !tree.contains("<b>"), "{tree}");
        let mut deep = json!(1);
        for _ in 0..500 {
            deep = json!([deep]);
        }
        assert!(JsonTree::new(&deep).cut);
        let wide = JsonTree::new(&Value::from(vec![1; 100_000]));
        assert!(wide.cut && wide.lines.len() <= MOST_LINES + 1);
        assert!(JsonTree::new(&json!("é".repeat(5000))).to_string().len() < 5000);
    }

    #[test]
    fn only_ids_are_taken_for_ids() {
        for id in ["cus_9s6XKzkNRiz8i3", "cs_test_a1B2c3D4", "pi_3MtwBwLkdIwHu7ix", "evt_1NG8Du2eZvKYlo2C"] {
            assert!(is_id(id), "{id}");
        }
        for text in [
            "requires_payment_method",
            "pm_card_visa",
            "usd",
            "req_1a2b3c4d5e",
            "a_b",
            "pi_3Mt_secret_1a2b3c",
            "snake_case2",
        ] {
            assert!(!is_id(text), "{text}");
        }
    }
}
