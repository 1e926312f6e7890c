//! The registry of handlers: code of the host application for patterns of event types.

mod context;
mod entry;
mod task;

use std::sync::Arc;
use std::time::Duration;

use tollgate_stripe_client::{Event, catalogue};

pub use context::Context;
pub(crate) use context::{Enqueued, OnCommit, idempotency_key};
use entry::Run;
pub use entry::{HandlerEntry, Place};
pub use task::Task;

/// What a handler answers; any error rolls the event's transaction back and has the event tried again.
pub type HandlerResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// The events that Tollgate makes itself; only handlers that run after a commit can be registered for them.
pub const OWN_EVENTS: [&str; 2] = ["tollgate.event.dead", "tollgate.task.dead"];

/// The handlers of an application, in the order of their registration.
#[derive(Clone, Default)]
pub struct Handlers {
    entries: Vec<HandlerEntry>,
}

/// A registration that cannot be right.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RegistryError {
    /// No event type of Stripe's matches the pattern.
    #[error("handler {handler}: there is no event type or family {pattern:?}{}", nearest.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default())]
    UnknownPattern {
        /// The handler's name.
        handler: String,
        /// The pattern.
        pattern: String,
        /// The name that is most like it.
        nearest: Option<&'static str>,
    },
    /// Two handlers have one name, so their runs could not be told apart.
    #[error("two handlers are named {0}: give one another name with `on_as`")]
    SameName(String),
    /// A handler without a pattern would never run.
    #[error("handler {0} has no pattern")]
    NoPattern(String),
    /// What an event of Tollgate's own tells is settled: nothing can be rolled back any more.
    #[error(
        "handler {handler}: register it for {pattern:?} with `after_commit`, since it runs in no event's transaction"
    )]
    OwnEvent {
        /// The handler's name.
        handler: String,
        /// The pattern.
        pattern: String,
    },
}

/// What a handler can be registered for: one pattern, or several.
pub trait IntoPatterns {
    /// The patterns as a list.
    fn into_patterns(self) -> Vec<String>;
}

impl IntoPatterns for &str {
    fn into_patterns(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl<const N: usize> IntoPatterns for [&str; N] {
    fn into_patterns(self) -> Vec<String> {
        self.iter().map(|pattern| (*pattern).to_owned()).collect()
    }
}

impl IntoPatterns for Vec<String> {
    fn into_patterns(self) -> Vec<String> {
        self
    }
}

impl Handlers {
    /// No handlers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a function for an event type (`invoice.paid`), a family (`customer` for every `customer.…`) or several of
    /// these. It is known by the function's own name.
    #[must_use]
    pub fn on<F>(self, patterns: impl IntoPatterns, handler: F) -> Self
    where
        F: Fn(&Event, &mut Context<'_>) -> HandlerResult + Send + Sync + 'static,
    {
        self.on_as(short_name(std::any::type_name::<F>()), patterns, handler)
    }

    /// Registers a function for every event.
    #[must_use]
    pub fn on_any<F>(self, handler: F) -> Self
    where
        F: Fn(&Event, &mut Context<'_>) -> HandlerResult + Send + Sync + 'static,
    {
        self.on("*", handler)
    }

    /// Registers a function or closure under a name of its own.
    #[must_use]
    pub fn on_as<F>(self, name: impl Into<String>, patterns: impl IntoPatterns, handler: F) -> Self
    where
        F: Fn(&Event, &mut Context<'_>) -> HandlerResult + Send + Sync + 'static,
    {
        self.with(HandlerEntry::new(name.into(), patterns.into_patterns(), Run::InTransaction(Arc::new(handler))))
    }

    /// Registers an async function that runs after the commit, as a durable task with attempts of its own: for mail, calls to
    /// others, and whatever a rollback would not take back. It also takes `tollgate.event.dead` and `tollgate.task.dead`.
    #[must_use]
    pub fn after_commit<F, R>(self, patterns: impl IntoPatterns, handler: F) -> Self
    where
        F: Fn(Task) -> R + Send + Sync + 'static,
        R: Future<Output = HandlerResult> + Send + 'static,
    {
        self.after_commit_as(short_name(std::any::type_name::<F>()), patterns, handler)
    }

    /// As [`after_commit`](Self::after_commit), under a name of its own.
    #[must_use]
    pub fn after_commit_as<F, R>(self, name: impl Into<String>, patterns: impl IntoPatterns, handler: F) -> Self
    where
        F: Fn(Task) -> R + Send + Sync + 'static,
        R: Future<Output = HandlerResult> + Send + 'static,
    {
        self.with(HandlerEntry::new(name.into(), patterns.into_patterns(), Run::after_commit(handler)))
    }

    /// Registers an async function that runs only where a handler asks for it with [`Context::enqueue`].
    #[must_use]
    pub fn task<F, R>(self, name: impl Into<String>, handler: F) -> Self
    where
        F: Fn(Task) -> R + Send + Sync + 'static,
        R: Future<Output = HandlerResult> + Send + 'static,
    {
        self.with(HandlerEntry::new(name.into(), Vec::new(), Run::after_commit(handler)))
    }

    /// Gives the handler that was registered last other waits between its attempts than [`Config::retry_delays`]; only for
    /// those that run after the commit.
    ///
    /// [`Config::retry_delays`]: crate::Config::retry_delays
    #[must_use]
    pub fn with_retries(mut self, delays: impl Into<Vec<Duration>>) -> Self {
        if let Some(entry) = self.entries.last_mut() {
            entry.retries = Some(delays.into());
        }
        self
    }

    /// Gives the handler that was registered last another time limit than [`Config::task_deadline`]; only for those that run
    /// after the commit.
    ///
    /// [`Config::task_deadline`]: crate::Config::task_deadline
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        if let Some(entry) = self.entries.last_mut() {
            entry.deadline = Some(deadline);
        }
        self
    }

    fn with(mut self, entry: HandlerEntry) -> Self {
        self.entries.push(entry);
        self
    }

    /// The handlers in the order of their registration.
    pub fn entries(&self) -> impl Iterator<Item = &HandlerEntry> {
        self.entries.iter()
    }

    /// The handler of that name.
    pub fn find(&self, name: &str) -> Option<&HandlerEntry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The handlers that run in an event's transaction, in the order in which they run: from the broadest pattern to the
    /// narrowest, and as registered among equals.
    pub fn matching(&self, event_type: &str) -> Vec<&HandlerEntry> {
        self.at(Place::InTransaction, event_type)
    }

    /// The handlers that run after an event's commit; each is a task of its own, so the order is only that of their start.
    pub fn following(&self, event_type: &str) -> Vec<&HandlerEntry> {
        self.at(Place::AfterCommit, event_type)
    }

    fn at(&self, place: Place, event_type: &str) -> Vec<&HandlerEntry> {
        let entries = self.entries.iter().filter(|entry| entry.place() == place);
        let mut matching: Vec<(usize, &HandlerEntry)> =
            entries.filter_map(|entry| Some((entry.breadth(event_type)?, entry))).collect();
        matching.sort_by_key(|(breadth, _)| *breadth);
        matching.into_iter().map(|(_, entry)| entry).collect()
    }

    /// Checks that every pattern can match and every name is its own.
    ///
    /// # Errors
    /// [`RegistryError`] says which handler is wrong, and the nearest event type to what was written.
    pub fn check(&self) -> Result<(), RegistryError> {
        for (position, entry) in self.entries.iter().enumerate() {
            if self.entries[..position].iter().any(|other| other.name == entry.name) {
                return Err(RegistryError::SameName(entry.name.clone()));
            }
            if entry.patterns.is_empty() && entry.place() == Place::InTransaction {
                return Err(RegistryError::NoPattern(entry.name.clone()));
            }
            let own = entry.patterns.iter().find(|pattern| OWN_EVENTS.contains(&pattern.as_str()));
            if let Some(pattern) = own.filter(|_| entry.place() == Place::InTransaction) {
                return Err(RegistryError::OwnEvent { handler: entry.name.clone(), pattern: pattern.clone() });
            }
            if let Some(pattern) = entry.patterns.iter().find(|pattern| !can_match(pattern)) {
                return Err(RegistryError::UnknownPattern {
                    handler: entry.name.clone(),
                    nearest: catalogue::nearest(pattern),
                    pattern: pattern.clone(),
                });
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| (&entry.name, &entry.patterns))).finish()
    }
}

fn can_match(pattern: &str) -> bool {
    let known = catalogue::is_known_pattern(pattern) || catalogue::is_known_thin_pattern(pattern);
    known || pattern == "*" || OWN_EVENTS.contains(&pattern)
}

// `shop::billing::send_receipt` becomes `billing::send_receipt`; a closure keeps the name of the function it stands in.
fn short_name(full: &str) -> String {
    let parts: Vec<&str> = full.split("::").filter(|part| *part != "{{closure}}").collect();
    parts[parts.len().saturating_sub(2)..].join("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &Event, _: &mut Context<'_>) -> HandlerResult {
        Ok(())
    }

    #[test]
    fn handlers_run_from_broad_to_narrow_and_as_registered() {
        let handlers = Handlers::new()
            .on_as("exact", "customer.subscription.updated", nothing)
            .on_as("second family", "customer.subscription", nothing)
            .on_as("family", "customer", nothing)
            .on_as("any", "*", nothing)
            .on_as("other", "invoice", nothing)
            .on_as("several", ["invoice", "customer"], nothing);
        let names: Vec<_> =
            handlers.matching("customer.subscription.updated").iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["any", "family", "several", "second family", "exact"]);
        assert_eq!(handlers.check(), Ok(()));
        assert_eq!(handlers.matching("customer_cash_balance_transaction.created").len(), 1);
    }

    #[test]
    fn a_misspelt_type_is_refused_with_the_nearest_name() {
        let error = Handlers::new().on_as("receipt", "invoice.payed", nothing).check().unwrap_err();
        let text = error.to_string();
        assert!(text.contains("receipt") && text.contains("invoice.payed") && text.contains("invoice.paid"), "{text}");
        assert!(Handlers::new().on_as("a", "", nothing).check().is_err());
        assert!(Handlers::new().on_as("a", Vec::new(), nothing).check().is_err());
    }

    #[test]
    fn two_handlers_cannot_have_one_name() {
        let twice = Handlers::new().on("invoice", nothing).on("customer", nothing);
        assert!(matches!(twice.check(), Err(RegistryError::SameName(name)) if name == "tests::nothing"));
    }
}
