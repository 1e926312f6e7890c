//! Hostile values in every column of every type: none fails, and every row can be read back.

use serde_json::{Value, json};
use tollgate_models::mirror::{self, Applied, Change, Column, KINDS, Kind, SqlType};
use tollgate_models::testing::TestDb;
use tollgate_models::{Database, Error, Lane};

use crate::arrivals::texts;
use crate::columns::{as_text, columns_of, object, put};
use crate::mirror::change;

/// Objects that are applied together.
const TOGETHER: usize = 200;
/// What an index has room for; longer texts are null in columns that lead one.
const INDEXED: usize = 512;

// What may stand where something else is expected, small enough for many of them.
fn values() -> Vec<Value> {
    let mut deep = json!("deep");
    for _ in 0..100 {
        deep = json!({ "id": deep });
    }
    vec![
        json!(null),
        json!("a_value_of_the_future"),
        json!(""),
        json!(" \u{202e}'; DROP TABLE customers; -- \u{1f980}\u{0}\r\n"),
        json!("x".repeat(INDEXED)),
        json!("x".repeat(INDEXED + 1)),
        json!(true),
        json!(false),
        json!(0),
        json!(i64::MIN),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
        json!(19.99),
        json!("42"),
        json!("-7"),
        json!("9223372036854775808"),
        json!("12e3"),
        json!([]),
        json!(["a", "b"]),
        json!([{ "id": "in_a_list" }]),
        json!({}),
        json!({ "id": "expanded_1", "object": "from_the_future", "deleted": true }),
        json!({ "id": 7 }),
        json!({ "id": { "id": { "id": "too_deep" } } }),
        deep,
    ]
}

// What a column makes of a value: said here once more, and not taken from the declaration.
fn wanted(column: &Column, value: &Value) -> Option<String> {
    let fits = |text: &str| text.len() <= INDEXED || !column.is_indexed();
    let kept = |text: &str| fits(text).then(|| text.replace('\0', "\u{fffd}"));
    match (column.sql, value) {
        (SqlType::Text, Value::String(text)) => kept(text),
        (SqlType::Text, Value::Object(fields)) => fields.get("id").and_then(Value::as_str).and_then(kept),
        (SqlType::Text | SqlType::BigInt, Value::Number(number)) if number.is_i64() => Some(number.to_string()),
        (SqlType::Text, Value::Number(number)) => Some(number.to_string()),
        (SqlType::BigInt, Value::String(text)) => text.parse::<i64>().ok().map(|number| number.to_string()),
        (SqlType::Bool, Value::Bool(flag)) => Some(flag.to_string()),
        _ => None,
    }
}

/// An object with something hostile in it, the column it is for, and what that must hold.
struct Case {
    column: &'static Column,
    object: Value,
    wanted: Option<String>,
}

fn cases(kind: &'static Kind, column: &'static Column) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |place: &[&str], value: Value, wanted: Option<String>| {
        let mut hostile = object(kind, &format!("{}_{}", column.name, cases.len()));
        put(&mut hostile, place, value);
        cases.push(Case { column, object: hostile, wanted });
    };
    for place in column.places {
        let steps: Vec<&str> = place.split('/').skip(1).collect();
        for value in values() {
            let wanted = wanted(column, &value);
            add(&steps, value, wanted);
        }
        // Where an object or a list was, on the way there.
        for length in 1..steps.len() {
            for value in [json!(null), json!("text"), json!(7), json!([]), json!([null]), json!({})] {
                add(&steps[..length], value, None);
            }
        }
    }
    cases
}

fn apply(db: &Database, objects: &[&Value], as_of: i64) {
    let changes: Vec<Change<'_>> = objects.iter().map(|object| change(object, "x.updated", "evt_1", as_of)).collect();
    let outcomes = db.write(Lane::Ordinary, |conn| mirror::apply_all(conn, &changes)).unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.applied == Applied::Stored));
}

// The values of a column and the contents of the rows that were made for it, in the order of their numbers.
fn stored(db: &Database, kind: &Kind, column: &Column) -> (Vec<Option<String>>, Vec<Value>) {
    let name = format!("{}_", column.name);
    let query = |what: &str| {
        let number = format!("CAST(substr(id, {}) AS INTEGER)", name.len() + 1);
        let own = format!("substr(id, 1, {}) = '{name}' AND substr(id, {}) < 'a'", name.len(), name.len() + 1);
        format!("SELECT {what} AS value FROM {} WHERE {own} ORDER BY {number}", kind.table)
    };
    let read = |what: &str| db.read(|conn| Ok::<_, Error>(texts(conn, &query(what)))).unwrap();
    let contents = read("data").into_iter().map(|text| serde_json::from_str(&text.unwrap()).unwrap());
    (read(&as_text(column)), contents.collect())
}

fn check(db: &Database, kind: &Kind, cases: &[Case]) -> Vec<String> {
    let column = cases[0].column;
    let (found, contents) = stored(db, kind, column);
    assert_eq!(found.len(), cases.len(), "{}.{}", kind.object, column.name);
    let mut faults = Vec::new();
    for ((case, found), content) in cases.iter().zip(found).zip(contents) {
        if found != case.wanted {
            faults.push(format!("{}.{} is {found:?} of {:.300}", kind.object, column.name, case.object));
        }
        // The row keeps the object whole.
        assert_eq!(without_nul(&content), without_nul(&case.object), "{}.{}", kind.object, column.name);
    }
    faults
}

fn without_nul(object: &Value) -> String {
    object.to_string().replace("\\u0000", "\u{fffd}")
}

#[test]
fn a_hostile_value_in_any_column_becomes_null_or_text_and_fails_nothing() {
    let mut faults = Vec::new();
    let mut count = 0;
    for kinds in KINDS.chunks(14) {
        let test = TestDb::new();
        let db = test.open();
        for kind in kinds {
            let of_columns: Vec<Vec<Case>> = columns_of(kind).map(|column| cases(kind, column)).collect();
            let objects: Vec<&Value> = of_columns.iter().flatten().map(|case| &case.object).collect();
            objects.chunks(TOGETHER).for_each(|some| apply(&db, some, 100));
            count += objects.len();
            faults.extend(of_columns.iter().flat_map(|cases| check(&db, kind, cases)));
        }
    }
    assert!(count > 10_000, "{count}");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn an_object_with_nothing_but_its_id_is_a_row_of_nulls() {
    let test = TestDb::new();
    let db = test.open();
    let objects: Vec<Value> = KINDS.iter().map(|kind| object(kind, "bare_0")).collect();
    apply(&db, &objects.iter().collect::<Vec<_>>(), 100);
    for (kind, object) in KINDS.iter().zip(&objects) {
        let found = db.read(|conn| mirror::find(conn, kind.object, "bare_0")).unwrap().unwrap();
        assert_eq!(&found.json(), object);
        for column in columns_of(kind) {
            let query = format!("SELECT {} AS value FROM {}", as_text(column), kind.table);
            let cell = db.read(|conn| Ok::<_, Error>(texts(conn, &query))).unwrap();
            assert_eq!(cell, [None], "{}.{}", kind.object, column.name);
        }
    }
}

#[test]
fn a_megabyte_of_text_is_kept_whole_or_null_where_an_index_has_no_room_for_it() {
    let test = TestDb::new();
    let db = test.open();
    let huge = "x".repeat(1_000_000);
    let mut as_of = 100;
    for kind in KINDS.iter().filter(|kind| columns_of(kind).next().is_some()) {
        for column in columns_of(kind) {
            for place in column.places {
                let mut hostile = object(kind, "huge_0");
                put(&mut hostile, &place.split('/').skip(1).collect::<Vec<_>>(), json!(huge));
                as_of += 1;
                apply(&db, &[&hostile], as_of);
                let query = format!(
                    "SELECT CAST(length({}) AS TEXT) AS value FROM {} WHERE id = 'huge_0'",
                    as_text(column),
                    kind.table
                );
                let found = db.read(|conn| Ok::<_, Error>(texts(conn, &query))).unwrap();
                let kept = column.sql == SqlType::Text && !column.is_indexed();
                assert_eq!(found, [kept.then(|| "1000000".to_owned())], "{}.{} at {place}", kind.object, column.name);
            }
        }
        let found = db.read(|conn| mirror::find(conn, kind.object, "huge_0")).unwrap().unwrap();
        assert!(found.data.len() > 1_000_000, "{}", kind.object);
    }
}

#[test]
fn lists_of_hostile_entries_fail_no_parent_and_store_what_can_be_stored() {
    let test = TestDb::new();
    let db = test.open();
    for kind in KINDS.iter().filter(|kind| !kind.nested.is_empty()) {
        for nested in kind.nested {
            let list: Vec<&str> = nested.list.split('/').skip(1).collect();
            for (number, value) in values().into_iter().enumerate() {
                let places = [vec![], vec!["data"], vec!["has_more"], vec!["data", "1"], vec!["data", "1", "id"]];
                for (which, rest) in places.into_iter().enumerate() {
                    let mut parent = object(kind, &format!("p_{number}_{which}"));
                    let entry = json!({ "id": format!("e_{number}_{which}"), "object": nested.object });
                    put(&mut parent, &[&list[..], &["data", "0"]].concat(), entry);
                    put(&mut parent, &[&list[..], &rest[..]].concat(), value.clone());
                    apply(&db, &[&parent], 100);
                    let found = db.read(|conn| mirror::find(conn, kind.object, kind.id_in(&parent).unwrap())).unwrap();
                    assert_eq!(without_nul(&found.unwrap().json()), without_nul(&parent));
                    let entry =
                        db.read(|conn| mirror::find(conn, nested.object, &format!("e_{number}_{which}"))).unwrap();
                    assert_eq!(entry.is_some(), which > 1, "{} in {}: {:.200}", nested.object, kind.object, parent);
                }
            }
        }
    }
}
