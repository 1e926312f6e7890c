//! A server that is told to stop, under load and with a handler that takes too long.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tollgate::Clock;

use crate::counts::Counts;
use crate::form::Form;
use crate::host::{Part, Spec};
use crate::rig::{Client, Ledger, Load, Payload, Plan, Server, Store, drained, event, runtime, until};

const LONGEST: Duration = Duration::from_secs(60);
/// A claim of a process that is gone has ended by then.
const LEASE: i64 = 61_000;

/// It finishes what it has begun, gives the rest back, and ends well; the next one goes on at once.
pub fn under_load(form: Form, counts: &mut Counts) {
    let (store, folder) = (Store::fresh(), tempfile::tempdir().unwrap());
    let notes = folder.path().join("notes");
    // Slower than what arrives, so that there is always a queue.
    let spec = Spec { notes: Some(notes.clone()), handler_takes: 10, ..Spec::new(store.url()) };
    let mut stops = Vec::new();
    runtime().block_on(async {
        let (target, seen) = watch::channel(None);
        let load = Load::start(&Plan::new(8, 200), &seen);
        for _ in 0..form.pick(3, 30) {
            let server = Server::start(&spec).await;
            target.send_replace(Some(server.address));
            let taken = load.acknowledged();
            until("events are taken", LONGEST, async || (load.acknowledged() > taken + 60).then_some(())).await;
            target.send_replace(None);
            stops.push(stop(server).await);
            given_back(&store);
        }
        let server = Server::start(&spec).await;
        target.send_replace(Some(server.address));
        let tally = load.stop().await;
        tally.assert_only(&[200, 503]);
        drained(&store, LONGEST).await;
        let ledger = Ledger::read(&store, Some(&notes));
        ledger.assert_holds(&tally.ids(), true);
        counts.add("stops", stops.len());
        counts.times("ended after", &stops);
        counts.add("acknowledged", tally.acknowledged.len());
        counts.add("task runs", ledger.task_runs());
        counts.add("lost", 0);
    });
}

async fn stop(mut server: Server) -> Duration {
    let told = Instant::now();
    server.process.terminate();
    let status = server.process.end(LONGEST).await;
    assert!(status.success(), "{status}: {}", server.process.log());
    told.elapsed()
}

fn given_back(store: &Store) {
    assert_eq!(store.count("events WHERE claimed_by IS NOT NULL OR status NOT IN ('pending', 'processed')"), 0);
    assert_eq!(store.count("events WHERE attempts > 1 OR crashes > 0"), 0);
    assert_eq!(store.count("tasks WHERE status = 'running'"), 0);
    assert_eq!(store.count("events WHERE status = 'processed'"), store.count("effects"));
}

/// A handler that takes longer than stopping may does not hold it up, and its event is processed once by the next one.
pub fn with_a_slow_handler(_: Form, counts: &mut Counts) {
    let store = Store::fresh();
    let spec = Spec { clock: Some(0), stop_deadline: 500, ..Spec::new(store.url()) };
    let ids: BTreeSet<String> = (0..3).map(|number| format!("evt_slow_{number}")).collect();
    runtime().block_on(async {
        take(&spec, &ids).await;
        // On SQLite nothing more is taken meanwhile.
        let mut process = Server::spawn(&Spec { part: Part::Workers, handler_takes: 60_000, ..spec.clone() });
        until("a worker has them", LONGEST, async || {
            (store.count("events WHERE status = 'processing'") > 0).then_some(())
        })
        .await;
        let told = Instant::now();
        process.terminate();
        process.end(Duration::from_secs(15)).await;
        counts.add("ended after", format!("{:.1} s, of which 0.5 for the handler", told.elapsed().as_secs_f32()));
        let _next = Server::spawn(&Spec { part: Part::Workers, clock: Some(LEASE), ..spec });
        drained(&store, LONGEST).await;
        Ledger::read(&store, None).assert_holds(&ids, false);
    });
}

async fn take(spec: &Spec, ids: &BTreeSet<String>) {
    let intake = Server::start(&Spec { part: Part::Intake, ..spec.clone() }).await;
    for id in ids {
        let one = Payload::new(&event(id, "customer.created", id, Clock::System.now_seconds()));
        let answer = Client::default().deliver(intake.address, &one, Clock::System.now_seconds()).await.unwrap();
        assert_eq!(answer.status, 200);
    }
}
