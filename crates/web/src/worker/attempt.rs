//! One attempt on one event: mirror its object, run its handlers, all in one savepoint.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use tollgate_models::claims::Claimed;
use tollgate_models::db::savepoint;
use tollgate_models::mirror::{self, Applied, Change};
use tollgate_models::runs::{NewRun, Outcome};
use tollgate_models::{AnyConnection, QueryResult};
use tollgate_stripe_client::Event;

use super::authenticity::Verdict;
use crate::handlers::{HandlerEntry, OnCommit};
use crate::{Clock, Context, Handlers};

/// Errors are kept up to this length, in characters.
const LONGEST_ERROR: usize = 4000;

/// Why an attempt failed.
pub(super) struct Failure {
    pub(super) text: String,
    /// Trying again cannot help.
    pub(super) is_final: bool,
}

/// An attempt, and after it what it left.
pub(super) struct Attempt<'a> {
    handlers: &'a Handlers,
    clock: &'a Clock,
    claimed: &'a Claimed,
    verdict: Option<Verdict>,
    pub(super) failure: Option<Failure>,
    pub(super) superseded: bool,
    /// There was nothing to mirror and nobody to run.
    pub(super) ignored: bool,
    pub(super) runs: Vec<NewRun>,
    pub(super) on_commit: Vec<OnCommit>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(handlers: &'a Handlers, clock: &'a Clock, claimed: &'a Claimed, verdict: Verdict) -> Self {
        Self {
            handlers,
            clock,
            claimed,
            verdict: Some(verdict),
            failure: None,
            superseded: false,
            ignored: false,
            runs: Vec::new(),
            on_commit: Vec::new(),
        }
    }

    /// Runs it; whatever it did is rolled back if it fails.
    pub(super) fn run(&mut self, conn: &mut AnyConnection) {
        // It holds no object to mirror. With a handler it fails below, since there is nothing to give to that.
        if self.claimed.event.kind == "thin" && self.handlers.matching(&self.claimed.event.type_).is_empty() {
            self.ignored = true;
            return;
        }
        let event = match self.event() {
            Ok(event) => event,
            Err(failure) => {
                self.failure = Some(failure);
                return;
            }
        };
        let result = savepoint(conn, |conn| self.mirror_and_handle(conn, &event));
        if let Err(error) = result {
            self.on_commit.clear();
            for run in &mut self.runs {
                if run.outcome == Outcome::Succeeded {
                    run.outcome = Outcome::RolledBack;
                }
            }
            self.failure.get_or_insert_with(|| Failure { text: error.to_string(), is_final: false });
        }
    }

    fn event(&mut self) -> Result<Event, Failure> {
        match self.verdict.take() {
            None | Some(Verdict::Genuine) => Event::parse(self.claimed.body.as_bytes())
                .map_err(|error| Failure { text: format!("the payload cannot be read: {error}"), is_final: true }),
            Some(Verdict::Retrieved(event)) => Ok(*event),
            Some(Verdict::Forged(text)) => Err(Failure { text, is_final: true }),
            Some(Verdict::Unknown(text)) => Err(Failure { text, is_final: false }),
        }
    }

    fn mirror_and_handle(&mut self, conn: &mut AnyConnection, event: &Event) -> QueryResult<()> {
        let row = &self.claimed.event;
        let change = Change {
            object: event.data_object(),
            event_id: Some(event.id()),
            event_type: event.type_(),
            as_of: event.created(),
            account: row.account.as_deref(),
            livemode: row.livemode,
            api_version: row.api_version.as_deref(),
        };
        let applied = mirror::apply(conn, &change)?;
        let matching = self.handlers.matching(event.type_());
        self.superseded = applied == Applied::Superseded;
        self.ignored = applied == Applied::Nothing && matching.is_empty();
        for entry in matching {
            self.handle(conn, event, entry)?;
        }
        Ok(())
    }

    fn handle(&mut self, conn: &mut AnyConnection, event: &Event, entry: &HandlerEntry) -> QueryResult<()> {
        let attempt = self.claimed.event.attempts + 1;
        let started_at = self.clock.now_millis();
        let started = Instant::now();
        let mut context = Context::new(conn, event, &mut self.on_commit, &entry.name, attempt);
        let (outcome, error) = match catch_unwind(AssertUnwindSafe(|| entry.run(event, &mut context))) {
            Ok(Ok(())) => (Outcome::Succeeded, None),
            Ok(Err(error)) => (Outcome::Failed, Some(chain(error.as_ref()))),
            Err(panic) => (Outcome::Panicked, Some(format!("the handler panicked: {}", panic_text(panic.as_ref())))),
        };
        let failed = error.as_ref().map(|error| format!("{}: {error}", entry.name));
        self.runs.push(NewRun {
            event_id: self.claimed.event.id.clone(),
            handler: entry.name.clone(),
            attempt,
            outcome,
            error,
            cause: self.claimed.event.cause,
            started_at,
            duration_us: i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX),
        });
        match failed {
            None => Ok(()),
            Some(text) => {
                self.failure = Some(Failure { text, is_final: false });
                Err(tollgate_models::db::rollback())
            }
        }
    }
}

/// Calls back after a commit; a panic there is logged and harms nobody else.
pub(super) fn call_back(callback: OnCommit) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(callback)) {
        tracing::error!(panic = panic_text(panic.as_ref()), "an on_commit callback panicked");
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    // PostgreSQL's text cannot hold NUL.
    text.chars().filter(|c| *c != '\0').take(LONGEST_ERROR).collect()
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no text".to_owned());
    text.chars().filter(|c| *c != '\0').take(LONGEST_ERROR).collect()
}
