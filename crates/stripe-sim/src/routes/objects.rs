//! What most kinds have in common: list with filters, and retrieve.

use serde_json::{Value, json};

use super::expand::expand;
use super::{Action, Call, page};
use crate::failure::{Answer, Failure};
use crate::shapes;
use crate::state::State;

pub(super) const LIST: Action = Action { params: &[], run: list };
pub(super) const RETRIEVE: Action = Action { params: &[], run: retrieve };

pub(super) fn list(state: &mut State, call: &Call) -> Answer {
    list_where(state, call, |_| true)
}

/// Lists those that pass `also` on top of the kind's own filters.
pub(super) fn list_where(state: &State, call: &Call, also: impl Fn(&Value) -> bool) -> Answer {
    let created = page::created(&call.params)?;
    let mut filters = Vec::new();
    for (name, pointer) in call.kind.filters {
        if let Some(wanted) = call.params.text(name)? {
            filters.push((pointer, wanted));
        }
    }
    let fits = |row: &&Value| {
        created.contains(&row["created"].as_i64().unwrap_or(0))
            && filters.iter().all(|(pointer, wanted)| row.pointer(pointer).is_some_and(|value| is(value, wanted)))
            && also(row)
    };
    let rows: Vec<&Value> = state.store.newest(&call.scope, call.kind.object).filter(fits).collect();
    let shown = page::page(call, &rows, |row| id(row), |row| shapes::render(row, &call.version))?;
    expand(state, call, shown)
}

/// Whether a value is the text of a parameter; an expanded object counts by its id.
fn is(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text == wanted,
        Value::Bool(flag) => wanted == if *flag { "true" } else { "false" },
        other => other["id"] == wanted,
    }
}

fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap_or_default()
}

fn retrieve(state: &mut State, call: &Call) -> Answer {
    let stored = state.store.find(&call.id).filter(|stored| stored.deleted && stored.scope == call.scope);
    // Of deleted objects only customers can still be read.
    if let Some(stored) = stored.filter(|stored| stored.kind() == "customer" && call.kind.object == "customer") {
        return Ok(stored.value.clone());
    }
    let shown = shapes::render(find(state, call)?, &call.version);
    expand(state, call, shown)
}

/// The object in the path.
pub(super) fn find<'a>(state: &'a State, call: &Call) -> Result<&'a Value, Failure> {
    find_as(state, call, call.kind.object, call.kind.noun, &call.id)
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
    expand(state, call, shapes::render(object, &call.version))
}

/// What deletion answers.
pub(super) fn deleted(call: &Call) -> Value {
    json!({ "id": call.id, "object": call.kind.object, "deleted": true })
}
