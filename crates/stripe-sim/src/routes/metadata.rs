//! `metadata`: merged key by key within Stripe's limits; an empty value, or null in version 2, takes a key away.

use serde_json::{Map, Value};

use crate::failure::Failure;

/// Limits of <https://docs.stripe.com/api/metadata>, in keys and characters.
const MOST_KEYS: usize = 50;
const LONGEST_KEY: usize = 40;
const LONGEST_VALUE: usize = 500;

/// Merges the `metadata` parameter, if there is one; an empty text in place of a map clears it.
pub(crate) fn apply_metadata(metadata: &mut Map<String, Value>, given: &Value) -> Result<(), Failure> {
    let given = match given.get("metadata") {
        None => return Ok(()),
        Some(Value::String(text)) if text.is_empty() => {
            metadata.clear();
            return Ok(());
        }
        Some(Value::Object(given)) => given,
        Some(_) => return Err(Failure::param("metadata", "Invalid object")),
    };
    for (key, value) in given {
        let name = format!("metadata[{key}]");
        let Some(text) = value.as_str().or(value.is_null().then_some("")) else {
            return Err(Failure::param(&name, "Metadata values must be strings"));
        };
        if key.chars().count() > LONGEST_KEY {
            let message = format!("Metadata keys can have up to {LONGEST_KEY} characters.");
            return Err(Failure::param("metadata", message));
        }
        if text.chars().count() > LONGEST_VALUE {
            let message = format!("Metadata values can have up to {LONGEST_VALUE} characters.");
            return Err(Failure::param(&name, message));
        }
        if text.is_empty() {
            metadata.shift_remove(key);
        } else {
            metadata.insert(key.clone(), value.clone());
        }
    }
    if metadata.len() > MOST_KEYS {
        return Err(Failure::param("metadata", format!("Metadata can have up to {MOST_KEYS} keys.")));
    }
    Ok(())
}

/// The same for an object that carries `metadata`.
pub(crate) fn change_metadata(object: &mut Value, given: &Value) -> Result<(), Failure> {
    let mut metadata = object["metadata"].as_object().cloned().unwrap_or_default();
    apply_metadata(&mut metadata, given)?;
    object["metadata"] = Value::Object(metadata);
    Ok(())
}
