//! The business: what it tells is whole, ordered and repeatable.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tollgate_stripe_client::catalogue;
use tollgate_stripe_sim::Simulator;

use crate::support::builder;

const STEPS: usize = 400;
/// The kinds whose every change is told by an event.
const TOLD: [&str; 11] = [
    "customer",
    "product",
    "price",
    "subscription",
    "invoice",
    "payment_intent",
    "charge",
    "refund",
    "dispute",
    "checkout.session",
    "payment_method",
];

async fn run(steps: usize) -> (Simulator, Vec<&'static str>) {
    let sim = builder().start().await.unwrap();
    let business = sim.business();
    let mut happened = Vec::new();
    for _ in 0..steps {
        happened.push(business.step().await);
        sim.clock().advance(7_200);
    }
    (sim, happened)
}

fn events(sim: &Simulator) -> Vec<Value> {
    sim.event_ids().iter().map(|id| sim.event(id).unwrap()).collect()
}

#[tokio::test]
async fn the_same_seed_and_clock_give_the_same_events() {
    let ((one, _), (two, _)) = (run(60).await, run(60).await);
    assert_eq!(events(&one), events(&two));
    let other = builder().seed(8).start().await.unwrap();
    other.business().step().await;
    assert_ne!(events(&other)[0]["id"], events(&one)[0]["id"]);
}

#[tokio::test]
async fn everything_happens_sooner_or_later() {
    let (sim, happened) = run(STEPS).await;
    let kinds: BTreeSet<_> = happened.into_iter().collect();
    assert_eq!(kinds.len(), 18, "{kinds:?}");
    let events = events(&sim);
    let types: BTreeSet<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert!(types.iter().all(|event_type| catalogue::is_known(event_type)), "{types:?}");
    assert!(types.len() >= 30, "{types:?}");
}

#[tokio::test]
async fn the_last_event_of_each_object_tells_how_it_stands() {
    let (sim, _) = run(STEPS).await;
    let mut last = BTreeMap::new();
    for event in events(&sim) {
        let object = event["data"]["object"].clone();
        last.insert(object["id"].as_str().unwrap().to_owned(), object);
    }
    let mut compared = 0;
    // That a session was opened is told by no event.
    let told = |object: &Value| object["object"] != "checkout.session" || object["status"] != "open";
    for object in TOLD.iter().flat_map(|kind| sim.objects(kind)).filter(told) {
        assert_eq!(last.get(object["id"].as_str().unwrap()), Some(&object));
        compared += 1;
    }
    assert!(compared > STEPS, "{compared}");
}

#[tokio::test]
async fn previous_attributes_name_what_differs_from_the_event_before() {
    let (sim, _) = run(STEPS).await;
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    let mut compared = 0;
    for event in events(&sim) {
        let object = event["data"]["object"].clone();
        let previous = &event["data"]["previous_attributes"];
        assert_eq!(previous.is_object(), event["type"].as_str().unwrap().ends_with(".updated"), "{}", event["type"]);
        let before = known.insert(object["id"].as_str().unwrap().to_owned(), object.clone());
        let (Some(before), Some(previous)) = (before, previous.as_object()) else { continue };
        let fields = before.as_object().unwrap();
        let changed: BTreeSet<&String> = fields.keys().filter(|name| object[*name] != before[*name]).collect();
        assert_eq!(previous.keys().collect::<BTreeSet<_>>(), changed, "{event}");
        for (name, old) in previous.iter().filter(|(_, old)| !old.is_object()) {
            assert_eq!(&before[name], old, "{name} in {event}");
        }
        compared += 1;
    }
    assert!(compared > 100, "{compared}");
}

#[tokio::test]
async fn money_adds_up() {
    let (sim, _) = run(STEPS).await;
    let number = |object: &Value, name: &str| object[name].as_i64().unwrap();
    for charge in sim.objects("charge") {
        let refunds = sim.objects("refund");
        let refunded: i64 =
            refunds.iter().filter(|row| row["charge"] == charge["id"]).map(|row| number(row, "amount")).sum();
        assert_eq!(number(&charge, "amount_refunded"), refunded);
        assert_eq!(charge["refunded"], refunded == number(&charge, "amount"));
    }
    for invoice in sim.objects("invoice") {
        // What a customer is owed pays for an invoice; an invoice below nothing adds to it.
        let due = (number(&invoice, "total") + number(&invoice, "starting_balance")).max(0);
        let paid = if invoice["status"] == "paid" { due } else { 0 };
        assert_eq!(number(&invoice, "amount_due"), due, "{invoice}");
        assert_eq!(number(&invoice, "amount_paid"), paid, "{invoice}");
        assert_eq!(number(&invoice, "amount_remaining"), due - paid, "{invoice}");
    }
    for movement in sim.objects("balance_transaction") {
        assert_eq!(number(&movement, "net"), number(&movement, "amount") - number(&movement, "fee"));
    }
}

#[tokio::test]
async fn typical_events_are_as_large_as_stripes() {
    let (sim, _) = run(60).await;
    for event in events(&sim) {
        let size = event.to_string().len();
        match event["type"].as_str().unwrap() {
            "customer.subscription.updated" | "invoice.paid" => assert!((2_500..6_000).contains(&size), "{size}"),
            // An invoice with prorations has three lines.
            _ => assert!(size < 8_000, "{size} {}", event["type"]),
        }
    }
}

#[tokio::test]
async fn it_runs_until_it_is_told_to_stop() {
    let sim = builder().start().await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let business = sim.business();
    let running = tokio::spawn(business.run(std::time::Duration::from_millis(1), async move {
        let _ = stopped.await;
    }));
    while sim.objects("customer").len() < 3 {
        tokio::task::yield_now().await;
    }
    stop.send(()).unwrap();
    running.await.unwrap();
}
