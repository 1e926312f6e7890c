//! Reading the mirror: pages, filters, what refers to an object, finding one of whatever type.

use serde_json::json;
use tollgate_models::Database;
use tollgate_models::mirror::{self, Filter, Object, Objects};
use tollgate_models::testing::TestDb;

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
    for object in ["customer", "coupon"] {
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
    with_objects(&db, "coupon", 2);
    for (object, column) in [("customer", "data"), ("customer", "1=1; --"), ("customer", "balance"), ("coupon", "name")]
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
    let related = db.read(|conn| mirror::related(conn, "customer", "cus_1", 2)).unwrap();
    let found: Vec<_> =
        related.iter().map(|related| (related.kind.object, related.column, ids(&related.rows), related.more)).collect();
    let expected = [
        ("invoice", "customer", vec!["in_2".to_owned(), "in_1".to_owned()], true),
        ("charge", "customer", vec!["ch_1".to_owned()], false),
    ];
    assert_eq!(found, expected);
    assert!(db.read(|conn| mirror::related(conn, "coupon", "cus_1", 2)).unwrap().is_empty());
}

#[test]
fn an_object_is_found_whatever_its_type() {
    let test = TestDb::new();
    let db = test.open();
    for kind in mirror::KINDS {
        let object = json!({"id": format!("id_{}", kind.object), "object": kind.object});
        apply(&db, change(&object, "", "evt_1", 1));
    }
    let coupon = json!({"id": "id_coupon", "object": "coupon"});
    apply(&db, change(&coupon, "", "evt_1", 1));
    let find = |id: &str| db.read(|conn| mirror::find_anywhere(conn, id)).unwrap();
    for object in mirror::KINDS.iter().map(|kind| kind.object).chain(["coupon"]) {
        assert_eq!(find(&format!("id_{object}")).unwrap().object, object);
    }
    assert!(find("id_none").is_none());
}

#[test]
fn counting_stops_where_it_was_told_to() {
    let test = TestDb::new();
    let db = test.open();
    let count = |object: &str, most| db.read(|conn| mirror::count_up_to(conn, object, most)).unwrap();
    assert_eq!(count("customer", 10), 0);
    with_objects(&db, "customer", 6);
    with_objects(&db, "coupon", 4);
    with_objects(&db, "plan", 1);
    assert_eq!((count("customer", 10), count("customer", 5)), (6, 5));
    assert_eq!((count("coupon", 10), count("coupon", 3), count("nothing", 3)), (4, 3, 0));
    assert_eq!(db.read(mirror::other_types).unwrap(), ["coupon", "plan"]);
}
