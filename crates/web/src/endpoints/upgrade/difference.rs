//! What differs between one event in two API versions, path by path.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// More paths than this help nobody.
const MOST: usize = 300;

/// How a path differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is not there in the new version.
    Removed,
    /// Its value has another type.
    Type,
    /// It is there in the new version only.
    Added,
    /// Its value is another.
    Value,
}

/// A path that differs, and in how many of the events that were compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Where in the object, `[]` for any entry of a list; what was before stands under `previous_attributes`.
    pub path: String,
    /// How.
    pub change: Change,
    /// In how many events.
    pub events: usize,
    /// The newest of them.
    pub event_id: String,
    /// What it has in the present version; null if nothing.
    pub before: Value,
    /// What it has in the new version; null if nothing.
    pub after: Value,
}

/// Gathers what differs over many events, the newest first.
#[derive(Default)]
pub(super) struct Differences {
    found: BTreeMap<(Change, String), Difference>,
}

impl Differences {
    /// Compares one event: its object, and what it says was before.
    pub(super) fn add(&mut self, event_id: &str, before: &Value, after: &Value) {
        let mut of_event = BTreeMap::new();
        differ("", &before["data"]["object"], &after["data"]["object"], &mut of_event);
        let previous = |event: &Value| event["data"].get("previous_attributes").cloned().unwrap_or_default();
        differ("previous_attributes", &previous(before), &previous(after), &mut of_event);
        for ((change, path), (before, after)) in of_event {
            // Keys may be of the user's making, and others in each event.
            if self.found.len() >= MOST && !self.found.contains_key(&(change, path.clone())) {
                continue;
            }
            let known = self.found.entry((change, path.clone())).or_insert_with(|| Difference {
                path,
                change,
                events: 0,
                event_id: event_id.to_owned(),
                before,
                after,
            });
            known.events += 1;
        }
    }

    /// What was found: what is removed first, values last, each by path.
    pub(super) fn into_list(self) -> Vec<Difference> {
        self.found.into_values().collect()
    }
}

type Found = BTreeMap<(Change, String), (Value, Value)>;

fn differ(path: &str, before: &Value, after: &Value, found: &mut Found) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, before) in old {
                let place = inside(path, key);
                match new.get(key) {
                    Some(after) => differ(&place, before, after, found),
                    None => note(found, Change::Removed, place, before, &Value::Null),
                }
            }
            for (key, after) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                note(found, Change::Added, inside(path, key), &Value::Null, after);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            old.iter().zip(new).for_each(|(before, after)| differ(&format!("{path}[]"), before, after, found));
        }
        _ => {
            let same_type = type_of(before) == type_of(after) || before.is_null() || after.is_null();
            let change = if same_type { Change::Value } else { Change::Type };
            note(found, change, path.to_owned(), before, after);
        }
    }
}

fn note(found: &mut Found, change: Change, path: String, before: &Value, after: &Value) {
    if found.len() >= MOST {
        return;
    }
    found.entry((change, path)).or_insert_with(|| (before.clone(), after.clone()));
}

fn inside(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(object: Value) -> Value {
        json!({ "data": { "object": object } })
    }

    fn told(before: Value, after: Value) -> Vec<(Change, String, usize)> {
        let mut differences = Differences::default();
        differences.add("evt_2", &event(before.clone()), &event(after.clone()));
        differences.add("evt_1", &event(before), &event(after));
        let list = differences.into_list();
        assert!(list.iter().all(|found| found.event_id == "evt_2"));
        list.into_iter().map(|found| (found.change, found.path, found.events)).collect()
    }

    #[test]
    fn paths_are_told_by_what_became_of_them() {
        let before = json!({
            "id": "in_1", "paid": true, "charge": "ch_1", "total": 5, "tax": null,
            "lines": {"data": [{"price": "a", "n": 1}, {"price": "b", "n": 2}]}, "tags": [1],
        });
        let after = json!({
            "id": "in_1", "charge": {"id": "ch_1"}, "total": 6, "tax": 3, "parent": {"deep": {"deeper": 1}},
            "lines": {"data": [{"pricing": {}, "n": 1}, {"pricing": {}, "n": 2}]}, "tags": [1, 2],
        });
        let expected = [
            (Change::Removed, "lines.data[].price"),
            (Change::Removed, "paid"),
            (Change::Type, "charge"),
            (Change::Added, "lines.data[].pricing"),
            (Change::Added, "parent"),
            (Change::Value, "tags"),
            (Change::Value, "tax"),
            (Change::Value, "total"),
        ];
        assert_eq!(told(before, after), expected.map(|(change, path)| (change, path.to_owned(), 2)));
    }

    #[test]
    fn what_is_no_object_or_very_large_is_compared_all_the_same() {
        assert_eq!(told(json!({"a": 1}), json!({"a": 1})), []);
        assert_eq!(told(json!(null), json!({"a": 1})).len(), 1);
        let wide = Value::from_iter((0..1000).map(|n| (n.to_string(), json!(n))));
        assert!(told(json!({}), wide).len() <= MOST);
    }
}
