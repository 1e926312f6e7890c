//! What an application reads: objects by type, whatever the API version they came in.

use serde_json::{Value, json};
use tollgate_models::mirror::{Charge, Customer, Invoice, Price, Refund, Subscription};
use tollgate_models::testing::TestDb;
use tollgate_models::{AnyConnection, Database, QueryResult};

use crate::mirror::{apply, change};

fn store(db: &Database, objects: &[Value]) {
    for (number, object) in objects.iter().enumerate() {
        apply(db, change(object, "x.updated", &format!("evt_{number}"), 100));
    }
}

fn ids<T: std::ops::Deref<Target = tollgate_models::mirror::Object>>(
    db: &Database,
    query: impl FnOnce(&mut AnyConnection) -> QueryResult<Vec<T>>,
) -> Vec<String> {
    db.read(query).unwrap().iter().map(|object| object.id.clone()).collect()
}

#[test]
fn subscriptions_that_give_access_are_found_in_old_and_new_shapes() {
    let test = TestDb::new();
    let db = test.open();
    let subscription = |id: &str, status: &str, created: i64| json!({"id": id, "object": "subscription", "customer": "cus_1", "status": status, "created": created});
    let mut old = subscription("sub_old", "active", 1);
    old["current_period_end"] = json!(500);
    let mut new = subscription("sub_new", "trialing", 2);
    new["items"] = json!({"data": [
        {"id": "si_1", "object": "subscription_item", "current_period_end": 600, "price": "price_1"},
    ]});
    store(&db, &[old, new, subscription("sub_gone", "canceled", 3), subscription("sub_late", "past_due", 4)]);
    assert_eq!(ids(&db, |conn| Subscription::active_for(conn, "cus_1")), ["sub_late", "sub_new", "sub_old"]);
    assert_eq!(ids(&db, |conn| Subscription::of(conn, "cus_1")).len(), 4);
    assert!(ids(&db, |conn| Subscription::active_for(conn, "cus_' OR 1=1 --")).is_empty());
    let find = |id: &str| db.read(|conn| Subscription::find(conn, id)).unwrap().unwrap();
    assert_eq!(
        (find("sub_old").number("current_period_end"), find("sub_new").number("current_period_end")),
        (Some(500), Some(600))
    );
    assert!(find("sub_late").is_active() && !find("sub_gone").is_active());
    assert_eq!(ids(&db, |conn| find("sub_new").items(conn)), ["si_1"]);
    assert_eq!((find("sub_old").text("no such field"), find("sub_old").flag("status")), (None, None));
    assert!(db.read(|conn| Subscription::find(conn, "sub_none")).unwrap().is_none());
}

#[test]
fn customers_invoices_prices_and_payments_are_found_by_what_one_knows() {
    let test = TestDb::new();
    let db = test.open();
    let invoice = |id: &str, status: &str, due: i64| {
        json!({"id": id, "object": "invoice", "customer": "cus_1", "status": status, "due_date": due,
            "parent": {"subscription_details": {"subscription": "sub_1"}}})
    };
    store(
        &db,
        &[
            json!({"id": "cus_1", "object": "customer", "email": "ann@example.com", "created": 1}),
            json!({"id": "cus_2", "object": "customer", "email": "ann@example.com", "created": 2}),
            invoice("in_1", "open", 50),
            invoice("in_2", "open", 150),
            invoice("in_3", "paid", 50),
            json!({"id": "price_1", "object": "price", "product": "prod_1", "active": true, "lookup_key": "pro"}),
            json!({"id": "price_2", "object": "price", "product": "prod_1", "active": false, "lookup_key": "old"}),
            json!({"id": "ch_1", "object": "charge", "payment_intent": "pi_1", "amount": 1999}),
            json!({"id": "re_1", "object": "refund", "charge": "ch_1"}),
        ],
    );
    let by_email = |email: &str| db.read(|conn| Customer::find_by_email(conn, email, false)).unwrap();
    assert_eq!(by_email("ann@example.com").unwrap().id(), "cus_2", "the newest one");
    assert!(by_email("bob@example.com").is_none());
    assert!(db.read(|conn| Customer::find_by_email(conn, "ann@example.com", true)).unwrap().is_none());
    assert_eq!(ids(&db, |conn| Invoice::open_of(conn, "cus_1")), ["in_2", "in_1"]);
    assert_eq!(ids(&db, |conn| Invoice::overdue(conn, 100, false)), ["in_1"]);
    assert_eq!(ids(&db, |conn| Invoice::of_subscription(conn, "sub_1")).len(), 3);
    assert_eq!(ids(&db, |conn| Price::active_of(conn, "prod_1")), ["price_1"]);
    let by_key = |key: &str| db.read(|conn| Price::find_by_lookup_key(conn, key, false)).unwrap();
    assert!(by_key("pro").is_some() && by_key("old").is_none());
    let charges = db.read(|conn| Charge::of_payment_intent(conn, "pi_1")).unwrap();
    assert_eq!((charges[0].id(), charges[0].number("amount")), ("ch_1", Some(1999)));
    assert_eq!(ids(&db, |conn| Customer::list_by(conn, "email", "ann@example.com")), ["cus_2", "cus_1"]);
    for field in ["amount", "id = id OR email", ""] {
        assert!(ids(&db, |conn| Customer::list_by(conn, field, "x")).is_empty(), "{field}");
    }
    assert_eq!(ids(&db, |conn| Refund::of_charge(conn, "ch_1")), ["re_1"]);
}
