//! Many workers at one queue: each event once, one object with one worker.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Barrier, Mutex, mpsc};
use std::time::{Duration, Instant};

use tollgate_models::claims::{self, Claim, Ended};
use tollgate_models::db::Options;
use tollgate_models::events::{self, Cause, Status};
use tollgate_models::testing::TestDb;
use tollgate_models::{AnyConnection, Database, Error, Lane};

use crate::arrivals::{NOW, event, execute, number, store_events};

const PROCESSED: Ended = Ended {
    status: Status::Processed,
    attempts: 1,
    cause: Cause::Delivery,
    next_attempt_at: NOW,
    superseded: false,
    tie: None,
    only_handler: None,
    error: None,
    at: NOW,
};

#[test]
fn eight_workers_claim_two_thousand_events_each_exactly_once() {
    let test = TestDb::new();
    let db = Database::open(test.url(), &Options { writers: 8, ..Options::default() }).unwrap();
    let events = (0..2000).map(|n| event(&format!("evt_{n}"), n / 3, Some(&format!("cus_{}", n % 50))));
    store_events(&db, events).unwrap();
    let (busy, times, order) =
        (Mutex::new(HashSet::new()), Mutex::new(BTreeMap::new()), Mutex::new(BTreeMap::<_, Vec<_>>::new()));
    let (start, deadline) = (Barrier::new(8), Instant::now() + Duration::from_secs(120));
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (db, busy, times, order, start) = (&db, &busy, &times, &order, &start);
            scope.spawn(move || {
                start.wait();
                let worker = format!("w{worker}");
                while number_of(db, "SELECT count(*) AS value FROM events WHERE status <> 'processed'") > 0 {
                    // Another worker that failed keeps what it has.
                    assert!(Instant::now() < deadline, "not everything was processed in time");
                    let claim = Claim { worker: &worker, now: NOW, until: NOW + 60_000 };
                    let claimed = db.write(Lane::Ordinary, |conn| claims::claim(conn, claim, 16)).unwrap();
                    let objects: HashSet<String> =
                        claimed.iter().filter_map(|claimed| claimed.event.object_id.clone()).collect();
                    for object in &objects {
                        assert!(busy.lock().unwrap().insert(object.clone()), "{object} is with two workers");
                    }
                    for claimed in &claimed {
                        *times.lock().unwrap().entry(claimed.event.id.clone()).or_insert(0) += 1;
                        let place = (claimed.event.created, claimed.event.seq);
                        order.lock().unwrap().entry(claimed.event.object_id.clone()).or_default().push(place);
                    }
                    // Nobody else can take the objects before the commit, thus they are no longer busy just before it.
                    db.write(Lane::Ordinary, |conn| -> Result<(), Error> {
                        for claimed in &claimed {
                            assert!(claims::finish(conn, claimed.event.seq, &worker, &PROCESSED)?);
                        }
                        busy.lock().unwrap().retain(|object| !objects.contains(object));
                        Ok(())
                    })
                    .unwrap();
                }
            });
        }
    });
    let times = times.into_inner().unwrap();
    assert_eq!(times.len(), 2000);
    assert!(times.values().all(|times| *times == 1));
    for (object, places) in order.into_inner().unwrap() {
        assert!(places.is_sorted(), "{object:?} was processed out of order");
    }
}

fn number_of(db: &Database, query: &str) -> i64 {
    db.read(|conn| Ok::<_, diesel::result::Error>(number(conn, query))).unwrap()
}

// On PostgreSQL the claim finds the row locked by the worker that still finishes, and must look again when it is free.
#[test]
fn an_event_that_is_being_finished_as_its_lease_ends_is_not_claimed_again() {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, [event("evt_1", 1, Some("cus_1"))]).unwrap();
    let claim = |worker, now| Claim { worker, now, until: now + 60_000 };
    let slow = db.write(Lane::Ordinary, |conn| claims::claim(conn, claim("slow", NOW), 1)).unwrap();
    let (finished, wait_for_finish) = mpsc::channel();
    let taken = std::thread::scope(|scope| {
        let (db, claim) = (&db, &claim);
        let next = scope.spawn(move || {
            wait_for_finish.recv().unwrap();
            db.write(Lane::Ordinary, |conn| claims::take_back_expired(conn, NOW + 60_000)).unwrap();
            db.write(Lane::Ordinary, |conn| claims::claim(conn, claim("next", NOW + 60_000), 1)).unwrap()
        });
        db.write(Lane::Ordinary, |conn| -> Result<(), Error> {
            assert!(claims::finish(conn, slow[0].event.seq, "slow", &PROCESSED)?);
            finished.send(()).unwrap();
            wait_until_blocked(db, conn);
            Ok(())
        })
        .unwrap();
        next.join().unwrap()
    });
    assert!(taken.is_empty(), "claimed again: {taken:?}");
    let row = db.read(|conn| events::find(conn, "evt_1")).unwrap().unwrap();
    assert_eq!(row.status, Status::Processed);
}

// SQLite lets the second writer in only after the first; there is nothing to wait for.
fn wait_until_blocked(db: &Database, conn: &mut AnyConnection) {
    if db.url().is_sqlite() {
        return;
    }
    let me = number(conn, "SELECT pg_backend_pid()::bigint AS value");
    let query = format!("SELECT count(*) AS value FROM pg_stat_activity WHERE {me} = ANY (pg_blocking_pids(pid))");
    let deadline = Instant::now() + Duration::from_secs(20);
    while number_of(db, &query) == 0 {
        assert!(Instant::now() < deadline, "nobody waits for the first transaction");
        std::thread::yield_now();
    }
}

#[test]
fn the_same_events_resent_while_workers_finish_them_do_not_block_the_intake() {
    let test = TestDb::new();
    let db = Database::open(test.url(), &Options::default()).unwrap();
    let ids: Vec<String> = (0..40).map(|n| format!("evt_{n}")).collect();
    let resend = || store_events(&db, ids.iter().rev().map(|id| event(id, 1, None))).unwrap();
    resend();
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            for _ in 0..20 {
                let claim = Claim { worker: "w", now: NOW, until: NOW + 60_000 };
                let claimed = db.write(Lane::Ordinary, |conn| claims::claim(conn, claim, 40)).unwrap();
                let failed = Ended { status: Status::Failed, ..PROCESSED };
                db.write(Lane::Ordinary, |conn| -> Result<(), Error> {
                    claimed.iter().try_for_each(|claimed| {
                        claims::finish(conn, claimed.event.seq, "w", &failed).map(drop).map_err(Error::from)
                    })
                })
                .unwrap();
            }
        });
        for _ in 0..20 {
            resend();
        }
        worker.join().unwrap();
    });
    db.write(Lane::Ordinary, |conn| {
        assert_eq!(execute(conn, "UPDATE events SET status = 'pending' WHERE status IN ('failed', 'pending')"), 40);
        diesel::QueryResult::Ok(())
    })
    .unwrap();
}
