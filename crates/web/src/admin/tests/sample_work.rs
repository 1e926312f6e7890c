//! Sample rows of the work around events: tasks in each state, replays in each state, and what people did.

use tollgate_models::claims::Claim;
use tollgate_models::events::{Cause, Filter, Status as EventStatus};
use tollgate_models::replays::{self, NewReplay, Step};
use tollgate_models::runs::{self, NewRun, Outcome};
use tollgate_models::tasks::{self, Ended, NewTask, Status};
use tollgate_models::{AnyConnection, QueryResult};

use super::browser::{NOW, Server};
use super::sample::event_id;
use crate::audit::Actor;
use crate::replay::{self, Request};

/// The number of the event that has tasks in every state.
pub(super) const WITH_TASKS: i64 = 9;
/// The number of the task that is dead.
pub(super) const DEAD_TASK: i64 = 3;
/// The number of the replay that runs.
pub(super) const RUNNING: i64 = 1;
const MINUTE: i64 = 60_000;
const ERROR: &str = "the mail server answered 451 4.7.1 <jenny.rosen@example.com>: try again later";

/// Puts them in.
pub(super) async fn fill(server: &Server) {
    server.tollgate.db().write(all_tasks).await.unwrap();
    let ada = Actor { name: "ada@example.com".to_owned(), ip: Some("192.0.2.7".to_owned()) };
    let request = Request::new(ada.clone(), "the seat <table> was full").only(Some("mail::send_receipt".to_owned()));
    replay::one(&server.tollgate, &event_id(8), &request).await.unwrap();
    crate::tasks::retry(&server.tollgate, 4, &ada).await.unwrap();
    let request = Request::new(ada.clone(), "the mail server was down from 05:00 to 05:40");
    let dead = Filter { status: Some(EventStatus::Dead), since: Some(NOW - 60 * MINUTE), ..Filter::default() };
    for filter in [Filter::default(), dead, Filter { type_: Some("invoice".to_owned()), ..Filter::default() }] {
        replay::matching(&server.tollgate, &filter, &request).await.unwrap();
    }
    server.tollgate.db().write(all_replays).await.unwrap();
    replay::stop(&server.tollgate, 3, &ada).await.unwrap();
}

/// Puts in as many of each as two pages hold.
pub(super) async fn fill_pages(server: &Server) {
    let more = |conn: &mut AnyConnection| -> QueryResult<()> {
        let tasks: Vec<NewTask> = (0..60).map(|n| task("mail::letter", &format!("evt:letter:{n}"), NOW)).collect();
        tasks::insert(conn, &tasks)?;
        (0..60).try_for_each(|_| replays::insert(conn, &new_replay("{}")).map(drop))
    };
    server.tollgate.db().write(more).await.unwrap();
}

fn task(handler: &str, key: &str, due: i64) -> NewTask {
    NewTask {
        event_id: event_id(WITH_TASKS),
        handler: handler.to_owned(),
        idempotency_key: key.to_owned(),
        payload: None,
        cause: Cause::Delivery,
        next_attempt_at: due,
        created_at: NOW - MINUTE,
    }
}

fn all_tasks(conn: &mut AnyConnection) -> QueryResult<()> {
    let key = |handler: &str| format!("{}:{handler}", event_id(WITH_TASKS));
    for (handler, status, attempts) in [
        ("mail::welcome", Status::Succeeded, 3),
        ("mail::letter", Status::Failed, 2),
        ("mail::goodbye", Status::Dead, 10),
    ] {
        tasks::insert(conn, &[task(handler, &key(handler), NOW - MINUTE)])?;
        let claim = Claim { worker: "sample", now: NOW, until: NOW + MINUTE };
        let claimed = tasks::claim(conn, claim, &[handler.to_owned()], 1)?.remove(0);
        let failed = (status != Status::Succeeded).then(|| ERROR.to_owned());
        let ended =
            Ended { status, attempts, next_attempt_at: NOW + 5 * MINUTE, error: failed.clone(), at: NOW - 1000 };
        assert!(tasks::finish(conn, claimed.id, "sample", &ended)?);
        let attempt = |outcome, attempt, error: Option<&str>| run(handler, claimed.id, attempt, outcome, error);
        runs::insert(
            conn,
            &[
                attempt(Outcome::TimedOut, 1, Some("it had not ended after 5 s")),
                match failed {
                    Some(error) => attempt(Outcome::Failed, 2, Some(&error)),
                    None => attempt(Outcome::Succeeded, 2, None),
                },
            ],
        )?;
    }
    tasks::insert(conn, &[task("mail::old_name", &key("mail::old_name"), NOW)])
}

fn run(handler: &str, task_id: i64, attempt: i32, outcome: Outcome, error: Option<&str>) -> NewRun {
    NewRun {
        event_id: event_id(WITH_TASKS),
        handler: handler.to_owned(),
        attempt,
        outcome,
        error: error.map(str::to_owned),
        cause: if attempt == 1 { Cause::Delivery } else { Cause::Retry },
        started_at: NOW - MINUTE,
        duration_us: 2_340_000,
        task_id: Some(task_id),
    }
}

fn new_replay(filter: &str) -> NewReplay<'_> {
    NewReplay { actor: "cli", reason: "", filter, handler: None, last: 64, created_at: NOW - MINUTE }
}

fn all_replays(conn: &mut AnyConnection) -> QueryResult<()> {
    replays::advance(conn, RUNNING, Step { from: 0, position: 24, replayed: 21, skipped: 3 })?;
    replays::advance(conn, 2, Step { from: 0, position: 64, replayed: 1, skipped: 0 })?;
    replays::end(conn, 2, replays::Status::Done, None, NOW)?;
    let broken = replays::insert(conn, &new_replay("{\"colour\":\"red\"}"))?;
    replays::end(
        conn,
        broken,
        replays::Status::Failed,
        Some("its filter cannot be read: unknown field `colour`"),
        NOW,
    )?;
    Ok(())
}
