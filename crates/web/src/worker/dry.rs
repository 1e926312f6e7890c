//! An attempt that is rolled back, for seeing what a replay would do.

use std::sync::Arc;

use serde_json::Value;
use tollgate_models::claims::Claimed;
use tollgate_models::db::recording_changes;
use tollgate_models::mirror::{self, Applied};
use tollgate_models::{AnyConnection, Database, Durability, Error as DbError, events};

use super::Worker;
use super::attempt::{Attempt, Prepared};
use super::pool::Workers;
use crate::Error;
use crate::replay::dry_run::{DryRun, FieldChange, FollowingTask, HandlerRun};

impl Workers {
    /// Runs an event as a replay would, and rolls everything back; none if there is no such event.
    pub(crate) fn dry_run(&self, id: &str, handler: Option<String>) -> Result<Option<DryRun>, Error> {
        let found = self.shared().database.read(|conn| -> Result<_, DbError> {
            Ok(events::find(conn, id)?.map(|event| (event, events::payload(conn, id))))
        })?;
        let Some((event, body)) = found else { return Ok(None) };
        let Some(body) = body.map_err(DbError::from)? else {
            return Err(Error::Conflict("the event's payload is no longer kept".to_owned()));
        };
        self.dry_run_of(event, body, handler)
    }

    /// The same with an event that need not be here, in any form of its body.
    pub(crate) fn dry_run_of(
        &self,
        event: events::Event,
        body: String,
        handler: Option<String>,
    ) -> Result<Option<DryRun>, Error> {
        let worker = Worker::new(Arc::clone(self.shared()));
        let database = &worker.shared.database;
        let event = events::Event { only_handler: handler, attempts: 0, crashes: 0, ..event };
        let claimed = Claimed { event, body: Some(body) };
        let prepared = match worker.asking.is_needed(database, &claimed)? {
            true => worker.asking.ask(database, vec![claimed])?.pop(),
            false => Some(Prepared::new(claimed)),
        };
        let Some(prepared) = prepared else { return Ok(None) };
        // If a handler does not end, its transaction is broken off like any other.
        let _guest = self.guest(&worker.slot);
        Ok(Some(worker.try_out(&prepared)?))
    }
}

impl Worker {
    fn try_out(&self, prepared: &Prepared) -> Result<DryRun, DbError> {
        let now = self.shared.clock.now_millis();
        let mut told = None;
        let undone = self.shared.database.work(|conn| -> Result<((), Durability), DbError> {
            Database::name_transaction(conn, &self.slot.name)?;
            let before = stored(conn, prepared)?;
            let mut attempt = Attempt::new(&self.shared, &self.slot, prepared);
            let ((), tables) = recording_changes(conn, |conn| {
                attempt.run_alone(conn);
                Ok(())
            })?;
            let ended = attempt.ended(now);
            let failed = attempt.failure.is_some();
            told = Some(DryRun {
                status: ended.status.to_string(),
                mirrored: match attempt.applied() {
                    Applied::Stored if !failed => "stored",
                    Applied::Superseded => "superseded",
                    _ => "nothing",
                },
                fields: if failed { Vec::new() } else { changed(&before, &stored(conn, prepared)?) },
                handlers: attempt.runs.iter().map(handler_run).collect(),
                // What failed is undone already.
                tables: if failed { Vec::new() } else { tables },
                tasks: attempt.tasks(&ended).into_iter().map(following).collect(),
                error: ended.error,
            });
            Err(tollgate_models::db::rollback().into())
        });
        match (told, undone) {
            (Some(told), _) => Ok(told),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(DbError::Unavailable("the dry run told nothing".to_owned())),
        }
    }
}

fn stored(conn: &mut AnyConnection, prepared: &Prepared) -> Result<Value, DbError> {
    let Some(change) = prepared.change() else { return Ok(Value::Null) };
    let Some((object, id)) = change.place() else { return Ok(Value::Null) };
    Ok(mirror::find(conn, object, id)?.map(|found| found.json()).unwrap_or_default())
}

fn changed(before: &Value, after: &Value) -> Vec<FieldChange> {
    let empty = serde_json::Map::new();
    let (before, after) = (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let value = |fields: &serde_json::Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or_default();
    names
        .into_iter()
        .map(|name| FieldChange { field: name.clone(), before: value(before, name), after: value(after, name) })
        .filter(|change| change.before != change.after)
        .collect()
}

fn handler_run(run: &tollgate_models::runs::NewRun) -> HandlerRun {
    HandlerRun {
        handler: run.handler.clone(),
        outcome: run.outcome,
        error: run.error.clone(),
        duration_us: run.duration_us,
    }
}

fn following(task: tollgate_models::tasks::NewTask) -> FollowingTask {
    FollowingTask { handler: task.handler, idempotency_key: task.idempotency_key }
}
