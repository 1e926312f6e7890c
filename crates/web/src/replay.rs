//! Putting events back into the queue, so that their handlers run again: one at once, or many in the background.

pub(crate) mod dry_run;
mod job;
mod words;

use tollgate_models::events::{self, Filter};
use tollgate_models::replays::{self, NewReplay, Replay, Status};

use crate::audit::{self, Actor};
use crate::{Error, Tollgate};

pub use dry_run::{DryRun, FieldChange, FollowingTask, HandlerRun, dry_run};
pub(crate) use job::step;
pub(crate) use words::in_words;

/// Reasons are kept up to this length, in characters.
pub(crate) const LONGEST_REASON: usize = 500;

/// Who asks for a replay, why, and of which handlers.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub actor: Actor,
    /// Why; kept with the replay.
    pub reason: String,
    /// The one handler that is to run; none runs all.
    pub handler: Option<String>,
}

impl Request {
    /// A replay of all handlers.
    pub fn new(actor: Actor, reason: impl Into<String>) -> Self {
        Self { actor, reason: reason.into(), handler: None }
    }

    /// A replay that somebody at the command line asks for.
    pub fn by_cli(reason: impl Into<String>) -> Self {
        Self::new(Actor::cli(), reason)
    }

    /// Only this handler is to run.
    #[must_use]
    pub fn only(self, handler: Option<String>) -> Self {
        Self { handler: handler.filter(|name| !name.is_empty()), ..self }
    }

    // A program without handlers, as the command line is, cannot know what the server has.
    pub(crate) fn check(&self, tollgate: &Tollgate) -> Result<(), Error> {
        if self.reason.chars().count() > LONGEST_REASON {
            return Err(Error::BadRequest(format!("the reason may have {LONGEST_REASON} characters")));
        }
        let mut known = tollgate.handlers().entries().map(|entry| entry.name.as_str()).peekable();
        match &self.handler {
            Some(name) if known.peek().is_some() && tollgate.handlers().find(name).is_none() => {
                let known = known.collect::<Vec<_>>().join(", ");
                Err(Error::BadRequest(format!("there is no handler {name:.100}; there are {known}")))
            }
            _ => Ok(()),
        }
    }

    fn detail(&self) -> String {
        match (&self.handler, self.reason.is_empty()) {
            (None, _) => self.reason.clone(),
            (Some(name), true) => format!("only {name}"),
            (Some(name), false) => format!("only {name}; {}", self.reason),
        }
    }
}

/// Puts one event back into the queue.
///
/// # Errors
/// [`Error::NotFound`] when there is no such event, [`Error::Conflict`] while a worker has it or when its payload is no
/// longer kept, [`Error::BadRequest`] for a handler that does not exist.
pub async fn one(tollgate: &Tollgate, event_id: &str, request: &Request) -> Result<(), Error> {
    request.check(tollgate)?;
    let (id, request, now) = (event_id.to_owned(), request.clone(), tollgate.clock().now_millis());
    let replayed = tollgate
        .db()
        .write(move |conn| {
            let Some(event) = events::find(conn, &id)? else { return Ok(None) };
            let replayed = events::replay(conn, &[&id], request.handler.as_deref(), now)? == 1;
            if replayed {
                audit::record(conn, &request.actor, "event.replayed", &id, &request.detail(), now)?;
            }
            Ok::<_, tollgate_models::Error>(Some((replayed, event.status)))
        })
        .await?;
    match replayed {
        Some((true, _)) => {
            tollgate.workers().announcement().ring();
            Ok(())
        }
        Some((false, events::Status::Processing)) => {
            Err(Error::Conflict("a worker has this event just now; try again in a moment".to_owned()))
        }
        Some((false, _)) => {
            Err(Error::Conflict("the event's payload is no longer kept, so nothing can be run with it".to_owned()))
        }
        None => Err(Error::NotFound(format!("there is no event {event_id:.255}"))),
    }
}

/// Begins to put every event that a filter finds back into the queue, in the background: the replay's number. What arrives
/// later is not meant.
///
/// # Errors
/// [`Error::BadRequest`] for a handler that does not exist.
pub async fn matching(tollgate: &Tollgate, filter: &Filter, request: &Request) -> Result<i64, Error> {
    request.check(tollgate)?;
    let which = in_words(filter, |uuid| format!("{uuid:.8}…"));
    let filter = serde_json::to_string(filter).map_err(Error::internal)?;
    let (request, now) = (request.clone(), tollgate.clock().now_millis());
    let number = tollgate
        .db()
        .write(move |conn| {
            let last = events::last_seq(conn)?;
            let number = replays::insert(
                conn,
                &NewReplay {
                    actor: &request.actor.name,
                    reason: &request.reason,
                    filter: &filter,
                    handler: request.handler.as_deref(),
                    last,
                    created_at: now,
                },
            )?;
            let why = Some(request.detail()).filter(|why| !why.is_empty());
            let detail = why.map_or(which.clone(), |why| format!("{which}; {why}"));
            audit::record(conn, &request.actor, "replay.begun", &subject(number), &detail, now)?;
            Ok::<_, tollgate_models::Error>(number)
        })
        .await?;
    tollgate.workers().new_chores();
    Ok(number)
}

/// What the audit log calls a replay; a number alone could be anything's.
fn subject(number: i64) -> String {
    format!("replay {number}")
}

/// Works a replay off in this process, beside whoever else does: how it stands then. `tell` is called after each step.
///
/// # Errors
/// When the database fails; the replay goes on later.
pub async fn work_off(tollgate: &Tollgate, number: i64, mut tell: impl FnMut(&Replay)) -> Result<Replay, Error> {
    loop {
        let replay = find(tollgate, number).await?;
        tell(&replay);
        if replay.status != Status::Running {
            return Ok(replay);
        }
        let (database, clock) = (tollgate.db().blocking().clone(), tollgate.clock().clone());
        let stepped = actix_web::web::block(move || step(&database, &clock, &replay)).await;
        stepped.map_err(Error::internal)??;
        tollgate.workers().announcement().ring();
    }
}

/// The replay with this number.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn find(tollgate: &Tollgate, number: i64) -> Result<Replay, Error> {
    let found = tollgate.db().read(move |conn| replays::find(conn, number)).await?;
    found.ok_or_else(|| Error::NotFound(format!("there is no replay number {number}")))
}

/// Stops a replay; the events that it has put back stay in the queue.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Conflict`] when it has ended already.
pub async fn stop(tollgate: &Tollgate, number: i64, actor: &Actor) -> Result<(), Error> {
    find(tollgate, number).await?;
    let (actor, now) = (actor.clone(), tollgate.clock().now_millis());
    let stopped = tollgate
        .db()
        .write(move |conn| {
            let stopped = replays::end(conn, number, Status::Stopped, None, now)?;
            if stopped {
                audit::record(conn, &actor, "replay.stopped", &subject(number), "", now)?;
            }
            Ok::<_, tollgate_models::Error>(stopped)
        })
        .await?;
    if stopped { Ok(()) } else { Err(Error::Conflict("the replay has ended already".to_owned())) }
}
