//! Reads what several of Stripe's objects have in common out of their JSON.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Error;
use crate::webhook::WebhookSecret;

/// Takes a signing secret out of an object, so that what is left can be shown; `parent` points to what holds it.
pub(crate) fn take_secret(raw: &mut Value, parent: &str, field: &str) -> Result<Option<WebhookSecret>, Error> {
    let taken = raw.pointer_mut(parent).and_then(Value::as_object_mut).and_then(|object| object.shift_remove(field));
    let parse = |text: &str| WebhookSecret::parse(text).map_err(|error| Error::Unexpected(error.to_string()));
    taken.as_ref().and_then(Value::as_str).map(parse).transpose()
}

/// A text that every object of the kind has; `noun` says which in the error.
pub(crate) fn required(raw: &Value, noun: &str, name: &str) -> Result<String, Error> {
    text(&raw[name]).ok_or_else(|| Error::Unexpected(format!("{noun} has no {name}")))
}

pub(crate) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

pub(crate) fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}

pub(crate) fn string_map(value: &Value) -> BTreeMap<String, String> {
    let pairs = value.as_object().into_iter().flatten();
    pairs.filter_map(|(key, value)| Some((key.clone(), text(value)?))).collect()
}
