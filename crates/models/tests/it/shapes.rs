//! Every declared column of every type, in the shapes of each API version: the objects under `shapes/` and their rows.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tollgate_models::mirror::{self, Change, Column, KINDS, Kind};
use tollgate_models::testing::TestDb;
use tollgate_models::{AnyConnection, Database, Error, Lane};

use crate::arrivals::texts;
use crate::columns::as_text;
use crate::mirror::change;

/// The API versions, by the names that the shapes give them.
const VERSIONS: [(&str, &str); 6] = [
    ("2020-08-27", "2020-08-27"),
    ("acacia", "2025-02-24.acacia"),
    ("basil", "2025-03-31.basil"),
    ("clover", "2025-09-30.clover"),
    ("dahlia", "2026-03-25.dahlia"),
    ("endive", "2026-10-28.endive"),
];

/// Types that look alike in all versions, as far as their columns go. Stripe adds new types to all versions, so one that came
/// later than a version is in that version as it is in the others.
const NEVER_CHANGED: [&str; 30] = [
    "card",
    "bank_account",
    "source",
    "customer_cash_balance_transaction",
    "entitlements.active_entitlement_summary",
    "quote",
    "billing.meter",
    "billing.credit_balance_transaction",
    "invoice_payment",
    "refund",
    "setup_intent",
    "payment_link",
    "mandate",
    "radar.early_fraud_warning",
    "review",
    "price",
    "plan",
    "coupon",
    "shipping_rate",
    "entitlements.feature",
    "topup",
    "person",
    "capability",
    "transfer",
    "transfer_reversal",
    "application_fee",
    "fee_refund",
    "file",
    "file_link",
    "test_helpers.test_clock",
];

/// An object, the versions that render it so, and where its row differs from what its own fields say.
struct Shape {
    kind: &'static Kind,
    versions: Vec<String>,
    object: Value,
    row: Map<String, Value>,
}

fn shapes() -> Vec<Shape> {
    let files = [
        include_str!("shapes/customers.json"),
        include_str!("shapes/billing.json"),
        include_str!("shapes/invoices.json"),
        include_str!("shapes/payments.json"),
        include_str!("shapes/catalog.json"),
        include_str!("shapes/connect.json"),
    ];
    let types = files.iter().flat_map(|file| serde_json::from_str::<Map<String, Value>>(file).unwrap());
    types.flat_map(|(object, shapes)| shapes_of(&object, shapes)).collect()
}

fn shapes_of(object: &str, shapes: Value) -> Vec<Shape> {
    let kind = mirror::kind(object).unwrap_or_else(|| panic!("{object} has no table"));
    let Value::Array(shapes) = shapes else { panic!("{object}: a list is wanted") };
    let shape = |mut shape: Value| {
        shape["object"]["object"] = object.into();
        Shape {
            kind,
            versions: shape["versions"].as_str().unwrap().split(' ').map(str::to_owned).collect(),
            object: shape["object"].take(),
            row: shape["row"].as_object().cloned().unwrap_or_default(),
        }
    };
    shapes.into_iter().map(shape).collect()
}

impl Shape {
    /// What a column must hold: what the shape says of it, else the object's field of the same name.
    fn wanted(&self, column: &Column) -> Value {
        match self.row.get(column.name).or_else(|| self.object.get(column.name)) {
            Some(Value::Object(expanded)) => expanded["id"].clone(),
            other => other.cloned().unwrap_or_default(),
        }
    }

    /// What the JSON has at the first declared place that is not null.
    fn declared(&self, column: &Column) -> Value {
        let found = column.places.iter().filter_map(|place| self.object.pointer(place)).find(|found| !found.is_null());
        match found {
            Some(Value::Object(expanded)) => expanded["id"].clone(),
            other => other.cloned().unwrap_or_default(),
        }
    }

    fn id(&self) -> &str {
        self.kind.id_in(&self.object).unwrap()
    }
}

// As the database shows it; null is none.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn cell(conn: &mut AnyConnection, table: &str, id: &str, what: &str) -> Option<String> {
    let mut found = texts(conn, &format!("SELECT {what} AS value FROM {table} WHERE id = '{id}'"));
    assert_eq!(found.len(), 1, "{table} {id}");
    found.remove(0)
}

fn store(db: &Database, shapes: &[&Shape], version: &str) {
    db.write(Lane::Ordinary, |conn| {
        for shape in shapes {
            let change = Change { api_version: Some(version), ..change(&shape.object, "x.updated", "evt_1", 100) };
            mirror::apply(conn, &change)?;
        }
        Ok::<_, Error>(())
    })
    .unwrap();
}

// What is wrong with a row; nothing if it is as it should be.
fn faults(conn: &mut AnyConnection, shape: &Shape, version: &str) -> Vec<String> {
    let (kind, id) = (shape.kind, shape.id());
    let mut faults = Vec::new();
    for column in kind.columns {
        let (wanted, declared) = (text(&shape.wanted(column)), text(&shape.declared(column)));
        let found = cell(conn, kind.table, id, &as_text(column));
        let name = format!("{version}: {} {id}: {}", kind.object, column.name);
        if found != wanted || declared != wanted {
            faults.push(format!("{name} is {found:?}, {declared:?} where it is declared, and should be {wanted:?}"));
        }
        if wanted.is_none() && !shape.row.contains_key(column.name) {
            faults.push(format!("{name} is null and the shape does not say so"));
        }
    }
    faults.extend(entries_of(shape).filter_map(|(table, parent, entry)| {
        let found = cell(conn, table, &entry, parent);
        (found.as_deref() != Some(id)).then(|| format!("{version}: {table} {entry}: {parent} is {found:?}, not {id}"))
    }));
    faults
}

// The entries of the lists inside an object: their table, the column of their parent, their id.
fn entries_of(shape: &Shape) -> impl Iterator<Item = (&'static str, &'static str, String)> {
    shape.kind.nested.iter().flat_map(|nested| {
        let table = mirror::kind(nested.object).unwrap().table;
        let data = shape.object.pointer(&format!("{}/data", nested.list)).and_then(Value::as_array);
        let entries = data.into_iter().flatten().map(|entry| entry["id"].as_str().unwrap().to_owned());
        entries.map(|id| (table, nested.parent, id)).collect::<Vec<_>>()
    })
}

#[test]
fn every_column_of_every_type_is_read_in_every_version_s_shape() {
    let shapes = shapes();
    let mut all = Vec::new();
    for (name, version) in VERSIONS {
        let test = TestDb::new();
        let db = test.open();
        let of_version: Vec<&Shape> =
            shapes.iter().filter(|shape| shape.versions.iter().any(|it| it == name)).collect();
        store(&db, &of_version, version);
        let found = db.read(|conn| {
            let faults = of_version.iter().flat_map(|shape| faults(conn, shape, version));
            Ok::<_, Error>(faults.collect::<Vec<_>>())
        });
        all.extend(found.unwrap());
    }
    assert!(all.is_empty(), "{} faults:\n{}", all.len(), all.join("\n"));
}

#[test]
fn every_type_has_a_shape_of_every_version_and_says_which_share_one() {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let shapes = shapes();
    for shape in &shapes {
        for name in &shape.versions {
            assert!(VERSIONS.iter().any(|(known, _)| known == name), "{}: {name}", shape.id());
            versions.entry(shape.kind.object).or_default().push(name);
        }
        let unknown: Vec<_> = shape.row.keys().filter(|name| shape.kind.column(name).is_none()).collect();
        assert!(unknown.is_empty(), "{}: there is no column {unknown:?}", shape.id());
    }
    for kind in KINDS {
        let of_kind = versions.get(kind.object).unwrap_or_else(|| panic!("{} has no shape", kind.object));
        let missing: Vec<_> = VERSIONS.iter().filter(|(name, _)| !of_kind.contains(name)).collect();
        assert!(missing.is_empty(), "{}: no shape of {missing:?}", kind.object);
        let alike = shapes.iter().filter(|shape| shape.kind.object == kind.object);
        let alike = alike.map(|shape| shape.versions.len()).all(|count| count == VERSIONS.len());
        let said = NEVER_CHANGED.contains(&kind.object);
        assert_eq!(alike, said, "{}: whether its versions share their shapes", kind.object);
    }
}

#[test]
fn every_column_is_filled_by_some_shape() {
    let shapes = shapes();
    let empty = |kind: &Kind, column: &Column| {
        let of_kind = shapes.iter().filter(|shape| shape.kind.object == kind.object);
        of_kind.map(|shape| shape.wanted(column)).all(|value| value.is_null())
    };
    let columns = KINDS.iter().flat_map(|kind| kind.columns.iter().map(move |column| (kind, column)));
    let unfilled: Vec<String> = columns
        .filter(|(kind, column)| empty(kind, column))
        .map(|(kind, column)| format!("{}.{}", kind.object, column.name))
        .collect();
    // Only the summary that an entitlement is in tells whose it is.
    assert_eq!(unfilled, ["entitlements.active_entitlement.customer"]);
}
