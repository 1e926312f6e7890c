//! Tasks: claimed once, tried again, found in lists; replays and leases beside them.

use tollgate_models::claims::Claim;
use tollgate_models::events::Cause;
use tollgate_models::page::Cursor;
use tollgate_models::replays::{self, NewReplay, Step};
use tollgate_models::tasks::{self, Ended, Filter, NewTask, Status, Task};
use tollgate_models::testing::TestDb;
use tollgate_models::{Database, Lane, leases};

use crate::arrivals::NOW;

fn task(key: &str, cause: Cause) -> NewTask {
    NewTask {
        event_id: "evt_1".to_owned(),
        handler: "receipt".to_owned(),
        idempotency_key: key.to_owned(),
        payload: Some("{}".to_owned()),
        cause,
        next_attempt_at: NOW,
        created_at: NOW,
    }
}

fn insert(db: &Database, new: &[NewTask]) {
    db.write(Lane::Ordinary, |conn| tasks::insert(conn, new)).unwrap();
}

fn handlers() -> Vec<String> {
    ["other", "receipt"].map(str::to_owned).to_vec()
}

fn claim(db: &Database, worker: &str, now: i64) -> Vec<Task> {
    let claim = Claim { worker, now, until: now + 1000 };
    db.write(Lane::Ordinary, |conn| tasks::claim(conn, claim, &handlers(), 10)).unwrap()
}

fn ended(status: Status) -> Ended {
    Ended { status, attempts: 1, next_attempt_at: NOW + 50, error: Some("x".to_owned()), at: NOW + 7 }
}

fn finish(db: &Database, id: i64, worker: &str, status: Status) -> bool {
    db.write(Lane::Ordinary, |conn| tasks::finish(conn, id, worker, &ended(status))).unwrap()
}

#[test]
fn a_task_is_there_once_and_a_replay_has_it_run_again() {
    let test = TestDb::new();
    let db = test.open();
    insert(&db, &[task("evt_1:receipt", Cause::Delivery), task("evt_1:other", Cause::Delivery)]);
    insert(&db, &[task("evt_1:receipt", Cause::Retry)]);
    let claimed = claim(&db, "w", NOW);
    assert_eq!(claimed.len(), 2);
    assert!(finish(&db, claimed[0].id, "w", Status::Succeeded));
    insert(&db, &[task("evt_1:receipt", Cause::Delivery)]);
    assert!(claim(&db, "w", NOW + 10).is_empty(), "it has done its work");
    insert(&db, &[task("evt_1:receipt", Cause::Replay), task("evt_1:other", Cause::Replay)]);
    let again = claim(&db, "w", NOW + 10);
    assert_eq!(again.len(), 1, "what runs just now is left alone");
    assert_eq!((again[0].id, again[0].cause, again[0].attempts), (claimed[0].id, Cause::Replay, 0));
    assert_eq!(db.read(|conn| tasks::of_event(conn, "evt_1", 10)).unwrap().len(), 2);
}

#[test]
fn a_task_that_was_enqueued_by_a_clock_that_was_ahead_can_be_made_due() {
    let test = TestDb::new();
    let db = test.open();
    insert(
        &db,
        &[NewTask { next_attempt_at: NOW + 900, ..task("ahead", Cause::Delivery) }, task("tried", Cause::Delivery)],
    );
    let tried = claim(&db, "w", NOW);
    assert!(finish(&db, tried[0].id, "w", Status::Failed), "it waits for its next attempt");
    let ahead = |now| db.read(|conn| tasks::any_ahead(conn, now)).unwrap();
    assert!(ahead(NOW + 899) && !ahead(NOW + 900));
    assert_eq!(db.write(Lane::Ordinary, |conn| tasks::make_due(conn, NOW + 1)).unwrap(), 1);
    let due = claim(&db, "w", NOW + 1);
    assert_eq!((due.len(), due[0].idempotency_key.as_str()), (1, "ahead"));
}

#[test]
fn a_task_is_with_one_process_until_its_claim_ends() {
    let test = TestDb::new();
    let db = test.open();
    insert(&db, &[task("a", Cause::Delivery)]);
    assert_eq!((claim(&db, "gone", NOW).len(), claim(&db, "next", NOW + 999).len()), (1, 0));
    db.write(Lane::Ordinary, |conn| tasks::renew(conn, "gone", NOW + 2000)).unwrap();
    assert_eq!(claim(&db, "next", NOW + 1999).len(), 0);
    let taken = claim(&db, "next", NOW + 2000);
    assert_eq!(taken.len(), 1);
    assert!(!finish(&db, taken[0].id, "gone", Status::Failed), "it lost the claim");
    assert!(finish(&db, taken[0].id, "next", Status::Failed));
    assert!(claim(&db, "next", NOW + 49).is_empty());
    let due = |handlers: &[String], now| db.read(|conn| tasks::any_due(conn, handlers, now)).unwrap();
    assert!(due(&handlers(), NOW + 50) && !due(&handlers(), NOW + 49) && !due(&["other".to_owned()], NOW + 50));
    assert!(!due(&[], NOW + 50));
    assert_eq!(claim(&db, "next", NOW + 50).len(), 1);
    assert_eq!(db.write(Lane::Ordinary, |conn| tasks::release(conn, "next", &[])).unwrap(), 1);
    assert_eq!(claim(&db, "other", NOW + 50)[0].attempts, 1);
}

#[test]
fn a_dead_task_is_found_and_run_again_when_somebody_asks() {
    let test = TestDb::new();
    let db = test.open();
    insert(&db, &[task("a", Cause::Delivery), task("b", Cause::Delivery)]);
    let claimed = claim(&db, "w", NOW);
    let id = claimed[0].id;
    assert!(!db.write(Lane::Ordinary, |conn| tasks::run_again(conn, id, NOW)).unwrap(), "it runs just now");
    assert!(finish(&db, id, "w", Status::Dead));
    assert_eq!(db.read(tasks::in_trouble).unwrap(), (1, 0, 1));
    let dead = Filter { status: Some(Status::Dead), handler: Some("receipt".to_owned()) };
    let page = db.read(|conn| tasks::list(conn, &dead, Cursor::Newest, 10)).unwrap();
    assert_eq!((page.rows.len(), page.rows[0].id, page.rows[0].finished_at), (1, id, Some(NOW + 7)));
    assert!(db.write(Lane::Ordinary, |conn| tasks::run_again(conn, id, NOW + 9)).unwrap());
    let again = db.read(|conn| tasks::find(conn, id)).unwrap().unwrap();
    assert_eq!((again.status, again.attempts, again.finished_at), (Status::Pending, 0, None));
}

#[test]
fn a_replay_goes_on_from_where_it_was_and_ends_once() {
    let test = TestDb::new();
    let db = test.open();
    let new = NewReplay { actor: "ann", reason: "bug 7", filter: "{}", handler: Some("h"), last: 9, created_at: NOW };
    let id = db.write(Lane::Ordinary, |conn| replays::insert(conn, &new)).unwrap();
    let step = Step { from: 0, position: 2, replayed: 3, skipped: 1 };
    let advance = |step| db.write(Lane::Ordinary, |conn| replays::advance(conn, id, step)).unwrap();
    assert!(advance(step));
    assert!(!advance(step), "another process took this step");
    assert!(advance(Step { from: 2, position: 4, ..step }));
    let row = db.read(replays::next_running).unwrap().unwrap();
    assert_eq!((row.id, row.position, row.replayed, row.skipped), (id, 4, 6, 2));
    let end = |status| db.write(Lane::Ordinary, |conn| replays::end(conn, id, status, None, NOW + 1)).unwrap();
    assert!(end(replays::Status::Stopped));
    assert!(!end(replays::Status::Done));
    assert!(!advance(Step { from: 4, ..step }));
    assert!(db.read(replays::next_running).unwrap().is_none());
    let rows = db.read(|conn| replays::list(conn, Cursor::Newest, 10)).unwrap().rows;
    assert_eq!(
        (rows[0].status, rows[0].finished_at, rows[0].actor.as_str()),
        (replays::Status::Stopped, Some(NOW + 1), "ann")
    );
    assert_eq!(db.read(|conn| replays::find(conn, id)).unwrap().unwrap().reason, "bug 7");
}

#[test]
fn a_lease_has_one_holder_until_it_ends_or_is_given_back() {
    let test = TestDb::new();
    let db = test.open();
    let take = |holder: &str, now, until| {
        db.write(Lane::Ordinary, |conn| leases::take(conn, "retention", holder, now, until)).unwrap()
    };
    assert!(take("a", NOW, NOW + 10));
    assert!(!take("b", NOW + 9, NOW + 20));
    assert!(take("a", NOW + 9, NOW + 30), "its holder holds it longer");
    assert!(take("b", NOW + 30, NOW + 40), "it has ended");
    assert!(!take("a", NOW + 31, NOW + 50));
    db.write(Lane::Ordinary, |conn| leases::give_back(conn, "retention", "a")).unwrap();
    assert!(!take("a", NOW + 31, NOW + 50), "only its holder gives it back");
    db.write(Lane::Ordinary, |conn| leases::give_back(conn, "retention", "b")).unwrap();
    assert!(take("a", NOW + 31, NOW + 50));
}
