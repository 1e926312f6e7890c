//! The objects that the API serves, in the order they came to be.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::Scope;

/// One object with where it belongs.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) scope: Scope,
    pub(crate) value: Value,
    pub(crate) deleted: bool,
}

impl Stored {
    pub(crate) fn kind(&self) -> &str {
        self.value["object"].as_str().unwrap_or_default()
    }
}

/// All objects with an id.
#[derive(Debug, Default)]
pub(crate) struct Store {
    rows: Vec<Stored>,
    by_id: HashMap<String, usize>,
}

impl Store {
    /// Adds an object or replaces the one with its id; what has no id is not kept.
    pub(crate) fn put(&mut self, scope: &Scope, value: Value) {
        let Some(id) = value["id"].as_str().map(str::to_owned) else { return };
        let deleted = value["deleted"] == json!(true);
        let stored = Stored { scope: scope.clone(), value, deleted };
        match self.by_id.get(&id) {
            Some(&row) => self.rows[row] = stored,
            None => {
                self.by_id.insert(id, self.rows.len());
                self.rows.push(stored);
            }
        }
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Stored> {
        self.by_id.get(id).map(|&row| &self.rows[row])
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Value> {
        self.find(id).filter(|stored| !stored.deleted).map(|stored| &stored.value)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Value> {
        let row = *self.by_id.get(id)?;
        Some(&mut self.rows[row].value)
    }

    /// Leaves the mark of a deleted object: its id and that it is gone.
    pub(crate) fn delete(&mut self, id: &str) {
        if let Some(&row) = self.by_id.get(id) {
            let stored = &mut self.rows[row];
            stored.value = json!({ "id": id, "object": stored.kind(), "deleted": true });
            stored.deleted = true;
        }
    }

    /// Those of a kind that are not deleted, newest first.
    pub(crate) fn newest<'a>(&'a self, scope: &'a Scope, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.rows
            .iter()
            .rev()
            .filter(move |stored| !stored.deleted && stored.scope == *scope && stored.kind() == kind)
            .map(|stored| &stored.value)
    }

    /// Those of a kind in every account and mode, oldest first.
    pub(crate) fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.rows.iter().filter(move |stored| !stored.deleted && stored.kind() == kind).map(|stored| &stored.value)
    }
}
