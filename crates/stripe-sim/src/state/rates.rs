//! How many requests came in this second, by account and mode and by path.

use std::collections::HashMap;

use super::Scope;

/// Counts one second.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    second: i64,
    by_scope: HashMap<Scope, u32>,
    by_path: HashMap<(Scope, String), u32>,
}

impl Rates {
    /// Counts a request; gives how many there were in this second, at all and of its path.
    pub(crate) fn count(&mut self, second: i64, scope: &Scope, path: &str) -> (u32, u32) {
        if self.second != second {
            *self = Self { second, ..Self::default() };
        }
        let all = self.by_scope.entry(scope.clone()).or_default();
        *all += 1;
        let of_path = self.by_path.entry((scope.clone(), path.to_owned())).or_default();
        *of_path += 1;
        (*all, *of_path)
    }
}
