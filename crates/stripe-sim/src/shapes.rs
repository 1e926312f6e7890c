//! Objects as an API version shows them: the current shape, or that of a version before a break.

mod before_basil;
mod before_clover;

use serde_json::{Value, json};

use crate::objects::text;

/// The first versions with today's place of things (<https://docs.stripe.com/changelog/basil>, `/clover`).
const BASIL: &str = "2025-03-31";
const CLOVER: &str = "2025-09-30";

/// Whether a version shows objects in today's shape.
pub(crate) fn is_current(version: &str) -> bool {
    version >= CLOVER
}

/// The object in a version; the simulator's own notes are taken away.
pub(crate) fn render(object: &Value, version: &str) -> Value {
    let mut shown = object.clone();
    if version < CLOVER {
        each(&mut shown, &mut before_clover::change);
    }
    if version < BASIL {
        each(&mut shown, &mut before_basil::change);
    }
    take_notes_away(&mut shown);
    shown
}

/// Changes an object and every object inside of it.
fn each(value: &mut Value, change: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Object(fields) => {
            for (_, inner) in fields.iter_mut().filter(|(name, _)| !name.starts_with('~')) {
                each(inner, change);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, change)),
        _ => {}
    }
    if value.get("object").is_some() {
        change(value);
    }
}

fn take_notes_away(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.starts_with('~'));
            fields.values_mut().for_each(take_notes_away);
        }
        Value::Array(items) => items.iter_mut().for_each(take_notes_away),
        _ => {}
    }
}

fn is(object: &Value, kind: &str) -> bool {
    text(object, "/object") == kind
}

fn forget(object: &mut Value, names: &[&str]) {
    if let Some(fields) = object.as_object_mut() {
        names.iter().for_each(|name| drop(fields.shift_remove(*name)));
    }
}

fn extend(object: &mut Value, more: Value) {
    if let (Some(fields), Value::Object(more)) = (object.as_object_mut(), more) {
        fields.extend(more);
    }
}

/// The coupon that was noted, as it is shown inside another object.
fn noted_coupon(object: &Value) -> Value {
    object.get("~coupon").cloned().unwrap_or(json!(null))
}
