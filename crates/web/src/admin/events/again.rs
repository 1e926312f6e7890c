//! The form that replays an event, with its reason and the choice of one handler, for real or rolled back.

use super::address;
use crate::Handlers;
use crate::admin::parts::Choice;

/// What the form shows.
pub(in crate::admin) struct Again {
    pub(in crate::admin) replay_url: String,
    pub(in crate::admin) dry_run_url: String,
    pub(in crate::admin) handlers: Vec<Choice>,
    pub(in crate::admin) reason: String,
    pub(in crate::admin) longest_reason: usize,
    pub(in crate::admin) verb: &'static str,
}

impl Again {
    /// The form for an event, with what was chosen and written before.
    pub(in crate::admin) fn new(id: &str, event_type: &str, handlers: &Handlers, chosen: &str, reason: &str) -> Self {
        let base = address(id);
        Self {
            replay_url: format!("{base}/replay"),
            dry_run_url: format!("{base}/dry-run"),
            handlers: choices(event_type, handlers, chosen),
            reason: reason.to_owned(),
            longest_reason: crate::replay::LONGEST_REASON,
            verb: "Run again",
        }
    }
}

fn choices(event_type: &str, handlers: &Handlers, chosen: &str) -> Vec<Choice> {
    let choice = |name: &str, after: &str| Choice {
        value: name.to_owned(),
        label: format!("Only {name}{after}"),
        chosen: name == chosen,
    };
    let inside = handlers.matching(event_type).into_iter().map(|entry| choice(&entry.name, ""));
    let after = handlers.following(event_type).into_iter().map(|entry| choice(&entry.name, " (after the commit)"));
    inside.chain(after).collect()
}
