//! The mirror keeps the newest content: stale events, ties within one second, deletions, types without a table.

use serde_json::{Value, json};
use tollgate_models::mirror::{self, Applied, Change, Object};
use tollgate_models::testing::TestDb;
use tollgate_models::{Database, Lane};

use crate::arrivals::number;

/// A change that an event of `acct_1` in test mode carries.
pub fn change<'a>(object: &'a Value, event_type: &'a str, event_id: &'a str, as_of: i64) -> Change<'a> {
    Change {
        object,
        previous: None,
        event_id: Some(event_id),
        event_type,
        fetched: false,
        as_of,
        account: Some("acct_1"),
        livemode: false,
        api_version: Some("2026-10-28.endive"),
    }
}

/// Applies a change in a transaction of its own.
pub fn apply(db: &Database, change: Change<'_>) -> Applied {
    db.write(Lane::Ordinary, |conn| mirror::apply(conn, &change)).unwrap().applied
}

/// The object, if the mirror has it.
pub fn find(db: &Database, object: &str, id: &str) -> Option<Object> {
    db.read(|conn| mirror::find(conn, object, id)).unwrap()
}

fn customer(name: &str) -> Value {
    json!({"id": "cus_1", "object": "customer", "created": 50, "name": name})
}

fn name(db: &Database) -> String {
    find(db, "customer", "cus_1").unwrap().json()["name"].as_str().unwrap().to_owned()
}

#[test]
fn stale_event_does_not_overwrite_newer_customer() {
    let test = TestDb::new();
    let db = test.open();
    let (old, new) = (customer("old"), customer("new"));
    assert_eq!(apply(&db, change(&new, "customer.updated", "evt_2", 101)), Applied::Stored);
    assert_eq!(apply(&db, change(&old, "customer.updated", "evt_1", 100)), Applied::Superseded);
    let row = find(&db, "customer", "cus_1").unwrap();
    assert_eq!((row.json(), row.as_of, row.event_id.as_deref()), (new, 101, Some("evt_2")));
    assert_eq!((row.created, row.deleted_at, row.account.as_deref()), (50, None, Some("acct_1")));
    assert_eq!((row.livemode, row.api_version.as_deref()), (false, Some("2026-10-28.endive")));
    assert_eq!((row.id.as_str(), row.object.as_str()), ("cus_1", "customer"));
}

#[test]
fn within_one_second_ties_are_settled_by_what_the_events_mean() {
    const CREATED: &str = "customer.created";
    const UPDATED: &str = "customer.updated";
    const DELETED: &str = "customer.deleted";
    for (first, second, applied) in [
        (CREATED, UPDATED, Applied::Stored),
        (UPDATED, CREATED, Applied::Superseded),
        (UPDATED, UPDATED, Applied::Stored),
        (UPDATED, DELETED, Applied::Stored),
        (CREATED, DELETED, Applied::Stored),
        (DELETED, UPDATED, Applied::Superseded),
        (DELETED, CREATED, Applied::Superseded),
        (CREATED, "", Applied::Stored),
    ] {
        let test = TestDb::new();
        let db = test.open();
        apply(&db, change(&customer("first"), first, "evt_1", 100));
        let second_applied = apply(&db, change(&customer("second"), second, "evt_2", 100));
        assert_eq!(second_applied, applied, "{first} then {second}");
        let kept = if applied == Applied::Stored { "second" } else { "first" };
        assert_eq!(name(&db), kept, "{first} then {second}");
        let deleted = [first, second].contains(&DELETED).then_some(100_000);
        assert_eq!(find(&db, "customer", "cus_1").unwrap().deleted_at, deleted, "{first} then {second}");
    }
}

#[test]
fn the_same_event_may_be_applied_again() {
    for type_ in ["customer.created", "customer.updated", "customer.deleted"] {
        let test = TestDb::new();
        let db = test.open();
        for _ in 0..2 {
            assert_eq!(apply(&db, change(&customer("x"), type_, "evt_1", 100)), Applied::Stored, "{type_}");
        }
        assert_eq!(db.read(|conn| mirror::count_up_to(conn, "customer", 10)).unwrap(), 1);
    }
}

#[test]
fn whatever_the_order_of_arrival_the_newest_content_stays() {
    let events = [(1, "customer.created"), (2, "customer.updated"), (3, "customer.updated"), (4, "customer.deleted")];
    let test = TestDb::new();
    let db = test.open();
    // Each of the 24 orders on a customer of its own.
    for order in 0..24 {
        let mut left = events.to_vec();
        let (id, mut rest) = (format!("cus_{order}"), order);
        for choices in (1..=4).rev() {
            let (as_of, type_) = left.remove(rest % choices);
            rest /= choices;
            let object = json!({"id": id, "object": "customer", "name": as_of.to_string()});
            apply(&db, change(&object, type_, &format!("evt_{order}_{as_of}"), as_of));
        }
        let row = find(&db, "customer", &id).unwrap();
        assert_eq!((row.as_of, row.deleted_at, row.json()["name"].as_str()), (4, Some(4000), Some("4")), "{order}");
    }
}

#[test]
fn a_deleted_object_is_kept_and_marked() {
    let test = TestDb::new();
    let db = test.open();
    apply(&db, change(&customer("x"), "customer.updated", "evt_1", 100));
    let stub = json!({"id": "cus_1", "object": "customer", "deleted": true});
    assert_eq!(apply(&db, change(&stub, "", "evt_2", 200)), Applied::Stored, "a fetched stub says so itself");
    assert_eq!(find(&db, "customer", "cus_1").unwrap().deleted_at, Some(200_000));
    let subscription = json!({"id": "sub_1", "object": "subscription", "status": "canceled"});
    apply(&db, change(&subscription, "customer.subscription.deleted", "evt_3", 300));
    assert_eq!(find(&db, "subscription", "sub_1").unwrap().deleted_at, None, "a canceled subscription still exists");
}

#[test]
fn a_type_without_a_table_lands_in_the_general_one() {
    let test = TestDb::new();
    let db = test.open();
    let object = json!({"id": "zzz_1", "object": "quantum.entanglement", "created": 5, "spin": {"up": true}});
    let stale = json!({"id": "zzz_1", "object": "quantum.entanglement", "spin": null});
    assert_eq!(apply(&db, change(&object, "quantum.entanglement.created", "evt_1", 100)), Applied::Stored);
    assert_eq!(apply(&db, change(&stale, "quantum.entanglement.updated", "evt_0", 99)), Applied::Superseded);
    assert_eq!(find(&db, "quantum.entanglement", "zzz_1").unwrap().json(), object);
    assert_eq!(db.read(mirror::other_types).unwrap(), ["quantum.entanglement"]);
}

#[test]
fn an_object_without_an_id_is_one_for_each_account_and_mode() {
    let test = TestDb::new();
    let db = test.open();
    let balance = |amount: i64| json!({"object": "balance", "available": [{"amount": amount}]});
    let (one, two, live) = (balance(1), balance(2), balance(3));
    let type_ = "balance.available";
    assert_eq!(apply(&db, change(&one, type_, "evt_1", 100)), Applied::Stored);
    assert_eq!(apply(&db, Change { account: Some("acct_2"), ..change(&two, type_, "evt_2", 100) }), Applied::Stored);
    assert_eq!(apply(&db, Change { livemode: true, ..change(&live, type_, "evt_3", 100) }), Applied::Stored);
    assert_eq!(db.read(|conn| mirror::count_up_to(conn, "balance", 10)).unwrap(), 3);
}

#[test]
fn nothing_is_kept_of_what_is_no_object_or_does_not_exist_yet() {
    let test = TestDb::new();
    let db = test.open();
    let upcoming = json!({"object": "invoice", "total": 5});
    for (object, type_) in [
        (&json!({"id": "x"}), "customer.updated"),
        (&json!({"id": "x", "object": 5}), "customer.updated"),
        (&json!(null), "v1.billing.meter.error_report_triggered"),
        (&json!([1]), "x"),
        (&json!({"id": "in_1", "object": "invoice"}), "invoice.upcoming"),
        (&upcoming, "invoice.upcoming"),
        (&upcoming, ""),
    ] {
        assert_eq!(apply(&db, change(object, type_, "evt_1", 100)), Applied::Nothing, "{object} by {type_:?}");
    }
    assert_eq!(db.read(mirror::other_types).unwrap(), [""; 0]);
}

#[test]
fn the_same_id_in_test_and_live_mode_is_two_objects() {
    let test = TestDb::new();
    let db = test.open();
    // A product that was copied to live mode keeps its id, and so does one with an id of the user's own.
    let product = |name: &str| json!({"id": "gold", "object": "product", "name": name, "created": 5});
    let coupon = |name: &str| json!({"id": "SUMMER", "object": "coupon", "name": name, "created": 5});
    for object in [product, coupon] {
        let (in_test, live) = (object("test"), object("live"));
        let (type_, id) = (in_test["object"].as_str().unwrap(), in_test["id"].as_str().unwrap());
        let created = format!("{type_}.created");
        assert_eq!(apply(&db, Change { livemode: true, ..change(&live, &created, "evt_1", 100) }), Applied::Stored);
        assert_eq!(apply(&db, change(&in_test, &created, "evt_2", 99)), Applied::Stored, "{type_}");
        assert_eq!(db.read(|conn| mirror::count_up_to(conn, type_, 10)).unwrap(), 2);
        assert_eq!(find(&db, type_, id).unwrap().json()["name"], "live", "the live one is found first");
    }
}

#[test]
fn two_accounts_may_use_the_same_id_for_a_coupon() {
    let test = TestDb::new();
    let db = test.open();
    let coupon = |name: &str| json!({"id": "SUMMER", "object": "coupon", "name": name, "created": 5});
    let (one, two) = (coupon("one"), coupon("two"));
    apply(&db, change(&one, "coupon.created", "evt_1", 100));
    apply(&db, Change { account: Some("acct_2"), ..change(&two, "coupon.created", "evt_2", 99) });
    let page = db.read(|conn| mirror::list(conn, "coupon", &mirror::Filter::default(), 10)).unwrap();
    let mut names: Vec<String> = page.rows.iter().map(|row| row.json()["name"].to_string()).collect();
    names.sort();
    assert_eq!(names, [r#""one""#, r#""two""#]);
}

#[test]
fn strange_text_is_kept_whole_in_the_json() {
    let test = TestDb::new();
    let db = test.open();
    let big = "0123456789abcdef".repeat(1 << 16);
    for (number, text) in
        ["a\0b", "'; DROP TABLE customers; --", "\u{202e}🦀\\\"\u{7f}", "\\u0000", &big].iter().enumerate()
    {
        let id = format!("cus_{number}");
        let object = json!({"id": id, "object": "customer", "name": text, "metadata": {"k": text}});
        assert_eq!(apply(&db, change(&object, "customer.updated", "evt_1", 1)), Applied::Stored);
        assert!(find(&db, "customer", &id).unwrap().json() == object, "text {number}");
    }
    let nul = json!({"id": "cus_\0", "object": "customer"});
    let strange = Change { account: Some("acct_\0"), api_version: Some("\0"), ..change(&nul, "x", "evt_\0", 1) };
    assert_eq!(apply(&db, strange), Applied::Stored);
    let other = json!({"id": "x_\0", "object": "x\0"});
    assert_eq!(apply(&db, Change { account: Some("acct_\0"), ..change(&other, "x", "evt_1", 1) }), Applied::Stored);
}

#[test]
fn extreme_times_do_not_stop_an_event() {
    let test = TestDb::new();
    let db = test.open();
    for (id, as_of) in [("cus_a", i64::MAX), ("cus_b", i64::MIN), ("cus_c", 0)] {
        let object = json!({"id": id, "object": "customer", "created": 1e300, "deleted": true});
        assert_eq!(apply(&db, change(&object, "customer.deleted", "evt_1", as_of)), Applied::Stored);
        assert_eq!(find(&db, "customer", id).unwrap().as_of, as_of);
    }
}

#[test]
fn a_change_in_a_transaction_that_rolls_back_leaves_nothing() {
    let test = TestDb::new();
    let db = test.open();
    let object = customer("x");
    let failed = db.write(Lane::Ordinary, |conn| {
        mirror::apply(conn, &change(&object, "customer.created", "evt_1", 1))?;
        Err::<(), _>(tollgate_models::db::rollback())
    });
    assert!(failed.is_err());
    assert_eq!(
        db.read(|conn| Ok::<_, diesel::result::Error>(number(conn, "SELECT count(*) AS value FROM customers")))
            .unwrap(),
        0
    );
}

#[test]
fn an_update_of_the_same_second_does_not_revive_a_canceled_subscription() {
    let test = TestDb::new();
    let db = test.open();
    let subscription = |status: &str| json!({"id": "sub_1", "object": "subscription", "created": 50, "status": status});
    let status = || find(&db, "subscription", "sub_1").unwrap().json()["status"].clone();
    let (active, canceled) = (subscription("active"), subscription("canceled"));
    apply(&db, change(&canceled, "customer.subscription.deleted", "evt_2", 100));
    assert_eq!(apply(&db, change(&active, "customer.subscription.updated", "evt_1", 100)), Applied::Superseded);
    assert_eq!(status(), "canceled");
    // What is canceled may still be updated, and a later second is a later second.
    assert_eq!(apply(&db, change(&canceled, "customer.subscription.updated", "evt_3", 100)), Applied::Stored);
    assert_eq!(apply(&db, change(&active, "customer.subscription.updated", "evt_4", 101)), Applied::Stored);
    assert_eq!(status(), "active");
}
