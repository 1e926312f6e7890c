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
    /// Made by what happens here, so that it goes on by itself; what a test put here stands still.
    lives: bool,
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
    /// The rows of each kind, so that a list does not look at all others.
    by_kind: HashMap<String, Vec<usize>>,
}

impl Store {
    /// Adds an object or replaces the one with its id; what has no id is not kept.
    pub(crate) fn put(&mut self, scope: &Scope, value: Value) {
        let Some(id) = value["id"].as_str().map(str::to_owned) else { return };
        let deleted = value["deleted"] == json!(true);
        let lives = self.find(&id).is_some_and(|old| old.lives);
        let stored = Stored { scope: scope.clone(), value, deleted, lives };
        let row = self.by_id.get(&id).copied().unwrap_or(self.rows.len());
        let rows = self.by_kind.entry(stored.kind().to_owned()).or_default();
        // Only a test puts an object of another kind in the place of one.
        if self.rows.get(row).is_none_or(|old| old.kind() != stored.kind()) && !rows.contains(&row) {
            rows.push(row);
        }
        match self.rows.get_mut(row) {
            Some(old) => *old = stored,
            None => {
                self.by_id.insert(id, row);
                self.rows.push(stored);
            }
        }
    }

    /// Lets an object go on by itself as time passes.
    pub(crate) fn bring_to_life(&mut self, id: &str) {
        if let Some(&row) = self.by_id.get(id) {
            self.rows[row].lives = true;
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
        let fits = move |stored: &&Stored| !stored.deleted && stored.scope == *scope && stored.kind() == kind;
        self.of_kind(kind).rev().filter(fits).map(|stored| &stored.value)
    }

    /// Those of a kind in every account and mode, oldest first.
    pub(crate) fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        let fits = move |stored: &&Stored| !stored.deleted && stored.kind() == kind;
        self.of_kind(kind).filter(fits).map(|stored| &stored.value)
    }

    /// Those of a kind in every account and mode that go on by themselves, oldest first.
    pub(crate) fn living<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Stored> {
        self.of_kind(kind).filter(move |stored| stored.lives && !stored.deleted && stored.kind() == kind)
    }

    /// The rows that came to be as one of a kind.
    fn of_kind(&self, kind: &str) -> impl DoubleEndedIterator<Item = &Stored> {
        self.by_kind.get(kind).into_iter().flatten().map(|&row| &self.rows[row])
    }
}
