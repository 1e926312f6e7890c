//! Many worker processes at one queue of reordered and duplicated events: each object ends as the reference says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use rand::RngExt;
use rand::seq::SliceRandom;
use serde_json::json;
use tollgate::Clock;

use crate::counts::Counts;
use crate::form::Form;
use crate::host::{Part, Spec};
use crate::rig::{Client, Ledger, Payload, Process, Server, Store, drained, event, runtime, until};

const LONGEST: Duration = Duration::from_secs(600);
const SENDERS: usize = 16;

pub fn prove(form: Form, counts: &mut Counts) {
    let store = Store::fresh();
    let (objects, each) = (form.pick(40, 200), form.pick(25, 100));
    // A SQLite file has one process.
    let processes = if store.is_sqlite() { 1 } else { form.pick(4, 8) };
    let (events, reference) = history(form, objects, each);
    let ids = events.iter().map(|event| event.id.clone()).collect();
    runtime().block_on(async {
        let spec = Spec { workers: 2, watches_overlap: true, handler_takes: 1, ..Spec::new(store.url()) };
        let intake = Server::start(&Spec { part: Part::Intake, ..spec.clone() }).await;
        let mut crowd: Vec<Process> = (0..processes).map(|_| Server::spawn(&worker(&spec))).collect();
        for process in &mut crowd {
            process.says("processing events").await;
        }
        let sent = send(form, intake.address, events).await;
        drained(&store, LONGEST).await;
        counts.add("worker processes", processes);
        counts.add("deliveries", sent);
        check(&store, &reference, counts);
        Ledger::read(&store, None).assert_holds(&ids, false);
        for process in &mut crowd {
            process.terminate();
            assert!(process.end(LONGEST).await.success(), "{}", process.log());
            assert!(!process.log().contains("deadlock"), "{}", process.log());
        }
    });
}

fn worker(spec: &Spec) -> Spec {
    Spec { part: Part::Workers, ..spec.clone() }
}

/// What an object is in the end: which event brought it, and whether it is deleted.
type Reference = BTreeMap<String, (String, bool)>;

// Every object's events have a second each; some objects are deleted last.
fn history(form: Form, objects: usize, each: usize) -> (Vec<Payload>, Reference) {
    let (mut events, mut reference, mut random) = (Vec::new(), Reference::new(), form.random());
    let first = Clock::System.now_seconds() - i64::try_from(each).unwrap();
    for object in 0..objects {
        let customer = format!("cus_{object}");
        let deleted = random.random_ratio(1, 5);
        for (number, created) in (0..each).zip(first..) {
            let kind = match number {
                0 => "created",
                last if deleted && last == each - 1 => "deleted",
                _ => "updated",
            };
            let id = format!("evt_crowd_{object}_{number}");
            let mut event = event(&id, &format!("customer.{kind}"), &customer, created);
            event["data"]["object"]["metadata"] = json!({ "number": number.to_string() });
            events.push(Payload::new(&event));
            reference.insert(customer.clone(), (id, kind == "deleted"));
        }
    }
    (events, reference)
}

// In random order, every fourth twice. How many deliveries that is.
async fn send(form: Form, to: SocketAddr, mut events: Vec<Payload>) -> usize {
    let mut random = form.random();
    events.shuffle(&mut random);
    let again: Vec<Payload> = events.iter().step_by(4).cloned().collect();
    events.extend(again);
    events.shuffle(&mut random);
    join_all(events.chunks(events.len().div_ceil(SENDERS)).map(|some| send_some(to, some))).await;
    events.len()
}

async fn send_some(to: SocketAddr, events: &[Payload]) {
    let mut client = Client::default();
    for event in events {
        until("it is taken", LONGEST, async || {
            let answer = client.deliver(to, event, Clock::System.now_seconds()).await.unwrap();
            (answer.status == 200).then_some(())
        })
        .await;
    }
}

fn check(store: &Store, reference: &Reference, counts: &mut Counts) {
    let found = store.pairs(
        "SELECT id || ' ' || event_id AS text, CAST(CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END AS BIGINT) AS count FROM customers",
    );
    let found: BTreeMap<String, i64> = found.into_iter().collect();
    let expected: BTreeMap<String, i64> =
        reference.iter().map(|(id, (event, deleted))| (format!("{id} {event}"), i64::from(*deleted))).collect();
    let wrong: Vec<_> = expected.iter().filter(|(object, deleted)| found.get(*object) != Some(*deleted)).collect();
    assert!(wrong.is_empty() && found.len() == expected.len(), "{} objects differ: {wrong:?}", wrong.len());
    assert_eq!(store.count("overlapping"), 0, "an object was processed twice at once");
    assert_eq!(store.count("events WHERE attempts <> 1"), 0, "an event was tried twice");
    counts.add("events", store.count("events"));
    counts.add("objects as the reference", found.len());
    counts.add("tried twice, deadlocks, or at one object at once", 0);
}
