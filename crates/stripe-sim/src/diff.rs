//! `previous_attributes`: what of an object was different before.

use serde_json::{Map, Value};

/// The old values of everything that changed; inside objects only what changed, of arrays the whole.
pub(crate) fn previous(before: &Value, after: &Value) -> Map<String, Value> {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return Map::new() };
    let mut changed = Map::new();
    for (key, old) in before {
        match after.get(key) {
            Some(new) if new == old => {}
            Some(new) if old.is_object() && new.is_object() => {
                changed.insert(key.clone(), Value::Object(previous(old, new)));
            }
            _ => {
                changed.insert(key.clone(), old.clone());
            }
        }
    }
    for key in after.keys().filter(|key| !before.contains_key(*key)) {
        changed.insert(key.clone(), Value::Null);
    }
    changed
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::previous;

    #[test]
    fn only_what_changed_is_told_with_its_old_value() {
        let cases = [
            (json!({"a": 1, "b": 2}), json!({"a": 1, "b": 3}), json!({"b": 2})),
            (json!({"a": 1}), json!({"a": 1}), json!({})),
            (json!({"m": {"x": 1, "y": 2}}), json!({"m": {"x": 1, "y": 3}}), json!({"m": {"y": 2}})),
            (json!({"m": {}}), json!({"m": {"plan": "pro"}}), json!({"m": {"plan": null}})),
            (json!({"l": [1, 2]}), json!({"l": [1, 3]}), json!({"l": [1, 2]})),
            (json!({"a": null}), json!({"a": {"b": 1}}), json!({"a": null})),
        ];
        for (before, after, expected) in cases {
            assert_eq!(Value::Object(previous(&before, &after)), expected, "{before} {after}");
        }
    }
}
