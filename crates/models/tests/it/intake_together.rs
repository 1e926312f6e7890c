//! Storing events from many threads and processes at once.

use std::collections::BTreeMap;
use std::sync::Barrier;

use tollgate_models::db::Options;
use tollgate_models::deliveries::Outcome;
use tollgate_models::testing::TestDb;
use tollgate_models::{Database, Error};

use crate::arrivals::{event, number, outcomes, store_events};

#[test]
fn of_fifty_threads_with_the_same_event_one_is_accepted() {
    let test = TestDb::new();
    let db = test.open();
    let start = Barrier::new(50);
    let all: Vec<Outcome> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..50)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    outcomes(&store_events(&db, [event("evt_1", 10, Some("cus_1"))]).unwrap())
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(all.iter().filter(|outcome| **outcome == Outcome::Accepted).count(), 1);
    assert_eq!(all.iter().filter(|outcome| **outcome == Outcome::Duplicate).count(), 49);
    let read = |query: &str| db.read(|conn| Ok::<_, diesel::result::Error>(number(conn, query))).unwrap();
    assert_eq!(read("SELECT count(*) AS value FROM events"), 1);
    assert_eq!(read("SELECT count(*) AS value FROM event_payloads"), 1);
    assert_eq!(read("SELECT count(*) AS value FROM deliveries"), 50);
}

#[test]
fn two_processes_with_the_same_events_in_opposite_order_do_not_block_each_other() {
    let test = TestDb::new();
    // Two pools, as two processes have them.
    let processes: [Database; 2] = [test.open(), Database::open(test.url(), &Options::default()).unwrap()];
    let start = Barrier::new(2);
    let stored: Vec<Result<Vec<Outcome>, Error>> = std::thread::scope(|scope| {
        let threads: Vec<_> = processes
            .iter()
            .enumerate()
            .map(|(process, db)| {
                let start = &start;
                scope.spawn(move || {
                    let mut all = Vec::new();
                    for round in 0..20 {
                        let mut ids: Vec<String> = (0..100).map(|n| format!("evt_{round}_{n:03}")).collect();
                        if process == 1 {
                            ids.reverse();
                        }
                        start.wait();
                        let stored = store_events(db, ids.iter().map(|id| event(id, 10, None)));
                        all.push(stored.map(|stored| outcomes(&stored)));
                    }
                    all.into_iter().collect::<Result<Vec<_>, _>>().map(|all| all.concat())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for outcome in stored.into_iter().flat_map(Result::unwrap) {
        *counts.entry(outcome.as_str()).or_default() += 1;
    }
    assert_eq!(counts, BTreeMap::from([("accepted", 2000), ("duplicate", 2000)]));
}
