//! What an update changed: `previous_attributes` of an event beside the object's new content.

use serde_json::Value;

use crate::admin::json_view::note;

/// More lines than this help nobody.
const MOST: usize = 200;
/// Longer values are cut, in bytes.
const LONGEST: usize = 400;

/// One field, before and after.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::admin) struct Change {
    pub(in crate::admin) field: String,
    pub(in crate::admin) before: String,
    pub(in crate::admin) after: String,
}

/// The changes of an event, field by field; lists are compared as a whole, as Stripe gives them.
pub(in crate::admin) fn changes(event: &Value) -> Vec<Change> {
    let data = &event["data"];
    data.get("previous_attributes").map(|previous| told(previous, &data["object"])).unwrap_or_default()
}

/// What an event tells that it changed in an object: these values were there before.
pub(in crate::admin) fn told(previous: &Value, object: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    if previous.is_object() {
        compare("", previous, object, object, &mut found);
    }
    found
}

fn compare(path: &str, before: &Value, after: &Value, parent: &Value, found: &mut Vec<Change>) {
    if found.len() >= MOST {
        return;
    }
    match (before, after) {
        (Value::Object(fields), Value::Object(_)) if !fields.is_empty() => {
            for (key, old) in fields {
                let place = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(&place, old, after.get(key).unwrap_or(&Value::Null), after, found);
            }
        }
        _ => found.push(Change {
            field: path.to_owned(),
            before: text(path, before, parent),
            after: text(path, after, parent),
        }),
    }
}

/// What differs between two values of one field; objects are compared field by field.
pub(in crate::admin) fn between(field: &str, before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    differ(field, before, after, &mut found);
    found
}

fn differ(path: &str, before: &Value, after: &Value, found: &mut Vec<Change>) {
    if found.len() >= MOST || before == after {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        found.push(Change {
            field: path.to_owned(),
            before: text(path, before, &Value::Null),
            after: text(path, after, &Value::Null),
        });
        return;
    };
    let added = new.keys().filter(|key| !old.contains_key(*key));
    for key in old.keys().chain(added) {
        let value = |fields: &serde_json::Map<String, Value>| fields.get(key).cloned().unwrap_or_default();
        differ(&format!("{path}.{key}"), &value(old), &value(new), found);
    }
}

fn text(path: &str, value: &Value, parent: &Value) -> String {
    let key = path.rsplit('.').next().unwrap_or(path);
    let mut text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push_str(" …");
    }
    let note = note(key, value, Some(parent));
    if note.is_empty() { text } else { format!("{text} ({note})") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_changed_field_stands_with_its_old_and_new_value() {
        let event = json!({"data": {
            "object": {"status": "active", "amount": 2000, "currency": "usd", "items": {"data": [2]}, "metadata": {"plan": "pro"}},
            "previous_attributes": {"status": "trialing", "amount": 1999, "items": {"data": [1]}, "metadata": {"plan": null}},
        }});
        let shown: Vec<_> = changes(&event).into_iter().map(|c| (c.field, c.before, c.after)).collect();
        let expected = [
            ("status", "trialing", "active"),
            ("amount", "1999 (19.99 USD)", "2000 (20.00 USD)"),
            ("items.data", "[1]", "[2]"),
            ("metadata.plan", "null", "pro"),
        ];
        assert_eq!(shown, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
        assert_eq!(changes(&json!({"data": {"object": {}}})), []);
    }

    #[test]
    fn what_differs_inside_an_object_is_told_field_by_field() {
        let before = json!({"plan": "pro", "seats": 3, "same": [1]});
        let after = json!({"plan": "basic", "same": [1], "new": true});
        let told = |before: &Value, after: &Value| -> Vec<String> {
            between("metadata", before, after)
                .into_iter()
                .map(|c| format!("{} {} {}", c.field, c.before, c.after))
                .collect()
        };
        assert_eq!(
            told(&before, &after),
            ["metadata.plan pro basic", "metadata.seats 3 null", "metadata.new null true"]
        );
        assert_eq!(told(&Value::Null, &json!({"a": 1})), [r#"metadata null {"a":1}"#]);
        let wide = Value::from_iter((0..1000).map(|n| (n.to_string(), json!(n))));
        assert_eq!(told(&json!({}), &wide).len(), MOST);
    }
}
