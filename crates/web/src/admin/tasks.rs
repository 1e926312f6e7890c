//! Tasks, the work after an event's commit: the list, a row as several pages show it, and retry.

pub(super) mod list;

use actix_web::{HttpResponse, web};
use tollgate_models::runs::Run;
use tollgate_models::tasks::{Status, Task};

use super::events::{self, Linked, RunRow};
use super::fields::Posted;
use super::flash::Flash;
use super::guard::sentence;
use super::page_error::PageError;
use super::roles::Operator;
use super::show::{Badge, Stamp};
use super::visit::local_path;
use crate::{Error, Handlers, Place, tasks};

const PATH: &str = "/admin/tasks";

/// A task as a list or an event's page shows it.
pub(super) struct TaskRow {
    pub(super) number: i64,
    pub(super) handler: String,
    /// Whether this process has the handler.
    pub(super) is_known: bool,
    pub(super) status: Badge,
    pub(super) is_over: bool,
    pub(super) is_dead: bool,
    pub(super) may_retry: bool,
    pub(super) attempts: String,
    pub(super) next: Option<Stamp>,
    pub(super) error: Option<String>,
    pub(super) hides_error: bool,
    pub(super) key: String,
    pub(super) event: Linked,
    pub(super) cause: &'static str,
    pub(super) created: Stamp,
    pub(super) finished: Option<Stamp>,
    pub(super) runs: Vec<RunRow>,
}

/// Who looks, when, and which handlers this process has.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) handlers: &'a Handlers,
    /// Errors may quote what they are about, and viewers do not see that.
    pub(super) operator: bool,
    /// In unix milliseconds.
    pub(super) now: i64,
}

impl TaskRow {
    /// A task; of the runs, those that are its attempts.
    pub(super) fn new(task: Task, runs: &[Run], look: Look<'_>) -> Self {
        let waits = matches!(task.status, Status::Pending | Status::Failed) && task.next_attempt_at > look.now;
        // What a task failed with before it succeeded is told by its runs.
        let error = task.last_error.filter(|_| task.status != Status::Succeeded);
        let attempts = runs.iter().filter(|run| run.task_id == Some(task.id));
        Self {
            number: task.id,
            is_known: is_known(look.handlers, &task.handler),
            status: task.status.into(),
            is_over: task.status == Status::Succeeded,
            is_dead: task.status == Status::Dead,
            may_retry: look.operator && matches!(task.status, Status::Failed | Status::Dead),
            attempts: if task.attempts == 1 { "1 attempt".to_owned() } else { format!("{} attempts", task.attempts) },
            next: waits.then(|| Stamp::short(task.next_attempt_at, look.now)),
            hides_error: error.is_some() && !look.operator,
            error: error.filter(|_| look.operator),
            key: task.idempotency_key,
            event: Linked { href: format!("{}#task-{}", events::address(&task.event_id), task.id), id: task.event_id },
            cause: task.cause.as_str(),
            created: Stamp::short(task.created_at, look.now),
            finished: task.finished_at.map(|at| Stamp::short(at, look.now)),
            runs: attempts.map(|run| RunRow::new(run.clone(), look.operator, look.now)).collect(),
            handler: task.handler,
        }
    }
}

fn is_known(handlers: &Handlers, name: &str) -> bool {
    handlers.find(name).is_some_and(|entry| entry.place() == Place::AfterCommit)
}

/// `POST /admin/tasks/{number}/retry`
pub(super) async fn retry(
    operator: Operator,
    number: web::Path<i64>,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let flash = match tasks::retry(&operator.tollgate, *number, &operator.actor()).await {
        Ok(()) => Flash::good(format!("Task #{number} is back in the queue; it runs again from its first attempt.")),
        Err(Error::Conflict(text)) => Flash::bad(sentence(&text)),
        Err(error) => return Err(error.into()),
    };
    let back = form.some("back").map_or(PATH, local_path);
    Ok(operator.redirect_with(back, &flash))
}
