//! A business whose customers do believable things.

use std::sync::Arc;

use crate::state::Shared;

/// Makes one thing after the other happen.
pub struct Business {
    shared: Arc<Shared>,
    seed: u64,
}

impl Business {
    pub(crate) fn new(shared: Arc<Shared>, seed: u64) -> Self {
        Self { shared, seed }
    }
}
