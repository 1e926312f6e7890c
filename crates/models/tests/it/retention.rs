//! What goes when it is old, and what never does.

use diesel::connection::SimpleConnection;
use tollgate_models::deliveries::Outcome;
use tollgate_models::events::Status;
use tollgate_models::intake::store;
use tollgate_models::retention::{self, Chunk, Counts, Kind, Position, Rule};
use tollgate_models::tasks::Status as TaskStatus;
use tollgate_models::testing::TestDb;
use tollgate_models::{AnyConnection, Database, Error, Lane};

use crate::arrivals::{NOW, arrival, event, execute, number, store_events, texts};

const DAY: i64 = 24 * 3_600_000;
/// Ten days later, of what is older than five.
const RULE: Rule = Rule { now: NOW + 10 * DAY, before: NOW + 5 * DAY, failed_too: false, history_before: None };
const TROUBLE_TOO: Rule = Rule { failed_too: true, ..RULE };

fn write(db: &Database, statement: &str) {
    db.write(Lane::Ordinary, |conn| -> Result<(), Error> {
        execute(conn, statement);
        Ok(())
    })
    .unwrap();
}

fn count(db: &Database, from: &str) -> i64 {
    db.read(|conn| Ok::<_, Error>(number(conn, &format!("SELECT count(*) AS value FROM {from}")))).unwrap()
}

fn ids(db: &Database) -> Vec<String> {
    let query = "SELECT id AS value FROM events ORDER BY seq";
    let found = db.read(|conn| Ok::<_, Error>(texts(conn, query))).unwrap();
    found.into_iter().flatten().collect()
}

/// Sweeps from the start to the end, some rows at a time; what went, and the rows that were looked at.
fn sweep(db: &Database, kind: Kind, rule: Rule, limit: i64) -> (Counts, usize) {
    let (mut counts, mut steps) = (Counts::default(), 0);
    let mut after = Position::default();
    loop {
        let Chunk { numbers, end, more } = db.read(|conn| retention::next(conn, kind, rule, after, limit)).unwrap();
        let told = db.read(|conn| retention::count(conn, kind, rule, &numbers)).unwrap();
        let gone = db.write(Lane::Ordinary, |conn| retention::delete(conn, kind, rule, &numbers)).unwrap();
        assert_eq!(told, gone, "counting says what deleting does");
        counts += gone;
        steps += 1;
        assert!(end != after || !more, "it does not get on");
        after = end;
        if !more {
            return (counts, steps);
        }
    }
}

/// An event for each status, with two runs and a delivery.
fn one_of_each() -> (TestDb, Database) {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, Status::ALL.iter().map(|status| event(status.as_str(), 1, None))).unwrap();
    write(&db, "UPDATE events SET status = id");
    for attempt in [1, 2] {
        write(
            &db,
            &format!(
                "INSERT INTO runs (event_id, handler, attempt, outcome, cause, started_at, duration_us) \
                 SELECT id, 'h', {attempt}, 'succeeded', 'delivery', 1, 1 FROM events"
            ),
        );
    }
    (test, db)
}

fn add_task(db: &Database, event_id: &str, status: TaskStatus) {
    write(
        db,
        &format!(
            "INSERT INTO tasks (event_id, handler, idempotency_key, status, cause, next_attempt_at, created_at) \
             VALUES ('{event_id}', 'h', '{event_id}:{status}', '{status}', 'delivery', 1, 1)"
        ),
    );
}

#[test]
fn pruning_never_deletes_an_event_that_is_not_done() {
    for (rule, stays) in
        [(RULE, ["pending", "processing", "failed", "dead"].as_slice()), (TROUBLE_TOO, &["pending", "processing"])]
    {
        let (_test, db) = one_of_each();
        for kind in [Kind::Payloads, Kind::Events, Kind::Deliveries] {
            sweep(&db, kind, rule, 2);
        }
        assert_eq!(ids(&db), stays);
        let kept = stays.len() as i64;
        let tables = ["event_payloads", "deliveries", "runs"].map(|table| count(&db, table));
        assert_eq!(tables, [kept, kept, 2 * kept]);
    }
}

#[test]
fn an_event_goes_with_its_payload_runs_and_tasks_and_its_deliveries_after_it() {
    let (_test, db) = one_of_each();
    add_task(&db, "processed", TaskStatus::Succeeded);
    add_task(&db, "dead", TaskStatus::Succeeded);
    let (gone, _) = sweep(&db, Kind::Events, RULE, 10);
    assert_eq!(gone, Counts { events: 2, payloads: 2, runs: 4, tasks: 1, ..Counts::default() });
    assert_eq!((count(&db, "deliveries"), count(&db, "tasks")), (6, 1));
    let (gone, _) = sweep(&db, Kind::Deliveries, RULE, 10);
    assert_eq!(gone, Counts { deliveries: 2, ..Counts::default() });
    for kind in [Kind::Payloads, Kind::Events, Kind::Deliveries] {
        assert_eq!(sweep(&db, kind, RULE, 10).0, Counts::default(), "a second time finds nothing");
    }
}

#[test]
fn an_event_stays_whole_as_long_as_a_task_of_its_is_not_over() {
    for status in TaskStatus::ALL {
        let (_test, db) = one_of_each();
        add_task(&db, "processed", *status);
        let over = [TaskStatus::Succeeded, TaskStatus::Failed, TaskStatus::Dead].contains(status);
        for (rule, goes) in [(RULE, *status == TaskStatus::Succeeded), (TROUBLE_TOO, over)] {
            for kind in [Kind::Payloads, Kind::Events] {
                sweep(&db, kind, rule, 10);
            }
            let left = ["events WHERE id = 'processed'", "event_payloads WHERE event_id = 'processed'"];
            assert_eq!(left.map(|from| count(&db, from)), [i64::from(!goes); 2], "{status} {rule:?}");
        }
    }
}

#[test]
fn payloads_go_before_the_log_does() {
    let (_test, db) = one_of_each();
    let (gone, _) = sweep(&db, Kind::Payloads, RULE, 1);
    assert_eq!(gone, Counts { payloads: 2, ..Counts::default() });
    assert_eq!((count(&db, "events"), count(&db, "runs"), count(&db, "deliveries")), (6, 12, 6));
    let (gone, _) = sweep(&db, Kind::Events, RULE, 1);
    assert_eq!((gone.events, gone.payloads), (2, 0));
}

#[test]
fn only_what_is_older_than_the_time_goes() {
    let test = TestDb::new();
    let db = test.open();
    let times = [("old", RULE.before - 1), ("young", RULE.before), ("new", RULE.now)];
    for (id, at) in times {
        let mut arrived = arrival(Some(event(id, 1, None)));
        arrived.event.as_mut().unwrap().received_at = at;
        arrived.delivery.received_at = at;
        db.write(Lane::Intake, |conn| store(conn, vec![arrived], at)).unwrap();
    }
    write(&db, "UPDATE events SET status = 'processed'");
    assert_eq!(sweep(&db, Kind::Events, RULE, 10).0.events, 1);
    assert_eq!(sweep(&db, Kind::Deliveries, RULE, 10).0.deliveries, 1);
    assert_eq!((ids(&db), count(&db, "deliveries")), (vec!["young".to_owned(), "new".to_owned()], 2));
}

#[test]
fn a_sweep_passes_over_many_rows_of_one_millisecond_and_looks_at_each_once() {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, (0..50).map(|number| event(&format!("evt_{number}"), 1, None))).unwrap();
    write(&db, "UPDATE events SET status = CASE WHEN seq % 2 = 0 THEN 'processed' ELSE 'dead' END");
    let (gone, steps) = sweep(&db, Kind::Events, RULE, 7);
    assert_eq!((gone.events, steps), (25, 8));
    // It goes on where it was.
    let end = db.read(|conn| retention::next(conn, Kind::Events, RULE, Position::default(), 100)).unwrap().end;
    let after = db.read(|conn| retention::next(conn, Kind::Events, RULE, end, 100)).unwrap();
    assert_eq!(after, Chunk { numbers: vec![], end, more: false });
}

fn refused(db: &Database, times: &[i64]) {
    let rows = times.iter().map(|at| {
        let mut row = arrival(None);
        row.delivery.received_at = *at;
        row
    });
    let stored = db.write(Lane::Intake, |conn| store(conn, rows.collect(), NOW)).unwrap();
    assert!(stored.iter().all(|stored| stored.outcome == Outcome::Refused));
}

#[test]
fn refusals_go_and_one_that_a_clock_dated_ahead_hides_none() {
    let test = TestDb::new();
    let db = test.open();
    let years = 20 * 365 * DAY;
    refused(&db, &[NOW + years, NOW, NOW + years, NOW + years, NOW + 1, NOW + 9 * DAY, NOW + 2]);
    // The last one stands after a young one, where nobody looks yet.
    assert_eq!(sweep(&db, Kind::Deliveries, RULE, 2).0.deliveries, 2);
    let later = Rule { now: NOW + 20 * DAY, before: NOW + 15 * DAY, ..RULE };
    assert_eq!(sweep(&db, Kind::Deliveries, later, 2).0.deliveries, 2);
    assert_eq!(count(&db, "deliveries"), 3);
}

#[test]
fn a_replay_in_between_keeps_the_event() {
    let (_test, db) = one_of_each();
    let found = db.read(|conn| retention::next(conn, Kind::Events, RULE, Position::default(), 10)).unwrap();
    assert_eq!(found.numbers.len(), 2);
    write(&db, "UPDATE events SET status = 'pending' WHERE id = 'processed'");
    let gone = db.write(Lane::Ordinary, |conn| retention::delete(conn, Kind::Events, RULE, &found.numbers)).unwrap();
    assert_eq!(gone.events, 1);
    assert_eq!(count(&db, "event_payloads WHERE event_id = 'processed'"), 1);
}

#[test]
fn rows_that_somebody_is_at_are_left_out_and_not_waited_for() {
    let (test, db) = one_of_each();
    let mut other = test.connect();
    let AnyConnection::Postgres(conn) = &mut other else {
        // SQLite has one writer.
        return;
    };
    conn.batch_execute("BEGIN; UPDATE events SET attempts = 5 WHERE id = 'processed'").unwrap();
    let found = db.read(|conn| retention::next(conn, Kind::Events, RULE, Position::default(), 10)).unwrap();
    let gone = db.write(Lane::Ordinary, |conn| retention::delete(conn, Kind::Events, RULE, &found.numbers)).unwrap();
    assert_eq!((found.numbers.len(), gone.events), (2, 1));
    conn.batch_execute("ROLLBACK").unwrap();
    assert_eq!(sweep(&db, Kind::Events, RULE, 10).0.events, 1);
}
