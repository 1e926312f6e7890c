//! The registry of handlers: code of the host application for patterns of event types.

mod context;

use std::sync::Arc;

use tollgate_stripe_client::{Event, catalogue};

pub use context::Context;
pub(crate) use context::OnCommit;

/// What a handler answers; any error rolls the event's transaction back and has the event tried again.
pub type HandlerResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

type Run = Arc<dyn Fn(&Event, &mut Context<'_>) -> HandlerResult + Send + Sync>;

/// The handlers of an application, in the order of their registration.
#[derive(Clone, Default)]
pub struct Handlers {
    entries: Vec<HandlerEntry>,
}

/// A handler with its name and the patterns it was registered for.
#[derive(Clone)]
pub struct HandlerEntry {
    /// The name that runs are recorded under.
    pub name: String,
    /// Event types, families, or `*`.
    pub patterns: Vec<String>,
    run: Run,
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
    pub fn on_as<F>(mut self, name: impl Into<String>, patterns: impl IntoPatterns, handler: F) -> Self
    where
        F: Fn(&Event, &mut Context<'_>) -> HandlerResult + Send + Sync + 'static,
    {
        self.entries.push(HandlerEntry {
            name: name.into(),
            patterns: patterns.into_patterns(),
            run: Arc::new(handler),
        });
        self
    }

    /// The handlers in the order of their registration.
    pub fn entries(&self) -> impl Iterator<Item = &HandlerEntry> {
        self.entries.iter()
    }

    /// The handlers for an event type, in the order in which they run: from the broadest pattern to the narrowest, and
    /// as registered among equals.
    pub fn matching(&self, event_type: &str) -> Vec<&HandlerEntry> {
        let mut matching: Vec<(usize, &HandlerEntry)> =
            self.entries.iter().filter_map(|entry| Some((entry.breadth(event_type)?, entry))).collect();
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
            if entry.patterns.is_empty() {
                return Err(RegistryError::NoPattern(entry.name.clone()));
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

impl HandlerEntry {
    /// Whether the handler runs for an event type.
    pub fn matches(&self, event_type: &str) -> bool {
        self.breadth(event_type).is_some()
    }

    // The length of the narrowest pattern that matches; `*` is the broadest.
    fn breadth(&self, event_type: &str) -> Option<usize> {
        let matching = self.patterns.iter().filter(|pattern| catalogue::matches(pattern, event_type));
        matching.map(|pattern| if pattern == "*" { 0 } else { pattern.len() }).max()
    }

    pub(crate) fn run(&self, event: &Event, context: &mut Context<'_>) -> HandlerResult {
        (self.run)(event, context)
    }
}

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| (&entry.name, &entry.patterns))).finish()
    }
}

// Version 2 of the API has event types of its own, which the catalogue of snapshot types does not list.
fn can_match(pattern: &str) -> bool {
    pattern == "*" || pattern.starts_with("v2.") || catalogue::is_known_pattern(pattern)
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
