//! What parameters a call takes, as data: names and types, by which a request is read with Stripe's complaints.

mod given;
mod read;

use serde_json::{Value, json};

pub(crate) use given::Given;
pub(crate) use read::read;

/// One parameter.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    takes: Takes,
    required: bool,
    /// Stored in the object under its own name.
    kept: bool,
}

/// What a parameter may be.
#[derive(Clone, Copy)]
enum Takes {
    Text,
    Integer,
    /// A number that may have a fraction; kept as it was sent where Stripe shows a text.
    Decimal,
    Flag,
    OneOf(&'static [&'static str]),
    Hash(&'static [Field]),
    /// An array of texts.
    Texts,
    /// An array of hashes.
    Rows(&'static [Field]),
    /// Anything, to be judged by whoever reads it.
    Tree,
}

const fn field(name: &'static str, takes: Takes) -> Field {
    Field { name, takes, required: false, kept: false }
}

pub(crate) const fn text(name: &'static str) -> Field {
    field(name, Takes::Text)
}

pub(crate) const fn integer(name: &'static str) -> Field {
    field(name, Takes::Integer)
}

pub(crate) const fn decimal(name: &'static str) -> Field {
    field(name, Takes::Decimal)
}

pub(crate) const fn flag(name: &'static str) -> Field {
    field(name, Takes::Flag)
}

pub(crate) const fn one_of(name: &'static str, values: &'static [&'static str]) -> Field {
    field(name, Takes::OneOf(values))
}

pub(crate) const fn hash(name: &'static str, fields: &'static [Field]) -> Field {
    field(name, Takes::Hash(fields))
}

pub(crate) const fn texts(name: &'static str) -> Field {
    field(name, Takes::Texts)
}

pub(crate) const fn rows(name: &'static str, fields: &'static [Field]) -> Field {
    field(name, Takes::Rows(fields))
}

pub(crate) const fn tree(name: &'static str) -> Field {
    field(name, Takes::Tree)
}

/// The caller's own notes; [`apply_metadata`](crate::routes::metadata) judges and merges them.
pub(crate) const METADATA: Field = tree("metadata");

/// A postal address.
pub(crate) const ADDRESS: &[Field] = &[
    text("line1").kept(),
    text("line2").kept(),
    text("city").kept(),
    text("state").kept(),
    text("postal_code").kept(),
    text("country").kept(),
];

/// Where something is sent to.
pub(crate) const SHIPPING: &[Field] = &[
    hash("address", ADDRESS).kept(),
    text("name").kept(),
    text("phone").kept(),
    text("carrier").kept(),
    text("tracking_number").kept(),
];

impl Field {
    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn kept(mut self) -> Self {
        self.kept = true;
        self
    }

    /// What stands in an object for a parameter of this type that was never given.
    fn nothing(&self) -> Value {
        match self.takes {
            Takes::Hash(fields) => {
                let kept = fields.iter().filter(|field| field.kept);
                Value::Object(kept.map(|field| (field.name.to_owned(), field.nothing())).collect())
            }
            Takes::Texts | Takes::Rows(_) => json!([]),
            _ => Value::Null,
        }
    }
}

/// Stores what was given of the kept fields in the object; of a hash only what was given changes.
pub(crate) fn apply(object: &mut Value, given: &Value, fields: &[Field]) {
    for field in fields.iter().filter(|field| field.kept) {
        let Some(new) = given.get(field.name) else { continue };
        match field.takes {
            Takes::Hash(inner) if new.is_object() => {
                if !object[field.name].is_object() {
                    object[field.name] = field.nothing();
                }
                apply(&mut object[field.name], new, inner);
            }
            _ => object[field.name] = new.clone(),
        }
    }
}

/// Stores what was noted earlier for an object that is made later: each value under a name that the object has.
pub(crate) fn merge(object: &mut Value, noted: &Value) {
    for (name, value) in noted.as_object().into_iter().flatten() {
        if let Some(old) = object.get_mut(name).filter(|_| !value.is_null()) {
            *old = value.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ADDRESS, Field, apply, hash, integer, text};

    #[test]
    fn kept_fields_are_stored_and_hashes_merged() {
        const FIELDS: &[Field] = &[text("name").kept(), integer("limit"), hash("address", ADDRESS).kept()];
        let mut object = json!({"name": "Ada", "address": null});
        apply(&mut object, &json!({"name": null, "limit": 3, "address": {"city": "Port Ellis"}}), FIELDS);
        assert_eq!((&object["name"], object.get("limit")), (&json!(null), None));
        assert_eq!((&object["address"]["city"], &object["address"]["line1"]), (&json!("Port Ellis"), &json!(null)));
        apply(&mut object, &json!({"address": {"line1": "12 Mill Lane"}}), FIELDS);
        assert_eq!(object["address"]["city"], "Port Ellis");
        apply(&mut object, &json!({"address": null}), FIELDS);
        assert_eq!(object["address"], json!(null));
    }
}
