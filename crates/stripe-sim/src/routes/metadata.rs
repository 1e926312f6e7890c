//! `metadata`: merged key by key within Stripe's limits; an empty value, or null in version 2, takes a key away.

use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::params::Params;

/// Limits of <https://docs.stripe.com/api/metadata>, in keys and characters.
const MOST_KEYS: usize = 50;
const LONGEST_KEY: usize = 40;
const LONGEST_VALUE: usize = 500;

/// Merges the `metadata` parameter, if there is one; an empty text in place of a map clears it.
pub(super) fn apply_metadata(metadata: &mut Map<String, Value>, params: &Params) -> Result<(), Failure> {
    if params.get("metadata") == Some(&Value::String(String::new())) {
        metadata.clear();
        return Ok(());
    }
    let Some(given) = params.map("metadata")? else { return Ok(()) };
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
pub(super) fn change_metadata(object: &mut Value, params: &Params) -> Result<(), Failure> {
    let mut metadata = object["metadata"].as_object().cloned().unwrap_or_default();
    apply_metadata(&mut metadata, params)?;
    object["metadata"] = Value::Object(metadata);
    Ok(())
}
