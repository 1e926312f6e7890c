//! The declaration of an object type: its table, its columns, and where each is read in Stripe's JSON.

use serde_json::Value;

/// An object type with a table of its own.
#[derive(Debug)]
pub struct Kind {
    /// Stripe's name for it, the value of the JSON's `object`.
    pub object: &'static str,
    /// Its table.
    pub table: &'static str,
    /// What to call several of them.
    pub plural: &'static str,
    /// The columns beside those that every mirror table has.
    pub columns: &'static [Column],
    /// The values of `status` in the order of the object's life, those of one stage together. Of two contents of one second
    /// the further one stays, if nothing else tells which came later.
    pub lifecycle: &'static [&'static [&'static str]],
    /// Lists inside the object whose entries have a table of their own.
    pub nested: &'static [Nested],
}

/// A list inside an object, as in `items` of a subscription.
#[derive(Debug)]
pub struct Nested {
    /// The JSON pointer of the list object, which holds `data` and `has_more`.
    pub list: &'static str,
    /// The type of its entries.
    pub object: &'static str,
    /// The column of the entries' table that holds the id of the object they are in.
    pub parent: &'static str,
}

/// The SQL type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlType {
    /// `TEXT`
    Text,
    /// `BIGINT`
    BigInt,
    /// `BOOLEAN`
    Bool,
}

/// A column and where it is read.
#[derive(Debug)]
pub struct Column {
    /// Its name, Stripe's own where there is one.
    pub name: &'static str,
    /// Its SQL type.
    pub sql: SqlType,
    /// JSON pointers, tried in turn: the place in the newest API version first, then the older ones.
    pub places: &'static [&'static str],
    /// The object type that its id refers to.
    pub refers_to: Option<&'static str>,
    /// Whether lists show it.
    pub listed: bool,
}

impl Kind {
    /// How far in its life an object is, from 0; none without a status that is known.
    pub fn rank(&self, object: &Value) -> Option<usize> {
        let status = object.get("status")?.as_str()?;
        self.lifecycle.iter().position(|stage| stage.contains(&status))
    }
}

impl Column {
    /// A column of text; where the JSON has an expanded object, its id is taken.
    pub const fn text(name: &'static str, places: &'static [&'static str]) -> Self {
        Self { name, sql: SqlType::Text, places, refers_to: None, listed: false }
    }

    /// A column of whole numbers: money in minor units, or unix seconds.
    pub const fn number(name: &'static str, places: &'static [&'static str]) -> Self {
        Self { sql: SqlType::BigInt, ..Self::text(name, places) }
    }

    /// A column of yes or no.
    pub const fn flag(name: &'static str, places: &'static [&'static str]) -> Self {
        Self { sql: SqlType::Bool, ..Self::text(name, places) }
    }

    /// A column that holds the id of another object.
    pub const fn id_of(object: &'static str, name: &'static str, places: &'static [&'static str]) -> Self {
        Self { refers_to: Some(object), ..Self::text(name, places) }
    }

    /// Shows the column in lists.
    pub const fn listed(self) -> Self {
        Self { listed: true, ..self }
    }

    /// Reads the column's value, in its SQL type or null; content of another type is null, never an error.
    pub fn read(&self, object: &Value) -> Value {
        self.places
            .iter()
            .filter_map(|place| object.pointer(place))
            .map(|found| self.convert(found))
            .find(|value| !value.is_null())
            .unwrap_or(Value::Null)
    }

    fn convert(&self, found: &Value) -> Value {
        match (self.sql, found) {
            (SqlType::Text, Value::String(text)) => Value::String(storable(text)),
            (SqlType::Text, Value::Object(expanded)) => match expanded.get("id") {
                Some(Value::String(id)) => Value::String(storable(id)),
                _ => Value::Null,
            },
            (SqlType::Text, Value::Number(number)) => Value::String(number.to_string()),
            (SqlType::BigInt, Value::Number(number)) => number.as_i64().map_or(Value::Null, Value::from),
            (SqlType::BigInt, Value::String(text)) => text.parse::<i64>().map_or(Value::Null, Value::from),
            (SqlType::Bool, Value::Bool(_)) => found.clone(),
            _ => Value::Null,
        }
    }
}

/// PostgreSQL's text cannot hold the character NUL, which JSON can.
pub(super) fn storable(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_column_takes_what_fits_and_is_null_otherwise() {
        let text = Column::text("customer", &["/new/customer", "/customer"]);
        let number = Column::number("amount", &["/amount"]);
        let flag = Column::flag("paid", &["/paid"]);
        for (column, object, value) in [
            (&text, json!({"customer": "cus_1"}), json!("cus_1")),
            (&text, json!({"customer": {"id": "cus_1", "object": "customer"}}), json!("cus_1")),
            (&text, json!({"customer": "old", "new": {"customer": "new"}}), json!("new")),
            (&text, json!({"customer": "old", "new": {"customer": null}}), json!("old")),
            (&text, json!({"customer": "a\0b"}), json!("a\u{fffd}b")),
            (&text, json!({"customer": [1]}), json!(null)),
            (&text, json!({}), json!(null)),
            (&number, json!({"amount": 1999}), json!(1999)),
            (&number, json!({"amount": "1999"}), json!(1999)),
            (&number, json!({"amount": 19.99}), json!(null)),
            (&number, json!({"amount": "a lot"}), json!(null)),
            (&flag, json!({"paid": true}), json!(true)),
            (&flag, json!({"paid": "yes"}), json!(null)),
        ] {
            assert_eq!(column.read(&object), value, "{} of {object}", column.name);
        }
    }
}
