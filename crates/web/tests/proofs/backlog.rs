//! Many events that wait while others arrive.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::watch;
use tollgate::Clock;

use crate::counts::Counts;
use crate::form::Form;
use crate::host::{Part, Spec};
use crate::rig::{Client, Ledger, Load, Payload, Plan, Server, Store, drained, event, left, runtime, until};

const LONGEST: Duration = Duration::from_secs(1200);
const SENDERS: usize = 32;
/// Nearly every delivery is answered sooner, debug build or not.
const SOON: Duration = Duration::from_secs(1);

pub fn prove(form: Form, counts: &mut Counts) {
    let store = Store::fresh();
    let waiting = form.pick(1_600, 100_000) / SENDERS * SENDERS;
    runtime().block_on(async {
        let spec = Spec::new(store.url());
        let intake = Server::start(&Spec { part: Part::Intake, ..spec.clone() }).await;
        join_all((0..SENDERS).map(|sender| fill(&intake, sender, waiting / SENDERS))).await;
        intake_ends(intake).await;
        assert_eq!(store.count("events WHERE status = 'pending'"), i64::try_from(waiting).unwrap());
        let (begun, server) = (Instant::now(), Server::start(&spec).await);
        let (_, target) = watch::channel(Some(server.address));
        let load = Load::start(&Plan::new(4, 50), &target);
        until("the backlog is done", LONGEST, async || {
            (store.count("events WHERE status = 'pending' AND id LIKE 'evt_backlog%'") == 0).then_some(())
        })
        .await;
        let took = begun.elapsed();
        until("some came meanwhile", LONGEST, async || (load.acknowledged() >= 50).then_some(())).await;
        let mut tally = load.stop().await;
        tally.assert_only(&[200]);
        drained(&store, LONGEST).await;
        assert!(left(&store).is_empty());
        Ledger::read(&store, None).assert_holds(&tally.ids(), false);
        counts.add("waiting", waiting);
        counts.add("processed a second", format!("{:.0}", waiting as f64 / took.as_secs_f64()));
        counts.add("acknowledged meanwhile", tally.acknowledged.len());
        let p99 = tally.percentile(99);
        counts.add("p99 of that", format!("{} ms", p99.as_millis()));
        assert!(p99 < SOON, "p99 was {p99:?}");
    });
}

async fn fill(intake: &Server, sender: usize, count: usize) {
    let mut client = Client::default();
    for number in 0..count {
        let id = format!("evt_backlog_{sender}_{number}");
        let one = Payload::new(&event(&id, "customer.created", &id, Clock::System.now_seconds()));
        let answer = client.deliver(intake.address, &one, Clock::System.now_seconds()).await.unwrap();
        assert_eq!(answer.status, 200);
    }
}

async fn intake_ends(mut intake: Server) {
    intake.process.terminate();
    assert!(intake.process.end(LONGEST).await.success());
}
