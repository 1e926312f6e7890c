//! What each API version looks like: periods, links between invoices and payments, items of subscriptions.

use serde_json::{Value, json};
use tollgate_models::Database;
use tollgate_models::mirror::{Applied, Change};
use tollgate_models::testing::TestDb;

use crate::arrivals::texts;
use crate::mirror::{apply, change, find};

// The columns of one row as text, those that are null left out.
fn row(db: &Database, table: &str, id: &str, columns: &[&str]) -> Vec<Option<String>> {
    let read = |column: &&str| {
        let query = format!("SELECT CAST({column} AS TEXT) AS value FROM {table} WHERE id = '{id}'");
        db.read(|conn| Ok::<_, diesel::result::Error>(texts(conn, &query))).unwrap().remove(0)
    };
    columns.iter().map(read).collect()
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

fn store(db: &Database, object: &Value, as_of: i64) {
    assert_eq!(apply(db, change(object, "x.updated", &format!("evt_{as_of}"), as_of)), Applied::Stored);
}

#[test]
fn a_subscription_s_period_is_read_before_and_after_basil() {
    let test = TestDb::new();
    let db = test.open();
    let before = json!({"id": "sub_1", "object": "subscription", "customer": "cus_1",
        "current_period_start": 10, "current_period_end": 20,
        "items": {"object": "list", "has_more": false, "data": [{"id": "si_1", "object": "subscription_item"}]}});
    let after = json!({"id": "sub_2", "object": "subscription", "customer": {"id": "cus_1", "object": "customer"},
        "items": {"object": "list", "has_more": false, "data": [
            {"id": "si_2", "object": "subscription_item", "current_period_start": 10, "current_period_end": 20}]}});
    for object in [&before, &after] {
        store(&db, object, 100);
        let columns = ["customer", "current_period_start", "current_period_end"];
        let id = object["id"].as_str().unwrap();
        assert_eq!(row(&db, "subscriptions", id, &columns), some(&["cus_1", "10", "20"]), "{id}");
    }
}

#[test]
fn an_invoice_s_links_are_read_before_and_after_basil() {
    let test = TestDb::new();
    let db = test.open();
    let before = json!({"id": "in_1", "object": "invoice",
        "subscription": "sub_1", "charge": "ch_1", "payment_intent": "pi_1"});
    let after = json!({"id": "in_2", "object": "invoice",
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}},
        "payments": {"object": "list", "data": [
            {"payment": {"type": "payment_intent", "payment_intent": "pi_1", "charge": "ch_1"}}]}});
    let expanded = json!({"id": "in_3", "object": "invoice",
        "subscription": {"id": "sub_1", "object": "subscription"}, "charge": {"id": "ch_1"},
        "parent": null, "payments": {"data": []}, "payment_intent": {"id": "pi_1", "latest_charge": {"id": "ch_9"}}});
    for object in [&before, &after, &expanded] {
        store(&db, object, 100);
        let id = object["id"].as_str().unwrap();
        let columns = ["subscription", "charge", "payment_intent"];
        assert_eq!(row(&db, "invoices", id, &columns), some(&["sub_1", "ch_1", "pi_1"]), "{id}");
    }
}

#[test]
fn a_payment_intent_s_charge_is_read_before_and_after_it_moved() {
    let test = TestDb::new();
    let db = test.open();
    let before = json!({"id": "pi_1", "object": "payment_intent", "charges": {"data": [{"id": "ch_1"}]}});
    let after = json!({"id": "pi_2", "object": "payment_intent", "latest_charge": "ch_1"});
    for object in [&before, &after] {
        store(&db, object, 100);
        let id = object["id"].as_str().unwrap();
        assert_eq!(row(&db, "payment_intents", id, &["latest_charge"]), some(&["ch_1"]), "{id}");
    }
}

fn subscription(items: &[&str], has_more: bool) -> Value {
    let item = |id: &&str| {
        json!({"id": id, "object": "subscription_item", "created": 7, "quantity": 3,
            "price": {"id": "price_1", "object": "price", "product": "prod_1"}})
    };
    let data: Vec<Value> = items.iter().map(item).collect();
    json!({"id": "sub_1", "object": "subscription", "items": {"object": "list", "has_more": has_more, "data": data}})
}

fn items(db: &Database) -> Vec<String> {
    let query = "SELECT id AS value FROM subscription_items WHERE deleted_at IS NULL ORDER BY id";
    db.read(|conn| Ok::<_, diesel::result::Error>(texts(conn, query))).unwrap().into_iter().flatten().collect()
}

#[test]
fn the_items_of_a_subscription_follow_its_list() {
    let test = TestDb::new();
    let db = test.open();
    store(&db, &subscription(&["si_1", "si_2"], false), 100);
    assert_eq!(items(&db), ["si_1", "si_2"]);
    let columns = ["subscription", "price", "product", "quantity", "created"];
    assert_eq!(row(&db, "subscription_items", "si_1", &columns), some(&["sub_1", "price_1", "prod_1", "3", "7"]));
    store(&db, &subscription(&["si_2", "si_3"], false), 101);
    assert_eq!(items(&db), ["si_2", "si_3"]);
    assert_eq!(find(&db, "subscription_item", "si_1").unwrap().deleted_at, Some(101_000));
    store(&db, &subscription(&["si_4"], true), 102);
    assert_eq!(items(&db), ["si_2", "si_3", "si_4"], "the list goes on, so what it does not show may still be there");
}

#[test]
fn a_stale_subscription_brings_no_item_back() {
    let test = TestDb::new();
    let db = test.open();
    store(&db, &subscription(&["si_1"], false), 100);
    store(&db, &subscription(&["si_2"], false), 102);
    let stale = subscription(&["si_1"], false);
    assert_eq!(apply(&db, change(&stale, "customer.subscription.updated", "evt_s", 101)), Applied::Superseded);
    assert_eq!(items(&db), ["si_2"]);
}

#[test]
fn a_newer_item_is_kept_when_its_subscription_is_older() {
    let test = TestDb::new();
    let db = test.open();
    let item = json!({"id": "si_1", "object": "subscription_item", "subscription": "sub_1", "quantity": 9});
    apply(&db, change(&item, "", "evt_1", 200));
    store(&db, &subscription(&["si_1"], false), 100);
    assert_eq!(row(&db, "subscription_items", "si_1", &["quantity"]), some(&["9"]));
    store(&db, &subscription(&[], false), 150);
    assert_eq!(items(&db), ["si_1"], "the item is known to exist at a later time");
}

#[test]
fn a_list_that_cannot_be_read_removes_nothing() {
    let test = TestDb::new();
    let db = test.open();
    store(&db, &subscription(&["si_1"], false), 100);
    let damaged =
        [json!(null), json!("items"), json!({}), json!({"data": null}), json!({"data": "x", "has_more": false})];
    for (number, list) in damaged.iter().enumerate() {
        let object = json!({"id": "sub_1", "object": "subscription", "items": list});
        store(&db, &object, 101 + i64::try_from(number).unwrap());
        assert_eq!(items(&db), ["si_1"], "{list}");
    }
    let strange = json!({"id": "sub_1", "object": "subscription", "items": {"has_more": true, "data": [5, {"id": 7}]}});
    store(&db, &strange, 200);
    assert_eq!(items(&db), ["si_1"]);
}

#[test]
fn items_of_test_and_live_mode_do_not_touch_each_other() {
    let test = TestDb::new();
    let db = test.open();
    store(&db, &subscription(&["si_1"], false), 100);
    let live = subscription(&[], false);
    apply(&db, Change { livemode: true, ..change(&live, "customer.subscription.updated", "evt_l", 200) });
    assert_eq!(items(&db), ["si_1"]);
}
