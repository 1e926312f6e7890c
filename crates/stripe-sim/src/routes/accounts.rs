//! `/v1/account` and `/v1/accounts`.

use serde_json::Value;

use super::{Action, Call, page};
use crate::failure::Answer;
use crate::server::no_access;
use crate::state::State;

pub(super) const OWN: Action = Action { params: &[], run: own };
pub(super) const LIST: Action = Action { params: &[], run: list };
pub(super) const RETRIEVE: Action = Action { params: &[], run: retrieve };

fn own(state: &mut State, call: &Call) -> Answer {
    find(state, call, &call.scope.account)
}

/// The connected accounts, which only the platform has.
fn list(state: &mut State, call: &Call) -> Answer {
    let created = page::created(&call.params)?;
    let is_platform = call.scope.account == state.accounts.default_id();
    let connected = state.accounts.connected().filter(|_| is_platform);
    let rows: Vec<&Value> = connected.filter(|row| created.contains(&row["created"].as_i64().unwrap_or(0))).collect();
    page::page(call, &rows, |row| row["id"].as_str().unwrap_or_default(), |row| (*row).clone())
}

fn retrieve(state: &mut State, call: &Call) -> Answer {
    find(state, call, &call.id)
}

fn find(state: &State, call: &Call, id: &str) -> Answer {
    let found = state.accounts.get(id).filter(|_| state.accounts.may_act_for(&call.owner, id));
    found.cloned().ok_or_else(|| no_access(&call.key_hint, id))
}
