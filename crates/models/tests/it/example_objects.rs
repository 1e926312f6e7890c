//! Stripe's example objects go in whole; types that were there before cost no more statements.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tollgate_models::mirror::kind;
use tollgate_models::testing::TestDb;

use crate::mirror::{apply, change};

fn json_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            json_files(&entry, into);
        } else if entry.extension().is_some_and(|extension| extension == "json") {
            into.push(entry);
        }
    }
}

// Events carry their object inside.
fn examples(shared: &Path) -> Vec<Value> {
    let mut files = Vec::new();
    json_files(&shared.join("fixtures/stripe"), &mut files);
    let read = |path: &Path| serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap();
    let resources = read(&shared.join("stripe-openapi/fixtures3-2026-08.json"));
    let resources = resources["resources"].as_object().unwrap().values().cloned();
    let files = files.iter().map(|path| read(path));
    files.map(|file| file.pointer("/data/object").cloned().unwrap_or(file)).chain(resources).collect()
}

#[test]
fn every_example_object_is_taken_where_the_examples_are_there() {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared"));
    let Some(shared) = above.into_iter().find(|folder| folder.join("stripe-openapi").is_dir()) else {
        println!("skipped: the folder of example objects is not there");
        return;
    };
    let test = TestDb::new();
    let db = test.open();
    for (number, object) in examples(&shared).iter().enumerate() {
        let event = format!("evt_{number}");
        apply(&db, change(object, "x.updated", &event, 100 + i64::try_from(number).unwrap()));
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
