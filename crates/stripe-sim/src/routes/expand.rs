//! `expand[]`: ids replaced by the objects they name.

use serde_json::Value;

use super::Call;
use crate::failure::{Answer, Failure};
use crate::shapes;
use crate::state::State;

/// The deepest path that Stripe follows (<https://docs.stripe.com/expand>).
const DEEPEST: usize = 4;

/// Expands what the call asks for; paths into a list start with `data`.
pub(super) fn expand(state: &State, call: &Call, mut answer: Value) -> Answer {
    for path in call.given.texts("/expand").unwrap_or_default() {
        let parts: Vec<&str> = path.split('.').collect();
        if parts.len() > DEEPEST {
            let message = format!("You cannot expand more than {DEEPEST} levels of a property: {path}");
            return Err(Failure::param("expand", message));
        }
        follow(state, call, &mut answer, &parts);
    }
    Ok(answer)
}

fn follow(state: &State, call: &Call, at: &mut Value, path: &[&str]) {
    if let Value::Array(items) = at {
        return items.iter_mut().for_each(|item| follow(state, call, item, path));
    }
    if let Some(found) = at.as_str().and_then(|id| state.store.find(id)).filter(|found| found.scope == call.scope) {
        *at = shapes::render(&found.value, &call.version);
    }
    if let [head, rest @ ..] = path
        && let Some(child) = at.get_mut(*head)
    {
        follow(state, call, child, rest);
    }
}
