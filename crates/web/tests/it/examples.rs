//! Whole collections of objects go the way of real events, from the signed POST to the mirror's tables: Stripe's example of
//! each resource, and hostile ones of every type.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tollgate::models::events::{self, Filter, Status};
use tollgate::models::mirror::{self, KINDS, Kind};
use tollgate::models::page::Cursor;

use crate::support::{SECONDS, Setup, TestApp};

/// Names the folder of examples where it is not the folder `shared` beside or above the repository.
const FOLDER: &str = "TEST_EXAMPLES";

fn folder() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared"));
    let mut folders = std::env::var_os(FOLDER).map(PathBuf::from).into_iter().chain(above);
    folders.find(|folder| folder.join("stripe-openapi").is_dir())
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn json_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            json_files(&entry, into);
        } else if entry.extension().is_some_and(|extension| extension == "json") {
            into.push(entry);
        }
    }
}

// The number is the second in which it was made: of two about one object, the later one is newer.
fn wrapped(name: &str, number: usize, api_version: &str, object: &Value) -> Value {
    let action = if object["deleted"] == true { "deleted" } else { "updated" };
    json!({
        "id": format!("evt_{name}_{number}"), "object": "event", "api_version": api_version, "livemode": false,
        "created": SECONDS - 10_000 + i64::try_from(number).unwrap(), "pending_webhooks": 1, "request": null,
        "type": format!("{}.{action}", object["object"].as_str().unwrap_or("nothing")), "data": { "object": object },
    })
}

// Sends them all, and lets the workers do the rest; none may fail on the way.
async fn send(app: &TestApp, payloads: &[Value]) {
    for event in payloads {
        let answer = app.post_webhook(event).await;
        assert_eq!((answer.status, &answer.json()["received"]), (200, &json!(true)), "{:.300}", event);
    }
    app.run_workers().await;
    let count = i64::try_from(payloads.len()).unwrap();
    assert_eq!((app.count("events"), app.count("deliveries WHERE outcome = 'accepted'")), (count, count));
    let all = app.read(|conn| events::list(conn, &Filter::default(), Cursor::Newest, 10_000)).rows;
    let failed = all.iter().filter(|event| ![Status::Processed, Status::Ignored].contains(&event.status));
    let failed: Vec<String> =
        failed.map(|event| format!("{} is {}: {:?}", event.id, event.status, event.last_error)).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

// The rows of an object in the table of its type, or in the one for all other types.
fn rows(app: &TestApp, object: &Value) -> Option<i64> {
    let name = object["object"].as_str()?;
    let (table, id) = match mirror::kind(name) {
        Some(kind) => (kind.table.to_owned(), kind.id_in(object)?),
        None => (format!("objects WHERE object = '{name}' AND id IS NOT NULL"), object["id"].as_str()?),
    };
    let sign = if table.contains("WHERE") { "AND" } else { "WHERE" };
    Some(app.count(&format!("{table} {sign} id = '{id}'")))
}

#[tokio::test]
async fn every_example_resource_goes_in_as_an_event_and_is_found_in_its_table() {
    let Some(folder) = folder() else {
        println!("skipped: the folder of example objects is not there; {FOLDER} can name it");
        return;
    };
    let resources = read(&folder.join("stripe-openapi/fixtures3-2026-08.json"));
    let resources: Vec<&Value> = resources["resources"].as_object().unwrap().values().collect();
    assert_eq!(resources.len(), 176);
    let mut paths = Vec::new();
    json_files(&folder.join("fixtures/stripe"), &mut paths);
    paths.sort();
    assert_eq!(paths.len(), 62);
    // Events carry their object inside.
    let files: Vec<Value> = paths.iter().map(|path| read(path)).collect();
    let files: Vec<&Value> = files.iter().map(|file| file.pointer("/data/object").unwrap_or(file)).collect();
    let app = Setup::new().start().await;
    let old = files.iter().enumerate().map(|(number, object)| wrapped("file", number, "2020-08-27", object));
    let new = resources.iter().enumerate();
    let new = new.map(|(number, object)| wrapped("resource", 1_000 + number, "2026-08-26.dahlia", object));
    send(&app, &old.chain(new).collect::<Vec<_>>()).await;
    let objects = || files.iter().chain(&resources).copied();
    let lost: Vec<String> =
        objects().filter(|object| rows(&app, object) == Some(0)).map(|object| format!("{object:.200}")).collect();
    assert!(lost.is_empty(), "{lost:#?}");
    let found = objects().filter(|object| rows(&app, object).is_some()).count();
    assert!(found > 180, "only {found} of {} have an id", files.len() + resources.len());
    for kind in KINDS {
        assert!(app.count(kind.table) > 0, "there is no example of {}", kind.object);
    }
}

// Makes the value's place in the object, with lists where the JSON pointer has numbers.
fn put(into: &mut Value, place: &[&str], value: Value) {
    let [step, rest @ ..] = place else {
        *into = value;
        return;
    };
    match step.parse::<usize>() {
        Ok(index) => {
            let list = into.as_array().map_or(0, Vec::len);
            if list == 0 {
                *into = json!([]);
            }
            let list = into.as_array_mut().unwrap();
            list.resize(list.len().max(index + 1), Value::Null);
            put(&mut list[index], rest, value);
        }
        Err(_) => {
            if !into.is_object() {
                *into = Value::Object(Map::new());
            }
            put(&mut into[*step], rest, value);
        }
    }
}

// An object that has the value at every place where a column is read, and as every list.
fn hostile(kind: &Kind, id: &str, value: &Value) -> Value {
    let mut object = json!({ "object": kind.object });
    let columns = kind.columns.iter().flat_map(|column| column.places);
    for place in columns.copied().chain(kind.nested.iter().map(|nested| nested.list)).filter(|place| *place != kind.id)
    {
        put(&mut object, &place.split('/').skip(1).collect::<Vec<_>>(), value.clone());
    }
    put(&mut object, &[&kind.id[1..]], json!(id));
    object
}

fn hostile_values() -> Vec<Value> {
    let deep = (0..90).fold(json!("deep"), |inside, _| json!([inside]));
    vec![
        json!(null),
        json!("a_value_of_the_future"),
        json!("\u{0}'; DROP TABLE customers; --"),
        json!("x".repeat(10_000)),
        json!(true),
        json!(u64::MAX),
        json!(-1e300),
        json!("12345678901234567890"),
        json!([]),
        json!([{ "id": "a", "object": "b" }, null, 1]),
        json!({}),
        json!({ "id": "expanded", "object": "from_the_future" }),
        json!({ "data": [{ "id": 1 }, "text", null], "has_more": "perhaps" }),
        deep,
    ]
}

#[tokio::test]
async fn hostile_objects_of_every_type_fail_no_event_and_can_be_read_back() {
    let app = Setup::new().start().await;
    let values = hostile_values();
    let mut objects = Vec::new();
    for kind in KINDS {
        objects.extend(
            values
                .iter()
                .enumerate()
                .map(|(number, value)| hostile(kind, &format!("h_{}_{number}", kind.table), value)),
        );
    }
    let events = objects.iter().enumerate().map(|(number, object)| wrapped("h", number, "2099-01-01.future", object));
    send(&app, &events.collect::<Vec<_>>()).await;
    for object in &objects {
        let kind = mirror::kind(object["object"].as_str().unwrap()).unwrap();
        let id = kind.id_in(object).unwrap();
        let found = app.read(|conn| mirror::find(conn, kind.object, id)).unwrap_or_else(|| panic!("{id} is lost"));
        let without_nul = |object: &Value| object.to_string().replace("\\u0000", "\u{fffd}");
        assert_eq!(without_nul(&found.json()), without_nul(object));
    }
}
