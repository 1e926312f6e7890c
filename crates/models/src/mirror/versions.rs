//! One object in two API versions, as the mirror's columns read it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kind::at;
use super::{Kind, kind};

/// A column that reads something else in the other version.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ColumnDifference {
    /// The column; one of a list's entries has the entries' type before it.
    pub column: String,
    /// What it reads in the first.
    pub before: Value,
    /// What it reads in the second.
    pub after: Value,
}

/// The columns that read something else in `after`, those of lists' entries included; none if the type has no table of its
/// own, so that the object is kept whole and has no columns.
pub fn column_differences(before: &Value, after: &Value) -> Option<Vec<ColumnDifference>> {
    let kind = kind(before["object"].as_str()?)?;
    let mut found = Vec::new();
    compare(kind, "", before, after, &mut found);
    for nested in kind.nested {
        let Some(entry_kind) = super::kind(nested.object) else { continue };
        let others = entries(entry_kind, at(after, nested.list));
        let prefix = format!("{}.", nested.object);
        for (id, entry) in entries(entry_kind, at(before, nested.list)) {
            compare(entry_kind, &prefix, entry, others.get(id).copied().unwrap_or(&Value::Null), &mut found);
        }
    }
    Some(found)
}

fn compare(kind: &Kind, prefix: &str, before: &Value, after: &Value, found: &mut Vec<ColumnDifference>) {
    for column in kind.columns {
        let (before, after) = (column.read(before), column.read(after));
        if before != after {
            found.push(ColumnDifference { column: format!("{prefix}{}", column.name), before, after });
        }
    }
}

fn entries<'a>(kind: &Kind, list: Option<&'a Value>) -> BTreeMap<&'a str, &'a Value> {
    let data = list.and_then(|list| list.get("data")).and_then(Value::as_array);
    data.into_iter().flatten().filter_map(|entry| Some((kind.id_in(entry)?, entry))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_moved_reads_the_same_and_what_is_gone_is_named() {
        let old = json!({
            "object": "subscription", "id": "sub_1", "current_period_end": 9, "status": "active",
            "items": {"data": [{"id": "si_1", "object": "subscription_item", "quantity": 2}]},
        });
        let new = json!({
            "object": "subscription", "id": "sub_1", "status": "active",
            "items": {"data": [{"id": "si_1", "object": "subscription_item", "quantity": 2, "current_period_end": 9}]},
        });
        let moved: Vec<String> =
            column_differences(&old, &new).unwrap().into_iter().map(|found| found.column).collect();
        assert!(!moved.contains(&"current_period_end".to_owned()), "{moved:?}");
        let lost = json!({"object": "subscription", "id": "sub_1", "status": "active", "items": {"data": []}});
        let found = column_differences(&old, &lost).unwrap();
        assert!(found.contains(&ColumnDifference {
            column: "current_period_end".to_owned(),
            before: json!(9),
            after: json!(null)
        }));
        assert!(found.iter().any(|found| found.column == "subscription_item.quantity"));
        assert_eq!(column_differences(&json!({"object": "no_such"}), &json!({})), None);
        assert_eq!(column_differences(&json!(7), &json!({})), None);
    }
}
