//! What most kinds have in common: list with filters, retrieve, change, delete.

use serde_json::{Value, json};

use super::expand::expand;
use super::metadata::change_metadata;
use super::{Call, page};
use crate::failure::{Answer, Failure};
use crate::fields::{self, Field};
use crate::shapes;
use crate::state::State;

pub(super) fn list(state: &mut State, call: &Call) -> Answer {
    list_where(state, call, |_| true)
}

/// Lists those that pass `also` on top of the kind's own filters.
pub(super) fn list_where(state: &State, call: &Call, also: impl Fn(&Value) -> bool) -> Answer {
    list_kind(state, call, call.kind.object, also)
}

/// Lists another kind than the path's own, such as a customer's payment methods.
pub(super) fn list_kind(state: &State, call: &Call, kind: &str, also: impl Fn(&Value) -> bool) -> Answer {
    let created = page::created(&call.given)?;
    let given = |name: &str| call.given.text(&format!("/{name}"));
    let filters: Vec<(&str, &str)> =
        call.filters.iter().filter_map(|(name, pointer)| Some((*pointer, given(name)?))).collect();
    let fits = |row: &&Value| {
        created.contains(&row["created"].as_i64().unwrap_or(0))
            && filters.iter().all(|(pointer, wanted)| row.pointer(pointer).is_some_and(|value| is(value, wanted)))
            && also(row)
    };
    let rows: Vec<&Value> = state.store.newest(&call.scope, kind).filter(fits).collect();
    let shown = page::page(call, &rows, |row| id(row), |row| shapes::render(row, &call.version))?;
    expand(state, call, shown)
}

/// A page of rows that stand inside an object.
pub(super) fn list_rows(state: &State, call: &Call, rows: &[Value]) -> Answer {
    let rows: Vec<&Value> = rows.iter().collect();
    let shown = page::page(call, &rows, |row| id(row), |row| shapes::render(row, &call.version))?;
    expand(state, call, shown)
}

/// Whether a value is the text of a parameter; an expanded object counts by its id.
fn is(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text == wanted,
        Value::Bool(flag) => wanted == if *flag { "true" } else { "false" },
        Value::Number(number) => number.to_string() == wanted,
        other => other["id"] == wanted,
    }
}

fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap_or_default()
}

pub(super) fn retrieve(state: &mut State, call: &Call) -> Answer {
    let stored = state.store.find(call.id()).filter(|stored| stored.deleted && stored.scope == call.scope);
    // Of deleted objects only customers can still be read.
    if let Some(stored) = stored.filter(|stored| stored.kind() == "customer" && call.kind.object == "customer") {
        return Ok(stored.value.clone());
    }
    let shown = shapes::render(find(state, call)?, &call.version);
    expand(state, call, shown)
}

/// Changes the kept fields that were given and the metadata, and tells of it.
pub(super) fn update(state: &mut State, call: &Call) -> Answer {
    let mut changed = find(state, call)?.clone();
    keep(&mut changed, call, call.fields)?;
    replace(state, call, changed)
}

/// Stores what was given of the kept fields, and the metadata.
pub(super) fn keep(object: &mut Value, call: &Call, fields: &[Field]) -> Result<(), Failure> {
    fields::apply(object, call.given.value(), fields);
    change_metadata(object, call.given.value())
}

/// Puts a changed object in the place of the one in the path, tells of it, and shows it.
pub(super) fn replace(state: &mut State, call: &Call, changed: Value) -> Answer {
    let told = format!("{}.updated", call.kind.events);
    call.act(state).update(call.id(), &told, |object| *object = changed);
    show(state, call, call.id())
}

/// Deletes the object in the path and tells of it.
pub(super) fn delete(state: &mut State, call: &Call) -> Answer {
    find(state, call)?;
    call.act(state).remove(&format!("{}.deleted", call.kind.events), call.id());
    Ok(deleted(call))
}

/// The object in the path.
pub(super) fn find<'a>(state: &'a State, call: &Call) -> Result<&'a Value, Failure> {
    find_as(state, call, call.kind.object, call.kind.noun, call.id())
}

/// The object that a parameter names, if it names one.
pub(super) fn named<'a>(
    state: &'a State,
    call: &Call,
    param: &str,
    kind: &str,
    noun: &str,
) -> Result<Option<&'a Value>, Failure> {
    let id = call.given.text(&format!("/{param}"));
    id.map(|id| find_as(state, call, kind, noun, id).map_err(|failure| failure.at(param))).transpose()
}

/// The customer that a call names, or nobody.
pub(super) fn customer(state: &State, call: &Call) -> Result<Value, Failure> {
    Ok(named(state, call, "customer", "customer", "customer")?.cloned().unwrap_or_default())
}

/// An object that a call names, if it is of this kind and can be seen with this key.
pub(super) fn find_as<'a>(
    state: &'a State,
    call: &Call,
    object: &str,
    noun: &str,
    id: &str,
) -> Result<&'a Value, Failure> {
    match state.store.find(id).filter(|stored| stored.kind() == object && !stored.deleted) {
        Some(stored) if stored.scope == call.scope => Ok(&stored.value),
        Some(stored) if stored.scope.account == call.scope.account => {
            Err(Failure::other_mode(noun, id, call.scope.livemode))
        }
        _ => Err(Failure::no_such(noun, id)),
    }
}

/// The object as stored now, in the caller's version.
pub(super) fn show(state: &State, call: &Call, id: &str) -> Answer {
    let object = state.store.get(id).ok_or_else(|| Failure::no_such(call.kind.noun, id))?;
    show_value(state, call, object)
}

/// An object that is not stored, in the caller's version.
pub(super) fn show_value(state: &State, call: &Call, object: &Value) -> Answer {
    expand(state, call, shapes::render(object, &call.version))
}

/// What deletion answers.
pub(super) fn deleted(call: &Call) -> Value {
    json!({ "id": call.id(), "object": call.kind.object, "deleted": true })
}
