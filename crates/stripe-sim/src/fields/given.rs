//! The parameters of one call after they were read: typed, and known to its route.

use serde_json::Value;

/// A tree of typed values; a parameter that was unset by an empty text is null.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given(Value);

/// Looks with a pointer such as `/recurring/interval`; what is missing and what is null is none.
impl Given {
    pub(crate) fn new(value: Value) -> Self {
        Self(value)
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    /// Whether the parameter was given at all, be it to unset something.
    pub(crate) fn has(&self, pointer: &str) -> bool {
        self.0.pointer(pointer).is_some()
    }

    pub(crate) fn text(&self, pointer: &str) -> Option<&str> {
        self.0.pointer(pointer)?.as_str()
    }

    pub(crate) fn integer(&self, pointer: &str) -> Option<i64> {
        self.0.pointer(pointer)?.as_i64()
    }

    pub(crate) fn flag(&self, pointer: &str) -> Option<bool> {
        self.0.pointer(pointer)?.as_bool()
    }

    /// The texts of an array.
    pub(crate) fn texts(&self, pointer: &str) -> Option<Vec<&str>> {
        self.0.pointer(pointer)?.as_array().map(|items| items.iter().filter_map(Value::as_str).collect())
    }

    /// The rows of an array of hashes; none is empty.
    pub(crate) fn rows(&self, pointer: &str) -> &[Value] {
        self.0.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}
