//! Figures: backlog, counts by hour, refusals, runs of handlers.

use std::collections::BTreeMap;

use tollgate_models::deliveries;
use tollgate_models::event_counts::{self, Hour};
use tollgate_models::events::{self, Cause};
use tollgate_models::intake::store;
use tollgate_models::runs::{self, NewRun, Outcome, Tally};
use tollgate_models::testing::TestDb;
use tollgate_models::{Database, Lane};

use crate::arrivals::{NOW, arrival, event, execute, store_events};

const HOUR: i64 = 3_600_000;

fn write(db: &Database, statement: &str) {
    db.write(Lane::Ordinary, |conn| {
        execute(conn, statement);
        diesel::QueryResult::Ok(())
    })
    .unwrap();
}

#[test]
fn the_backlog_is_what_is_due_and_not_done() {
    let test = TestDb::new();
    let db = test.open();
    assert_eq!(db.read(|conn| events::backlog(conn, NOW)).unwrap(), (0, None));
    let ids = ["pending", "failed", "processing", "processed", "dead", "ignored", "later"];
    store_events(&db, ids.map(|id| event(id, 1, None))).unwrap();
    write(&db, "UPDATE events SET status = id WHERE id <> 'later'");
    write(&db, &format!("UPDATE events SET next_attempt_at = {} WHERE id = 'failed'", NOW - 5));
    write(&db, &format!("UPDATE events SET next_attempt_at = {} WHERE id = 'later'", NOW + 1));
    assert_eq!(
        db.read(|conn| events::backlog(conn, NOW)).unwrap(),
        (2, Some(NOW - 5)),
        "what a worker has does not wait"
    );
    assert_eq!(db.read(|conn| events::backlog(conn, NOW + 1)).unwrap(), (3, Some(NOW - 5)));
}

#[test]
fn events_and_refusals_are_counted_by_their_hour() {
    let test = TestDb::new();
    let db = test.open();
    let start = NOW / HOUR * HOUR;
    let times = [("evt_1", 0), ("evt_2", HOUR - 1), ("evt_3", HOUR), ("evt_4", 2 * HOUR), ("evt_5", -1)];
    for (id, after) in times {
        let mut row = event(id, 1, None);
        row.received_at = start + after;
        store_events(&db, [row]).unwrap();
    }
    write(&db, "UPDATE events SET status = 'dead' WHERE id = 'evt_2'");
    write(&db, "UPDATE events SET status = 'failed' WHERE id = 'evt_4'");
    let mut refused = arrival(None);
    refused.delivery.received_at = start + HOUR + 5;
    refused.delivery.repeats = 41;
    let mut again = refused.clone();
    again.delivery.repeats = 1;
    let mut other = refused.clone();
    other.delivery.reason = Some("timestamp_too_old".to_owned());
    other.delivery.received_at = start + 5 * HOUR;
    other.delivery.repeats = 3;
    let mut early = refused.clone();
    early.delivery.received_at = start - 1;
    db.write(Lane::Intake, |conn| store(conn, vec![refused, again, other, early], NOW)).unwrap();
    let hour = start / HOUR;
    let expected = BTreeMap::from([
        (hour, Hour { fine: 1, in_trouble: 1, refused: 0 }),
        (hour + 1, Hour { fine: 1, in_trouble: 0, refused: 42 }),
        (hour + 2, Hour { fine: 0, in_trouble: 1, refused: 0 }),
        (hour + 5, Hour { fine: 0, in_trouble: 0, refused: 3 }),
    ]);
    assert_eq!(db.read(|conn| event_counts::by_hour(conn, start)).unwrap(), expected);
    assert_eq!(db.read(event_counts::in_trouble).unwrap(), (1, 1));
    let refusals = db.read(|conn| event_counts::refusals(conn, start)).unwrap();
    let expected = [("no_matching_signature".to_owned(), 42), ("timestamp_too_old".to_owned(), 3)];
    assert_eq!(refusals, expected);
    let all = db.read(|conn| event_counts::refusals(conn, 0)).unwrap();
    assert_eq!(all[0], ("no_matching_signature".to_owned(), 83));
}

#[test]
fn figures_of_an_empty_database_are_empty() {
    let test = TestDb::new();
    let db = test.open();
    assert_eq!(db.read(|conn| event_counts::by_hour(conn, 0)).unwrap(), BTreeMap::new());
    assert_eq!(db.read(event_counts::in_trouble).unwrap(), (0, 0));
    assert_eq!(db.read(|conn| event_counts::refusals(conn, 0)).unwrap(), []);
    assert_eq!(db.read(|conn| runs::tally(conn, "none", 10)).unwrap(), Tally::default());
}

fn run(event_id: &str, attempt: i32, outcome: Outcome, error: Option<&str>) -> NewRun {
    NewRun {
        event_id: event_id.to_owned(),
        handler: "mailer".to_owned(),
        attempt,
        outcome,
        error: error.map(str::to_owned),
        cause: Cause::Delivery,
        started_at: NOW + i64::from(attempt),
        duration_us: 10,
        task_id: None,
    }
}

#[test]
fn runs_are_listed_by_event_and_summed_up_by_handler() {
    let test = TestDb::new();
    let db = test.open();
    let rows = [
        run("evt_1", 1, Outcome::Failed, Some("first")),
        run("evt_1", 2, Outcome::Panicked, Some("second")),
        run("evt_2", 1, Outcome::RolledBack, None),
        run("evt_1", 3, Outcome::Succeeded, None),
    ];
    db.write(Lane::Ordinary, |conn| runs::insert(conn, &rows)).unwrap();
    let of_event = db.read(|conn| runs::of_event(conn, "evt_1", 2)).unwrap();
    let shown: Vec<_> = of_event.iter().map(|run| (run.attempt, run.outcome, run.error.as_deref())).collect();
    assert_eq!(shown, [(3, Outcome::Succeeded, None), (2, Outcome::Panicked, Some("second"))]);
    let tally = |limit| db.read(|conn| runs::tally(conn, "mailer", limit)).unwrap();
    let all = Tally {
        total: 4,
        succeeded: 1,
        duration_us: 40,
        last_at: Some(NOW + 3),
        last_error: Some("second".to_owned()),
    };
    assert_eq!(tally(10), all);
    assert_eq!(tally(2), Tally { total: 2, duration_us: 20, last_error: None, ..all });
}

#[test]
fn an_endpoint_is_silent_after_many_times_its_usual_interval_and_an_hour() {
    let test = TestDb::new();
    let db = test.open();
    let often = |minutes: i64, count: i64| {
        write(&db, "DELETE FROM deliveries");
        for number in 0..count {
            let mut one = arrival(Some(event(&format!("evt_{minutes}_{number}"), 1, None)));
            one.delivery.received_at = NOW + number * minutes * 60_000;
            db.write(Lane::Intake, |conn| store(conn, vec![one], NOW)).unwrap();
        }
        NOW + (count - 1) * minutes * 60_000
    };
    let uuid = arrival(None).delivery.endpoint_uuid.unwrap();
    let silent = |now| db.read(|conn| deliveries::silent_since(conn, &uuid, now)).unwrap();
    let last = often(10, 12);
    assert_eq!((silent(last + 200 * 60_000), silent(last)), (None, None));
    assert_eq!(silent(last + 201 * 60_000), Some((last, 600_000)));
    // Busy ones are given an hour, those of whom little is known any time.
    let last = often(1, 12);
    assert_eq!((silent(last + HOUR), silent(last + HOUR + 1)), (None, Some((last, 60_000))));
    let last = often(1, 5);
    assert_eq!(silent(last + 1000 * HOUR), None);
}
