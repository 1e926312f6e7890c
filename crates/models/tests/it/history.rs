//! What objects were like before: each content with its event, in the order in which it was true.

use serde_json::{Value, json};
use tollgate_models::mirror::{self, Change, Subject, Version};
use tollgate_models::testing::TestDb;
use tollgate_models::{Database, Lane};

use crate::arrivals::{event, execute, store_events};
use crate::mirror::change;

const CUSTOMER: Subject<'_> = Subject { object: "customer", id: "cus_1", livemode: false, account: Some("acct_1") };

fn customer(name: &str, seats: u32) -> Value {
    json!({"id": "cus_1", "object": "customer", "name": name, "seats": seats})
}

fn store(db: &Database, id: &str, event_type: &str, created: i64, object: &Value, previous: Option<Value>) {
    let mut row = event(id, created, Some("cus_1"));
    row.type_ = event_type.to_owned();
    row.object_type = Some("customer".to_owned());
    row.body = json!({
        "id": id, "object": "event", "type": event_type, "created": created,
        "data": {"object": object, "previous_attributes": previous},
    })
    .to_string();
    store_events(db, [row]).unwrap();
}

fn history(db: &Database) -> Vec<Version> {
    db.read(|conn| mirror::history(conn, CUSTOMER, 100)).unwrap()
}

fn ids(versions: &[Version]) -> Vec<&str> {
    versions.iter().map(|version| version.event_id.as_deref().unwrap_or("fetched")).collect()
}

#[test]
fn contents_come_in_the_order_in_which_they_were_true_whatever_the_order_of_arrival() {
    let test = TestDb::new();
    let db = test.open();
    store(&db, "evt_4", "customer.deleted", 200, &customer("b", 2), None);
    store(&db, "evt_3", "customer.updated", 100, &customer("b", 2), Some(json!({"seats": 1})));
    store(&db, "evt_1", "customer.created", 100, &customer("a", 1), None);
    store(&db, "evt_2", "customer.updated", 100, &customer("b", 1), Some(json!({"name": "a"})));
    let versions = history(&db);
    assert_eq!(ids(&versions), ["evt_4", "evt_3", "evt_2", "evt_1"]);
    assert!(versions[0].is_deletion() && !versions[1].is_deletion());
    assert_eq!(versions[2].object, customer("b", 1));
    let at = |at| {
        let then = db.read(|conn| mirror::as_of(conn, CUSTOMER, at)).unwrap();
        assert!(!then.expired);
        then.version.map(|version| version.event_id.unwrap())
    };
    assert_eq!(
        (at(99), at(100), at(199), at(200)),
        (None, Some("evt_3".into()), Some("evt_3".into()), Some("evt_4".into()))
    );
    assert_eq!(db.read(|conn| mirror::history(conn, CUSTOMER, 2)).unwrap().len(), 2);
    let other_mode = Subject { livemode: true, ..CUSTOMER };
    assert!(db.read(|conn| mirror::history(conn, other_mode, 9)).unwrap().is_empty());
}

#[test]
fn what_was_fetched_is_kept_though_no_event_carries_it() {
    let test = TestDb::new();
    let db = test.open();
    store(&db, "evt_1", "customer.created", 100, &customer("a", 1), None);
    let fetched = customer("z", 9);
    let fetch = Change { event_id: None, fetched: true, ..change(&fetched, "", "", 150) };
    for _ in 0..2 {
        db.write(Lane::Ordinary, |conn| mirror::apply(conn, &fetch)).unwrap();
    }
    store(&db, "evt_2", "customer.updated", 160, &customer("y", 9), Some(json!({"name": "z"})));
    assert_eq!(ids(&history(&db)), ["evt_2", "fetched", "evt_1"], "fetched twice alike, kept once");
    assert_eq!(history(&db)[1].object, fetched);
}

#[test]
fn a_payload_that_is_gone_or_damaged_is_left_out() {
    let test = TestDb::new();
    let db = test.open();
    store(&db, "evt_1", "customer.created", 100, &customer("a", 1), None);
    store(&db, "evt_2", "customer.updated", 110, &customer("b", 1), None);
    store(&db, "evt_3", "customer.updated", 120, &customer("c", 1), None);
    let mut conn = test.connect();
    execute(&mut conn, "DELETE FROM event_payloads WHERE event_id = 'evt_1'");
    execute(&mut conn, "UPDATE event_payloads SET body = '{' WHERE event_id = 'evt_2'");
    assert_eq!(ids(&history(&db)), ["evt_3"]);
}
