//! One registered handler: its name, its patterns, and how it is run.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tollgate_stripe_client::{Event, catalogue};

use super::{Context, HandlerResult, OWN_EVENTS, Task};

type InTransaction = Arc<dyn Fn(&Event, &mut Context<'_>) -> HandlerResult + Send + Sync>;
type AfterCommit = Arc<dyn Fn(Task) -> Pin<Box<dyn Future<Output = HandlerResult> + Send>> + Send + Sync>;

/// When a handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Inside the event's transaction.
    InTransaction,
    /// After its commit, as a task.
    AfterCommit,
}

/// A handler with its name and the patterns it was registered for.
#[derive(Clone)]
pub struct HandlerEntry {
    /// The name that runs are recorded under.
    pub name: String,
    /// Event types, families, or `*`; none for a task that runs only where a handler asks for it.
    pub patterns: Vec<String>,
    /// The waits between attempts, for a handler that runs after the commit.
    pub retries: Option<Vec<Duration>>,
    /// How long an attempt may take, for a handler that runs after the commit.
    pub deadline: Option<Duration>,
    run: Run,
}

#[derive(Clone)]
pub(super) enum Run {
    InTransaction(InTransaction),
    AfterCommit(AfterCommit),
}

impl Run {
    pub(super) fn after_commit<F, R>(handler: F) -> Self
    where
        F: Fn(Task) -> R + Send + Sync + 'static,
        R: Future<Output = HandlerResult> + Send + 'static,
    {
        Self::AfterCommit(Arc::new(move |task| Box::pin(handler(task))))
    }
}

impl HandlerEntry {
    pub(super) fn new(name: String, patterns: Vec<String>, run: Run) -> Self {
        Self { name, patterns, retries: None, deadline: None, run }
    }

    /// When it runs.
    pub fn place(&self) -> Place {
        match self.run {
            Run::InTransaction(_) => Place::InTransaction,
            Run::AfterCommit(_) => Place::AfterCommit,
        }
    }

    /// Whether the handler runs for an event type.
    pub fn matches(&self, event_type: &str) -> bool {
        self.breadth(event_type).is_some()
    }

    // The length of the narrowest pattern that matches; `*` is the broadest, and does not stand for Tollgate's own events.
    pub(super) fn breadth(&self, event_type: &str) -> Option<usize> {
        let own = OWN_EVENTS.contains(&event_type);
        let matching = self.patterns.iter().filter(|pattern| {
            if own { pattern.as_str() == event_type } else { catalogue::matches(pattern, event_type) }
        });
        matching.map(|pattern| if pattern == "*" { 0 } else { pattern.len() }).max()
    }

    /// Runs it inside the event's transaction; nothing if it is one for after the commit.
    pub(crate) fn run(&self, event: &Event, context: &mut Context<'_>) -> HandlerResult {
        match &self.run {
            Run::InTransaction(run) => run(event, context),
            Run::AfterCommit(_) => Ok(()),
        }
    }

    /// Starts it as a task; none if it runs inside the transaction.
    pub(crate) fn start(&self, task: Task) -> Option<Pin<Box<dyn Future<Output = HandlerResult> + Send>>> {
        match &self.run {
            Run::InTransaction(_) => None,
            Run::AfterCommit(run) => Some(run(task)),
        }
    }
}
