//! Every declared column of the mirror, from each of its places in the JSON to the table.

use serde_json::{Map, Value, json};
use tollgate_models::Database;
use tollgate_models::mirror::{Column, KINDS, Kind, SqlType, kind};
use tollgate_models::testing::TestDb;

use crate::arrivals::texts;
use crate::mirror::{apply, change};

/// Makes the value's place in the object, with lists where the JSON pointer has numbers.
pub fn put(into: &mut Value, place: &[&str], value: Value) {
    let [step, rest @ ..] = place else {
        *into = value;
        return;
    };
    if let Ok(index) = step.parse::<usize>() {
        if !into.is_array() {
            *into = json!([]);
        }
        let list = into.as_array_mut().unwrap();
        list.resize(list.len().max(index + 1), Value::Null);
        put(&mut list[index], rest, value);
    } else {
        if !into.is_object() {
            *into = Value::Object(Map::new());
        }
        put(&mut into[*step], rest, value);
    }
}

/// An object of a type with nothing but its id.
pub fn object(kind: &Kind, id: &str) -> Value {
    let mut object = json!({"object": kind.object, "created": 5});
    put(&mut object, &kind.id.split('/').skip(1).collect::<Vec<_>>(), json!(id));
    object
}

/// A column as text in SQL; SQLite has no type for flags and stores 0 and 1.
pub fn as_text(column: &Column) -> String {
    match column.sql {
        SqlType::Bool => format!("CASE WHEN {} THEN 'true' WHEN NOT {} THEN 'false' END", column.name, column.name),
        _ => format!("CAST({} AS TEXT)", column.name),
    }
}

fn stored(db: &Database, kind: &Kind, column: &Column, object: &Value) -> Option<String> {
    apply(db, change(object, "", "evt_1", 1));
    let id = kind.id_in(object).unwrap();
    let query = format!("SELECT {} AS value FROM {} WHERE id = '{id}'", as_text(column), kind.table);
    let mut found = db.read(|conn| Ok::<_, diesel::result::Error>(texts(conn, &query))).unwrap();
    assert_eq!(found.len(), 1, "{query}");
    found.remove(0)
}

/// A type's columns without the one that is the id.
pub fn columns_of(kind: &'static Kind) -> impl Iterator<Item = &'static Column> {
    kind.columns.iter().filter(|column| column.places != [kind.id])
}

fn columns() -> impl Iterator<Item = (&'static Kind, &'static Column)> {
    KINDS.iter().flat_map(|kind| columns_of(kind).map(move |column| (*kind, column)))
}

#[test]
fn every_column_is_filled_from_each_of_its_places() {
    let test = TestDb::new();
    let db = test.open();
    for (kind, column) in columns() {
        let values = match column.sql {
            SqlType::Text => vec![(json!("text ü"), "text ü"), (json!({"id": "x_1"}), "x_1"), (json!(7), "7")],
            SqlType::BigInt => vec![(json!(i64::MAX), "9223372036854775807"), (json!(-3), "-3"), (json!("42"), "42")],
            SqlType::Bool => vec![(json!(true), "true"), (json!(false), "false")],
        };
        for (number, place) in column.places.iter().enumerate() {
            for (which, (value, expected)) in values.iter().enumerate() {
                let mut object = object(kind, &format!("{}_{number}_{which}", column.name));
                let steps: Vec<&str> = place.split('/').skip(1).collect();
                put(&mut object, &steps, value.clone());
                let found = stored(&db, kind, column, &object);
                assert_eq!(found.as_deref(), Some(*expected), "{}.{} at {place}: {value}", kind.object, column.name);
            }
        }
    }
}

#[test]
fn the_first_place_wins_and_null_there_does_not_hide_the_next() {
    let test = TestDb::new();
    let db = test.open();
    for (kind, column) in columns().filter(|(_, column)| column.places.len() > 1) {
        let value = |n: i64| match column.sql {
            SqlType::Text => json!(n.to_string()),
            SqlType::BigInt => json!(n),
            SqlType::Bool => json!(n == 1),
        };
        let shown = |n: i64| value(n).to_string().replace('"', "");
        let mut both = object(kind, &format!("both_{}", column.name));
        let mut hidden = object(kind, &format!("hidden_{}", column.name));
        for (number, place) in column.places.iter().enumerate().take(2) {
            let steps: Vec<&str> = place.split('/').skip(1).collect();
            put(&mut both, &steps, value(number as i64));
            put(&mut hidden, &steps, if number == 0 { Value::Null } else { value(1) });
        }
        assert_eq!(stored(&db, kind, column, &both), Some(shown(0)), "{}.{}", kind.object, column.name);
        assert_eq!(stored(&db, kind, column, &hidden), Some(shown(1)), "{}.{}", kind.object, column.name);
    }
}

#[test]
fn content_of_another_type_is_null_and_never_an_error() {
    let test = TestDb::new();
    let db = test.open();
    let strange = [
        json!(null),
        json!([]),
        json!({}),
        json!([{"id": 1}]),
        json!({"id": {"id": "x"}}),
        json!(1.5),
        json!("x\0y"),
        json!(true),
    ];
    for kind in KINDS {
        for (number, value) in strange.iter().enumerate() {
            let mut all = object(kind, &format!("id_{number}"));
            for column in columns_of(kind) {
                put(&mut all, &column.places[0].split('/').skip(1).collect::<Vec<_>>(), value.clone());
            }
            for column in columns_of(kind) {
                let found = stored(&db, kind, column, &all);
                let expected = column.read(&all);
                let shown = match &expected {
                    Value::Null => None,
                    Value::String(text) => Some(text.clone()),
                    other => Some(other.to_string()),
                };
                assert_eq!(found, shown, "{}.{} of {value}", kind.object, column.name);
            }
        }
    }
}

#[test]
fn no_two_types_share_a_name_or_a_table_and_what_they_refer_to_reads_as_a_type() {
    let mut names: Vec<&str> = KINDS.iter().flat_map(|kind| [kind.object, kind.table]).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    for (kind, column) in columns() {
        assert!(!column.places.is_empty(), "{}.{}", kind.object, column.name);
        assert!(column.places.iter().all(|place| place.starts_with('/')), "{}.{}", kind.object, column.name);
        if column.refers_to.is_some() {
            assert_eq!(column.sql, SqlType::Text, "{}.{}", kind.object, column.name);
        }
    }
}

#[test]
fn only_subscriptions_and_invoices_cost_statements_for_what_is_inside_them_among_the_common_types() {
    for object in ["account", "customer", "product", "price", "payment_intent", "charge", "refund", "checkout.session"]
    {
        assert!(kind(object).unwrap().nested.is_empty(), "{object}");
    }
    for object in ["subscription", "invoice"] {
        assert_eq!(kind(object).unwrap().nested.len(), 1, "{object}");
    }
}
