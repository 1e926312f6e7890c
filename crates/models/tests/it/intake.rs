//! Storing deliveries and events: each event once, each delivery with its outcome, bodies byte for byte.

use tollgate_models::deliveries::{self, Filter, Outcome};
use tollgate_models::events::{self, Cause, Status};
use tollgate_models::intake::store;
use tollgate_models::page::Cursor;
use tollgate_models::testing::TestDb;
use tollgate_models::{Lane, db};

use crate::arrivals::{NOW, arrival, event, execute, number, outcomes, store_events};

#[test]
fn a_new_event_is_stored_with_its_delivery() {
    let test = TestDb::new();
    let db = test.open();
    let stored = store_events(&db, [event("evt_1", 10, Some("cus_1"))]).unwrap();
    assert_eq!(outcomes(&stored), [Outcome::Accepted]);
    db.read(|conn| {
        let found = events::find(conn, "evt_1")?.unwrap();
        assert_eq!((found.status, found.attempts, found.cause), (Status::Pending, 0, Cause::Delivery));
        assert_eq!((found.type_.as_str(), found.created, found.received_at), ("customer.updated", 10, NOW));
        assert_eq!((found.object_id.as_deref(), found.account.as_deref()), (Some("cus_1"), Some("acct_1")));
        assert_eq!((found.next_attempt_at, found.superseded, found.claimed_by), (NOW, false, None));
        assert_eq!(events::payload(conn, "evt_1")?.as_deref(), Some(r#"{"id":"evt_1"}"#));
        let delivery = deliveries::find(conn, stored[0].delivery_id)?.unwrap();
        assert_eq!((delivery.event_id.as_deref(), delivery.outcome), (Some("evt_1"), Outcome::Accepted));
        diesel::QueryResult::Ok(())
    })
    .unwrap();
}

#[test]
fn the_second_of_two_in_one_batch_is_a_duplicate() {
    let test = TestDb::new();
    let db = test.open();
    let mut second = event("evt_1", 10, None);
    second.body = "another body".to_owned();
    let stored = store_events(&db, [event("evt_1", 10, None), second, event("evt_2", 10, None)]).unwrap();
    assert_eq!(outcomes(&stored), [Outcome::Accepted, Outcome::Duplicate, Outcome::Accepted]);
    let body = db.read(|conn| events::payload(conn, "evt_1")).unwrap();
    assert_eq!(body.as_deref(), Some(r#"{"id":"evt_1"}"#), "the first one's body is kept");
}

#[test]
fn an_event_of_an_earlier_batch_is_a_duplicate_and_stays_as_it_was() {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, [event("evt_1", 10, None)]).unwrap();
    db.write(Lane::Ordinary, |conn| {
        execute(conn, "UPDATE events SET status = 'processed', attempts = 1");
        diesel::QueryResult::Ok(())
    })
    .unwrap();
    let stored = store_events(&db, [event("evt_2", 10, None), event("evt_1", 10, None)]).unwrap();
    assert_eq!(outcomes(&stored), [Outcome::Accepted, Outcome::Duplicate]);
    let found = db.read(|conn| events::find(conn, "evt_1")).unwrap().unwrap();
    assert_eq!((found.status, found.attempts), (Status::Processed, 1));
}

#[test]
fn a_duplicate_schedules_a_failed_or_dead_event_again() {
    let test = TestDb::new();
    let db = test.open();
    for (id, status) in [("evt_failed", "failed"), ("evt_dead", "dead")] {
        store_events(&db, [event(id, 10, None)]).unwrap();
        db.write(Lane::Ordinary, |conn| {
            let far = NOW + 3_600_000;
            execute(
                conn,
                &format!(
                    "UPDATE events SET status = '{status}', attempts = 4, next_attempt_at = {far} WHERE id = '{id}'"
                ),
            );
            diesel::QueryResult::Ok(())
        })
        .unwrap();
        assert_eq!(outcomes(&store_events(&db, [event(id, 10, None)]).unwrap()), [Outcome::Duplicate]);
        let found = db.read(|conn| events::find(conn, id)).unwrap().unwrap();
        assert_eq!((found.status, found.attempts, found.cause), (Status::Pending, 0, Cause::Resend), "{status}");
        assert_eq!(found.next_attempt_at, NOW);
    }
}

#[test]
fn a_refused_delivery_keeps_a_binary_body_and_makes_no_event() {
    let test = TestDb::new();
    let db = test.open();
    let bytes: Vec<u8> = (0..=255).chain([0, 0]).collect();
    let mut refused = arrival(None);
    refused.delivery.body = Some(bytes.clone());
    refused.delivery.body_size = 1_000_000;
    let stored =
        db.write(Lane::Intake, |conn| store(conn, vec![refused, arrival(Some(event("evt_1", 1, None)))], NOW)).unwrap();
    assert_eq!(outcomes(&stored), [Outcome::Refused, Outcome::Accepted]);
    let delivery = db.read(|conn| deliveries::find(conn, stored[0].delivery_id)).unwrap().unwrap();
    assert_eq!((delivery.body, delivery.body_size), (Some(bytes), 1_000_000));
    assert_eq!(delivery.reason.as_deref(), Some("no_matching_signature"));
    assert_eq!(db.read(|conn| Ok::<_, diesel::result::Error>(number(conn, COUNT_EVENTS))).unwrap(), 1);
}

const COUNT_EVENTS: &str = "SELECT count(*) AS value FROM events";

#[test]
fn bodies_are_kept_byte_for_byte() {
    let test = TestDb::new();
    let db = test.open();
    let bodies = [
        "{\n  \"name\": \"Zoë 🦀 \u{202e}\u{feff}\"\n}\r\n".to_owned(),
        r#"{"name":"a\u0000b\ud83e\udd80 '; DROP TABLE events; -- \\ \" $1 {} %"}"#.to_owned(),
        format!(r#"{{"big":"{}"}}"#, "0123456789abcdef".repeat(1 << 16)),
    ];
    let rows = bodies.iter().enumerate().map(|(number, body)| {
        let mut row = event(&format!("evt_{number}"), 10, None);
        row.body.clone_from(body);
        row
    });
    store_events(&db, rows.collect::<Vec<_>>()).unwrap();
    for (number, body) in bodies.iter().enumerate() {
        let kept = db.read(|conn| events::payload(conn, &format!("evt_{number}"))).unwrap().unwrap();
        assert!(kept == *body, "body {number} changed");
    }
}

#[test]
fn ids_with_quotes_and_wildcards_are_only_text() {
    let test = TestDb::new();
    let db = test.open();
    let ids = ["evt_'\"", "evt_{a,b}", "evt_\\", "evt_%", "evt_NULL", "NULL", "évt"];
    let stored = store_events(&db, ids.map(|id| event(id, 10, Some(id)))).unwrap();
    assert_eq!(outcomes(&stored), [Outcome::Accepted; 7]);
    for id in ids {
        let found = db.read(|conn| events::find(conn, id)).unwrap().unwrap();
        assert_eq!((found.id.as_str(), found.object_id.as_deref()), (id, Some(id)));
    }
}

#[test]
fn a_rollback_leaves_nothing() {
    let test = TestDb::new();
    let db = test.open();
    let failed = db.write(Lane::Intake, |conn| {
        store(conn, vec![arrival(Some(event("evt_1", 1, None))), arrival(None)], NOW)?;
        Err::<(), _>(db::rollback())
    });
    assert!(failed.is_err());
    for table in ["events", "event_payloads", "deliveries"] {
        let count = format!("SELECT count(*) AS value FROM {table}");
        assert_eq!(db.read(|conn| Ok::<_, diesel::result::Error>(number(conn, &count))).unwrap(), 0, "{table}");
    }
    assert_eq!(outcomes(&store_events(&db, [event("evt_1", 1, None)]).unwrap()), [Outcome::Accepted]);
}

#[test]
fn events_of_one_batch_are_numbered_as_they_arrived() {
    let test = TestDb::new();
    let db = test.open();
    store_events(&db, ["evt_c", "evt_a", "evt_b", "evt_a"].map(|id| event(id, 10, None))).unwrap();
    let page = db.read(|conn| events::list(conn, &events::Filter::default(), Cursor::Newest, 10)).unwrap();
    let ids: Vec<String> = page.rows.into_iter().map(|event| event.id).collect();
    assert_eq!(ids, ["evt_b", "evt_a", "evt_c"], "newest first");
}

#[test]
fn deliveries_are_numbered_as_they_arrived() {
    let test = TestDb::new();
    let db = test.open();
    let ids = ["evt_c", "evt_a", "evt_b", "evt_a"];
    let stored = store_events(&db, ids.map(|id| event(id, 10, None))).unwrap();
    let page = db.read(|conn| deliveries::list(conn, &Filter::default(), Cursor::Newest, 10)).unwrap();
    let listed: Vec<(i64, Option<&str>)> =
        page.rows.iter().rev().map(|delivery| (delivery.id, delivery.event_id.as_deref())).collect();
    let expected: Vec<(i64, Option<&str>)> =
        stored.iter().zip(ids).map(|(stored, id)| (stored.delivery_id, Some(id))).collect();
    assert_eq!(listed, expected);
}

#[test]
fn deliveries_are_filtered_and_counted() {
    let test = TestDb::new();
    let db = test.open();
    let mut other = arrival(None);
    other.delivery.endpoint_uuid = None;
    other.delivery.reason = Some("timestamp_too_old".to_owned());
    other.delivery.received_at = NOW + 1;
    let first = arrival(Some(event("evt_1", 1, None)));
    let again = first.clone();
    let stored = db.write(Lane::Intake, |conn| store(conn, vec![first, again, arrival(None), other], NOW)).unwrap();
    let list = |filter: Filter| -> Vec<usize> {
        let page = db.read(|conn| deliveries::list(conn, &filter, Cursor::Newest, 10)).unwrap();
        let place = |id| stored.iter().position(|stored| stored.delivery_id == id).unwrap();
        page.rows.iter().map(|delivery| place(delivery.id)).collect()
    };
    assert_eq!(list(Filter::default()), [3, 2, 1, 0]);
    assert_eq!(list(Filter { outcome: Some(Outcome::Refused), ..Filter::default() }), [3, 2]);
    assert_eq!(list(Filter { outcome: Some(Outcome::Duplicate), ..Filter::default() }), [1]);
    assert_eq!(list(Filter { outcome: Some(Outcome::Accepted), ..Filter::default() }), [0]);
    assert_eq!(list(Filter { reason: Some("timestamp_too_old".to_owned()), ..Filter::default() }), [3]);
    assert_eq!(list(Filter { since: Some(NOW + 1), ..Filter::default() }), [3]);
    let endpoint = stored_endpoint(&db, stored[0].delivery_id);
    assert_eq!(list(Filter { endpoint_uuid: endpoint.clone(), ..Filter::default() }), [2, 1, 0]);
    db.write(Lane::Ordinary, |conn| deliveries::add_repeats(conn, stored[2].delivery_id, 41)).unwrap();
    db.read(|conn| {
        assert_eq!(deliveries::find(conn, stored[2].delivery_id)?.unwrap().repeats, 42);
        let newest = deliveries::newest_of_endpoint(conn, &endpoint.unwrap())?.unwrap();
        assert_eq!(newest.id, stored[2].delivery_id);
        assert_eq!(
            deliveries::last_taken(conn, &newest.endpoint_uuid.unwrap())?,
            Some(NOW),
            "the refused one is newer"
        );
        assert_eq!(deliveries::last_taken(conn, "none")?, None);
        let of_event = deliveries::of_event(conn, "evt_1", 1)?;
        assert_eq!(of_event.iter().map(|delivery| delivery.id).collect::<Vec<_>>(), [stored[1].delivery_id]);
        diesel::QueryResult::Ok(())
    })
    .unwrap();
}

fn stored_endpoint(db: &tollgate_models::Database, id: i64) -> Option<String> {
    db.read(|conn| deliveries::find(conn, id)).unwrap().unwrap().endpoint_uuid
}
