//! Having tasks run again.

use tollgate_models::tasks;

use crate::audit::{self, Actor};
use crate::{Error, Tollgate};

/// Has a task run again from its first attempt.
///
/// # Errors
/// [`Error::NotFound`] when there is no such task, [`Error::Conflict`] while a process runs it.
pub async fn retry(tollgate: &Tollgate, number: i64, actor: &Actor) -> Result<(), Error> {
    let (actor, now) = (actor.clone(), tollgate.clock().now_millis());
    let retried = tollgate
        .db()
        .write(move |conn| {
            let Some(task) = tasks::find(conn, number)? else { return Ok(None) };
            let retried = tasks::run_again(conn, number, now)?;
            if retried {
                audit::record(conn, &actor, "task.retried", &task.event_id, &task.handler, now)?;
            }
            Ok::<_, tollgate_models::Error>(Some(retried))
        })
        .await?;
    match retried {
        Some(true) => {
            tollgate.workers().new_tasks();
            Ok(())
        }
        Some(false) => Err(Error::Conflict("the task runs just now; try again in a moment".to_owned())),
        None => Err(Error::NotFound(format!("there is no task number {number}"))),
    }
}
