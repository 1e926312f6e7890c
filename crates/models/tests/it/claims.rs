//! Claiming events one batch at a time: order, leases, and recording how attempts ended.

use tollgate_models::claims::{self, Claim, Claimed, Ended};
use tollgate_models::events::{self, Cause, Status};
use tollgate_models::testing::TestDb;
use tollgate_models::{Database, Lane};

use crate::arrivals::{NOW, event, store_events};

const LEASE: i64 = 60_000;

fn claim(db: &Database, worker: &str, now: i64, limit: i64) -> Vec<Claimed> {
    let claim = Claim { worker, now, until: now + LEASE };
    db.write(Lane::Ordinary, |conn| claims::claim(conn, claim, limit)).unwrap()
}

fn claim_ids(db: &Database, worker: &str, now: i64, limit: i64) -> Vec<String> {
    claim(db, worker, now, limit).into_iter().map(|claimed| claimed.event.id).collect()
}

fn ended(status: Status) -> Ended {
    Ended {
        status,
        attempts: 1,
        cause: Cause::Delivery,
        next_attempt_at: NOW + 5_000,
        superseded: false,
        tie: None,
        only_handler: None,
        error: None,
        at: NOW + 7,
    }
}

fn finish(db: &Database, seq: i64, worker: &str, ended: &Ended) -> bool {
    db.write(Lane::Ordinary, |conn| claims::finish(conn, seq, worker, ended)).unwrap()
}

fn find(db: &Database, id: &str) -> events::Event {
    db.read(|conn| events::find(conn, id)).unwrap().unwrap()
}

#[test]
fn events_come_in_the_order_of_creation_then_of_arrival() {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, [("evt_z", 20), ("evt_y", 10), ("evt_b", 20)].map(|(id, at)| event(id, at, Some(id)))).unwrap();
    store_events(&db, [("evt_a", 20), ("evt_x", 5)].map(|(id, at)| event(id, at, Some(id)))).unwrap();
    assert_eq!(claim_ids(&db, "w", NOW, 2), ["evt_x", "evt_y"]);
    assert_eq!(claim_ids(&db, "w", NOW, 10), ["evt_z", "evt_b", "evt_a"]);
    assert!(claim(&db, "w", NOW, 10).is_empty());
}

#[test]
fn a_claim_brings_the_row_as_it_was_and_the_body() {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, [event("evt_1", 10, Some("cus_1"))]).unwrap();
    let claimed = claim(&db, "w", NOW, 10);
    assert_eq!(claimed[0].body.as_deref(), Some(r#"{"id":"evt_1"}"#));
    let row = find(&db, "evt_1");
    assert_eq!((row.status, row.claimed_by.as_deref()), (Status::Processing, Some("w")));
    assert_eq!(row.claimed_until_at, Some(NOW + LEASE));
}

#[test]
fn one_object_is_never_with_two_workers() {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, [event("evt_1", 1, Some("cus_1")), event("evt_2", 2, Some("cus_1"))]).unwrap();
    store_events(&db, [event("evt_3", 3, Some("cus_2"))]).unwrap();
    let first = claim(&db, "a", NOW, 1);
    assert_eq!(first[0].event.id, "evt_1");
    assert_eq!(claim_ids(&db, "b", NOW, 10), ["evt_3"], "evt_2 waits for evt_1");
    assert!(finish(&db, first[0].event.seq, "a", &ended(Status::Processed)));
    assert_eq!(claim_ids(&db, "b", NOW, 10), ["evt_2"]);
}

#[test]
fn several_events_of_one_object_come_together_in_order() {
    let test = TestDb::new();
    let db = test.open();
    let events = [("evt_3", 3), ("evt_1", 1), ("evt_2b", 2), ("evt_2a", 2)];
    store_events(&db, events.map(|(id, at)| event(id, at, Some("cus_1")))).unwrap();
    assert_eq!(claim_ids(&db, "w", NOW, 10), ["evt_1", "evt_2b", "evt_2a", "evt_3"]);
}

#[test]
fn events_without_an_object_do_not_wait_for_each_other() {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, [event("evt_1", 1, None), event("evt_2", 2, None), event("evt_3", 3, Some("cus_1"))]).unwrap();
    assert_eq!(claim_ids(&db, "a", NOW, 1), ["evt_1"]);
    assert_eq!(claim_ids(&db, "b", NOW, 2), ["evt_2", "evt_3"]);
}

fn take_back(db: &Database, now: i64) -> usize {
    db.write(Lane::Ordinary, |conn| claims::take_back_expired(conn, now)).unwrap()
}

#[test]
fn a_lease_that_ended_gives_the_event_to_the_next_worker() {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, [event("evt_1", 1, Some("cus_1"))]).unwrap();
    claim(&db, "gone", NOW, 10);
    assert_eq!((take_back(&db, NOW + LEASE - 1), claim(&db, "next", NOW + LEASE, 10).len()), (0, 0));
    assert_eq!(take_back(&db, NOW + LEASE), 1);
    let claimed = claim(&db, "next", NOW + LEASE, 10);
    assert_eq!((claimed.len(), claimed[0].event.crashes), (1, 1));
    assert!(!finish(&db, claimed[0].event.seq, "gone", &ended(Status::Failed)), "it lost the claim");
    let row = find(&db, "evt_1");
    assert_eq!((row.status, row.attempts, row.claimed_by.as_deref()), (Status::Processing, 0, Some("next")));
    assert!(finish(&db, claimed[0].event.seq, "next", &ended(Status::Processed)));
    assert!(!finish(&db, claimed[0].event.seq, "next", &ended(Status::Failed)), "it has ended already");
    assert_eq!(find(&db, "evt_1").crashes, 0);
}

#[test]
fn events_that_a_worker_died_of_come_last_and_one_at_a_time() {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, ["evt_1", "evt_2", "evt_3"].map(|id| event(id, 1, Some(id)))).unwrap();
    assert_eq!(claim_ids(&db, "gone", NOW, 2), ["evt_1", "evt_2"]);
    assert_eq!(take_back(&db, NOW + LEASE), 2);
    assert_eq!(claim_ids(&db, "next", NOW + LEASE, 10), ["evt_3"]);
    assert_eq!(claim_ids(&db, "next", NOW + LEASE, 10), ["evt_1"]);
    assert_eq!(claim_ids(&db, "other", NOW + LEASE, 10), ["evt_2"]);
    assert_eq!(db.read(claims::held_and_suspected).unwrap(), (3, 2));
    assert_eq!(db.write(Lane::Ordinary, claims::take_back_all).unwrap(), 3);
    assert_eq!(find(&db, "evt_1").crashes, 2);
    assert_eq!(claim_ids(&db, "w", NOW + LEASE, 10), ["evt_3"], "those with the fewest deaths first");
}

#[test]
fn a_renewed_lease_holds_longer() {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, [event("evt_1", 1, Some("cus_1")), event("evt_2", 2, Some("cus_2"))]).unwrap();
    claim(&db, "a", NOW, 1);
    claim(&db, "b", NOW, 1);
    let renewed = db.write(Lane::Ordinary, |conn| claims::renew(conn, "a", NOW + 3 * LEASE)).unwrap();
    assert_eq!(renewed, 1);
    assert_eq!(take_back(&db, NOW + 2 * LEASE), 1);
    assert_eq!(claim_ids(&db, "c", NOW + 2 * LEASE, 10), ["evt_2"]);
}

#[test]
fn released_events_are_as_if_never_claimed() {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, [event("evt_1", 1, Some("cus_1")), event("evt_2", 2, Some("cus_2"))]).unwrap();
    claim(&db, "a", NOW, 1);
    claim(&db, "b", NOW, 1);
    assert_eq!(db.write(Lane::Ordinary, |conn| claims::release(conn, "a")).unwrap(), 1);
    let row = find(&db, "evt_1");
    assert_eq!((row.status, row.claimed_by, row.claimed_until_at), (Status::Pending, None, None));
    assert_eq!(claim_ids(&db, "c", NOW, 10), ["evt_1"], "what b has stays with b");
}

#[test]
fn a_failed_event_is_not_claimed_before_its_time() {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, [event("evt_1", 1, Some("cus_1"))]).unwrap();
    let claimed = claim(&db, "w", NOW, 10);
    let failed = Ended { cause: Cause::Retry, error: Some("no reason".to_owned()), ..ended(Status::Failed) };
    assert!(finish(&db, claimed[0].event.seq, "w", &failed));
    assert!(claim(&db, "w", NOW + 4_999, 10).is_empty());
    let again = claim(&db, "w", NOW + 5_000, 10);
    assert_eq!((again[0].event.attempts, again[0].event.cause), (1, Cause::Retry));
    assert_eq!(again[0].event.last_error.as_deref(), Some("no reason"));
}

#[test]
fn what_has_ended_is_not_claimed_again() {
    let test = TestDb::new();
    let db = test.open();
    for (id, status) in [("evt_1", Status::Processed), ("evt_2", Status::Ignored), ("evt_3", Status::Dead)] {
        store_events(&db, [event(id, 1, Some(id))]).unwrap();
        let claimed = claim(&db, "w", NOW, 1);
        assert!(finish(&db, claimed[0].event.seq, "w", &Ended { superseded: true, ..ended(status) }));
        let row = find(&db, id);
        assert_eq!((row.status, row.superseded, row.claimed_by, row.claimed_until_at), (status, true, None, None));
        assert_eq!(row.processed_at, (status != Status::Dead).then_some(NOW + 7));
        assert!(claim(&db, "w", NOW + 10 * LEASE, 10).is_empty(), "{status}");
    }
}

#[test]
fn an_event_that_was_received_before_the_clock_was_set_back_does_not_wait() {
    let test = TestDb::new();
    let db = test.open();
    let mut later = event("evt_1", 1, None);
    later.received_at = NOW + 3_600_000;
    store_events(&db, [later]).unwrap();
    assert_eq!(claim_ids(&db, "w", NOW, 10), ["evt_1"]);
}
