//! The declaration of an object type: its table, its columns, and where each is read in Stripe's JSON.

use serde_json::Value;

/// An object type with a table of its own.
#[derive(Debug)]
pub struct Kind {
    /// Stripe's name for it, the value of the JSON's `object`.
    pub object: &'static str,
    /// Where Stripe's API lists all of an account; none if it lists them only for each object they belong to.
    pub path: Option<&'static str>,
    /// Its table.
    pub table: &'static str,
    /// What to call several of them.
    pub plural: &'static str,
    /// The heading under which menus have it.
    pub group: &'static str,
    /// Where its id is in the JSON; of a type without ids, the id of the object that has one of them.
    pub id: &'static str,
    /// The columns of the table's key.
    pub key: &'static [&'static str],
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
    /// Whether the entries exist in it alone: one that it no longer holds is gone. Others have events of their own, or stay.
    pub owned: bool,
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
    /// Whether lists are often narrowed by it: then it leads an index, as every reference does.
    pub filtered: bool,
    /// Whether it holds personal data.
    pub personal: bool,
}

/// Indexes have no room for longer texts: PostgreSQL takes 2,704 bytes for all columns of an entry. Stripe's ids and codes
/// have up to 255 characters.
const LONGEST_INDEXED: usize = 512;

impl Kind {
    /// The type whose declarations differ only in what they name.
    pub(super) const PLAIN: Self = Self {
        object: "",
        path: None,
        table: "",
        plural: "",
        group: "",
        id: "/id",
        key: &["id", "livemode", "account"],
        columns: &[],
        lifecycle: &[],
        nested: &[],
    };

    /// The id of an object of this type.
    pub fn id_in<'a>(&self, object: &'a Value) -> Option<&'a str> {
        at(object, self.id)?.as_str()
    }

    /// Whether two accounts may each have an object with the same id, as where users choose it.
    pub fn is_keyed_by_account(&self) -> bool {
        self.key.contains(&"account")
    }

    /// The declared column of a name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// How far in its life an object is, from 0; none without a status that is known.
    pub fn rank(&self, object: &Value) -> Option<usize> {
        let status = object.get("status")?.as_str()?;
        self.lifecycle.iter().position(|stage| stage.contains(&status))
    }
}

impl Column {
    /// A column of text; where the JSON has an expanded object, its id is taken.
    pub const fn text(name: &'static str, places: &'static [&'static str]) -> Self {
        Self { name, sql: SqlType::Text, places, refers_to: None, listed: false, filtered: false, personal: false }
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

    /// Has lists narrowed by the column read it from an index.
    pub const fn filtered(self) -> Self {
        Self { filtered: true, ..self }
    }

    /// Hides the column from those who may not see personal data.
    pub const fn personal(self) -> Self {
        Self { personal: true, ..self }
    }

    /// Whether it leads an index.
    pub const fn is_indexed(&self) -> bool {
        self.filtered || self.refers_to.is_some()
    }

    /// Reads the column's value, in its SQL type or null; content of another type is null, never an error.
    pub fn read(&self, object: &Value) -> Value {
        self.places
            .iter()
            .filter_map(|place| at(object, place))
            .map(|found| self.convert(found))
            .find(|value| !value.is_null())
            .unwrap_or(Value::Null)
    }

    fn convert(&self, found: &Value) -> Value {
        match (self.sql, found) {
            (SqlType::Text, Value::String(text)) => self.text_value(text),
            (SqlType::Text, Value::Object(expanded)) => match expanded.get("id") {
                Some(Value::String(id)) => self.text_value(id),
                _ => Value::Null,
            },
            (SqlType::Text, Value::Number(number)) => Value::String(number.to_string()),
            (SqlType::BigInt, Value::Number(number)) => number.as_i64().map_or(Value::Null, Value::from),
            (SqlType::BigInt, Value::String(text)) => text.parse::<i64>().map_or(Value::Null, Value::from),
            (SqlType::Bool, Value::Bool(_)) => found.clone(),
            _ => Value::Null,
        }
    }

    fn text_value(&self, text: &str) -> Value {
        let fits = text.len() <= LONGEST_INDEXED || !self.is_indexed();
        if fits { Value::String(storable(text)) } else { Value::Null }
    }
}

/// What is at a place of the JSON. The places of declarations have no character that is escaped, so that nothing has to be
/// copied to read them, as [`Value::pointer`] does.
pub(super) fn at<'a>(object: &'a Value, place: &str) -> Option<&'a Value> {
    place.split('/').skip(1).try_fold(object, |found, step| match found {
        Value::Object(fields) => fields.get(step),
        Value::Array(entries) => entries.get(step.parse::<usize>().ok()?),
        _ => None,
    })
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
