//! Reading the mirror: pages, filters, what refers to an object, finding one of whatever type.

use serde_json::json;
use tollgate_models::mirror::{self, Change, Filter, Object, Objects, Related, Subject, Whose};
use tollgate_models::testing::TestDb;
use tollgate_models::{Database, Lane};

use crate::mirror::{apply, change};

fn list(db: &Database, object: &str, filter: &Filter, limit: usize) -> Objects {
    db.read(|conn| mirror::list(conn, object, filter, limit)).unwrap()
}

fn ids(rows: &[Object]) -> Vec<String> {
    rows.iter().map(|row| row.id.clone()).collect()
}

fn with_objects(db: &Database, object: &str, count: usize) {
    for n in 0..count {
        let row =
            json!({"id": format!("x_{n:02}"), "object": object, "created": n / 5, "email": format!("{}@x", n % 2)});
        apply(db, change(&row, "", "evt_1", 100));
    }
}

#[test]
fn pages_lead_through_objects_of_the_same_second_in_both_directions() {
    let test = TestDb::new();
    let db = test.open();
    for object in ["customer", "coupon", "issuing.card"] {
        with_objects(&db, object, 17);
        let all = ids(&list(&db, object, &Filter::default(), 100).rows);
        assert_eq!(all, (0..17).rev().map(|n| format!("x_{n:02}")).collect::<Vec<_>>());
        let (mut seen, mut pages, mut filter) = (Vec::new(), Vec::new(), Filter::default());
        loop {
            let page = list(&db, object, &filter, 3);
            assert_eq!(page.newer.is_some(), filter.before.is_some());
            seen.extend(ids(&page.rows));
            filter.before.clone_from(&page.older);
            pages.push(page);
            if filter.before.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
        for pair in pages.windows(2) {
            let back = list(&db, object, &Filter { after: pair[1].newer.clone(), ..Filter::default() }, 3);
            assert_eq!((ids(&back.rows), &back.older), (ids(&pair[0].rows), &pair[0].older));
        }
    }
}

#[test]
fn a_list_can_be_filtered_by_a_text_column() {
    let test = TestDb::new();
    let db = test.open();
    with_objects(&db, "customer", 6);
    let by =
        |column: &str, value: &str| Filter { equal: Some((column.to_owned(), value.to_owned())), ..Filter::default() };
    let page = list(&db, "customer", &by("email", "1@x"), 2);
    assert_eq!(ids(&page.rows), ["x_05", "x_03"]);
    let next = list(&db, "customer", &Filter { before: page.older, ..by("email", "1@x") }, 2);
    assert_eq!((ids(&next.rows), next.older), (vec!["x_01".to_owned()], None));
    assert!(list(&db, "customer", &by("email", "' OR 1=1 --"), 2).rows.is_empty());
}

#[test]
fn a_filter_by_a_column_that_is_not_declared_finds_nothing() {
    let test = TestDb::new();
    let db = test.open();
    with_objects(&db, "customer", 2);
    with_objects(&db, "issuing.card", 2);
    for (object, column) in
        [("customer", "data"), ("customer", "1=1; --"), ("customer", "balance"), ("issuing.card", "email")]
    {
        let filter = Filter { equal: Some((column.to_owned(), "x".to_owned())), ..Filter::default() };
        assert!(list(&db, object, &filter, 10).rows.is_empty(), "{object} by {column}");
    }
}

#[test]
fn what_refers_to_an_object_is_found() {
    let test = TestDb::new();
    let db = test.open();
    for n in 0..3 {
        let invoice = json!({"id": format!("in_{n}"), "object": "invoice", "created": n, "customer": "cus_1"});
        apply(&db, change(&invoice, "", "evt_1", 1));
    }
    let charge = json!({"id": "ch_1", "object": "charge", "created": 1, "customer": {"id": "cus_1"}});
    let other = json!({"id": "ch_2", "object": "charge", "created": 1, "customer": "cus_2"});
    for object in [&charge, &other] {
        apply(&db, change(object, "", "evt_1", 1));
    }
    let elsewhere = json!({"id": "ch_3", "object": "charge", "created": 1, "customer": "cus_1"});
    apply(&db, Change { livemode: true, ..change(&elsewhere, "", "evt_1", 1) });
    let found: Vec<_> = related(&db, "customer", "cus_1", 2)
        .into_iter()
        .map(|related| (related.kind.object, related.column, ids(&related.rows), related.more))
        .collect();
    let expected = [
        ("invoice", "customer", vec!["in_2".to_owned(), "in_1".to_owned()], true),
        ("charge", "customer", vec!["ch_1".to_owned()], false),
    ];
    assert_eq!(found, expected);
    assert!(related(&db, "coupon", "cus_1", 2).is_empty());
}

// What refers to an object of this type and id, which is put there first.
fn related(db: &Database, object: &str, id: &str, limit: usize) -> Vec<Related> {
    apply(db, change(&json!({"id": id, "object": object}), "", "evt_1", 1));
    db.read(|conn| {
        let of = mirror::find(conn, object, id)?.unwrap();
        mirror::related(conn, &of, limit)
    })
    .unwrap()
}

#[test]
fn what_refers_to_a_coupon_is_of_its_account() {
    let test = TestDb::new();
    let db = test.open();
    let coupon = json!({"id": "SUMMER", "object": "coupon"});
    for (account, code) in [("acct_1", "promo_1"), ("acct_2", "promo_2")] {
        let code = json!({"id": code, "object": "promotion_code", "promotion": {"coupon": "SUMMER"}});
        for object in [&coupon, &code] {
            apply(&db, Change { account: Some(account), ..change(object, "", "evt_1", 1) });
        }
    }
    let of_nobody = json!({"id": "promo_3", "object": "promotion_code", "promotion": {"coupon": "SUMMER"}});
    apply(&db, Change { account: None, ..change(&of_nobody, "", "evt_1", 1) });
    for (account, codes) in [("acct_1", ["promo_3", "promo_1"]), ("acct_2", ["promo_3", "promo_2"])] {
        let whose = Whose { account: Some(account.to_owned()), livemode: Some(false) };
        let related = db.read(|conn| {
            let of = mirror::find_of(conn, "coupon", "SUMMER", &whose)?.unwrap();
            assert_eq!(of.account.as_deref(), Some(account));
            mirror::related(conn, &of, 5)
        });
        assert_eq!(ids(&related.unwrap()[0].rows), codes, "and those whose account is not known");
    }
    let nobody_s = Whose { account: Some("acct_3".to_owned()), livemode: None };
    let other = db.read(|conn| mirror::find_of(conn, "coupon", "SUMMER", &nobody_s)).unwrap();
    assert!(other.is_some(), "rather another account's than none");
}

#[test]
fn an_object_is_found_whatever_its_type() {
    let test = TestDb::new();
    let db = test.open();
    for kind in mirror::KINDS {
        let id = format!("id_{}", kind.object);
        let object = json!({"id": id, "object": kind.object, "customer": id});
        apply(&db, change(&object, "", "evt_1", 1));
    }
    for object in ["issuing.card", "plan", "price"] {
        apply(&db, change(&json!({"id": format!("id_{object}"), "object": object}), "", "evt_1", 1));
        apply(&db, change(&json!({"id": "price_1", "object": object}), "", "evt_1", 1));
    }
    let find = |id: &str| db.read(|conn| mirror::find_anywhere(conn, id)).unwrap();
    for object in mirror::KINDS.iter().map(|kind| kind.object).chain(["issuing.card"]) {
        assert_eq!(find(&format!("id_{object}")).unwrap().object, object);
    }
    assert!(find("id_none").is_none());
    assert_eq!(find("price_1").unwrap().object, "price", "a plan has its price's id");
}

#[test]
fn counting_stops_where_it_was_told_to() {
    let test = TestDb::new();
    let db = test.open();
    let count = |object: &str, most| db.read(|conn| mirror::count_up_to(conn, object, most)).unwrap();
    assert_eq!(count("customer", 10), 0);
    with_objects(&db, "customer", 6);
    with_objects(&db, "issuing.card", 4);
    with_objects(&db, "climate.order", 1);
    assert_eq!((count("customer", 10), count("customer", 5)), (6, 5));
    assert_eq!((count("issuing.card", 10), count("issuing.card", 3), count("nothing", 3)), (4, 3, 0));
    assert_eq!(db.read(mirror::other_types).unwrap(), ["climate.order", "issuing.card"]);
    let counts = db.read(|conn| mirror::counts_up_to(conn, 5)).unwrap();
    let (kinds, others) = counts.split_at(mirror::KINDS.len());
    for (counted, kind) in kinds.iter().zip(mirror::KINDS) {
        let expected = if kind.object == "customer" { 5 } else { 0 };
        assert_eq!((counted.object.as_str(), counted.count), (kind.object, expected));
    }
    let others: Vec<_> = others.iter().map(|counted| (counted.object.as_str(), counted.count)).collect();
    assert_eq!(others, [("climate.order", 1), ("issuing.card", 4)]);
}

#[test]
fn what_is_gone_in_one_account_stays_in_another_that_has_the_same_id() {
    let test = TestDb::new();
    let db = test.open();
    let coupon = json!({"id": "SUMMER", "object": "coupon", "created": 5, "valid": true});
    let subject = |account| Subject { object: "coupon", id: "SUMMER", livemode: false, account: Some(account) };
    for account in ["acct_1", "acct_2"] {
        let change =
            Change { account: Some(account), livemode: false, ..change(&coupon, "coupon.created", account, 10) };
        db.write(Lane::Ordinary, |conn| mirror::apply(conn, &change)).unwrap();
    }
    let mark = |account, at| db.write(Lane::Ordinary, |conn| mirror::mark_gone(conn, subject(account), at)).unwrap();
    assert_eq!(
        [mark("acct_1", 9), mark("acct_1", 11), mark("acct_1", 12)],
        [false, true, false],
        "newer content stays"
    );
    let deleted = |account: &str| {
        let whose = Whose { account: Some(account.to_owned()), livemode: Some(false) };
        let found = db.read(|conn| mirror::find_of(conn, "coupon", "SUMMER", &whose)).unwrap().unwrap();
        (found.account, found.deleted_at)
    };
    assert_eq!(deleted("acct_1"), (Some("acct_1".to_owned()), Some(11_000)));
    assert_eq!(deleted("acct_2"), (Some("acct_2".to_owned()), None));
}
