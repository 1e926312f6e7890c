//! Events whose handlers panic, never end, end the process, delete the event, or leave a transaction open.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tollgate::Clock;

use crate::counts::Counts;
use crate::form::Form;
use crate::host::{Part, Spec};
use crate::rig::{Client, Ledger, Payload, Server, Store, event, left, runtime};

const KINDS: [&str; 5] = ["abort", "hang", "panic", "delete", "leave"];
/// A claim of a process that is gone has ended by then; the clock is moved there instead of waiting.
const LEASE: i64 = 61_000;
const LONGEST: Duration = Duration::from_secs(60);

pub fn prove(form: Form, counts: &mut Counts) {
    let store = Store::fresh();
    let spec = Spec {
        clock: Some(0),
        retry_delays: Some(vec![0; 2]),
        handler_deadline: 300,
        workers: 2,
        ..Spec::new(store.url())
    };
    let (each, good) = (form.pick(1, 4), form.pick(60, 600));
    runtime().block_on(async {
        take(&spec, each, good).await;
        let deaths = work_until_nothing_is_left(&store, spec).await;
        counts.add("processes that died", deaths);
    });
    let ledger = Ledger::read(&store, None);
    let (poison, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
        ledger.events.iter().partition(|(id, _)| !id.starts_with("evt_good"));
    assert_eq!((poison.len(), rest.len()), (KINDS.len() * each, good));
    for (id, status) in poison {
        assert_eq!((status.as_str(), ledger.effects.get(id)), ("dead", None), "{id}");
    }
    for (id, status) in rest {
        assert_eq!((status.as_str(), ledger.effects.get(id)), ("processed", Some(&1)), "{id}");
    }
    counts.add("poisonous events, all dead without an effect", KINDS.len() * each);
    counts.add("others, all processed with one effect", good);
}

// The poison lies between the others.
async fn take(spec: &Spec, each: usize, good: usize) {
    let intake = Server::start(&Spec { part: Part::Intake, ..spec.clone() }).await;
    let one = |id: String, kind: &str, customer: String| {
        Payload::new(&event(&id, kind, &customer, Clock::System.now_seconds()))
    };
    let mut events: Vec<Payload> = (0..good)
        .map(|number| one(format!("evt_good_{number}"), "customer.created", format!("cus_{number}")))
        .collect();
    for number in 0..each {
        for kind in KINDS {
            let bad = one(format!("evt_{kind}_{number}"), "customer.updated", format!("cus_{kind}_{number}"));
            events.insert(events.len() / 2, bad);
        }
    }
    let mut client = Client::default();
    for event in &events {
        let answer = client.deliver(intake.address, event, Clock::System.now_seconds()).await.unwrap();
        assert_eq!(answer.status, 200);
    }
}

// As whoever starts a server again when it has ended. How often that was.
async fn work_until_nothing_is_left(store: &Store, mut spec: Spec) -> usize {
    spec.part = Part::Workers;
    let (started, mut deaths, mut process) = (Instant::now(), 0, Server::spawn(&spec));
    while store.count("events WHERE status NOT IN ('processed', 'dead')") > 0 {
        assert!(started.elapsed() < LONGEST, "still at it after {LONGEST:?}: {:?}: {}", left(store), process.log());
        if process.ended().is_some() {
            deaths += 1;
            spec.clock = spec.clock.map(|ahead| ahead + LEASE);
            process = Server::spawn(&spec);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    deaths
}
