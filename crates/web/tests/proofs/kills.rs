//! A server that is killed again and again under load.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::RngExt;
use tokio::sync::watch;

use crate::counts::Counts;
use crate::form::Form;
use crate::host::Spec;
use crate::rig::{Ledger, Load, Plan, Server, Store, drained, runtime, until};

const LEASE: i64 = 61_000;
/// A claim of a process that is gone ends after a minute; then its events are processed one by one.
const LONGEST_DRAIN: Duration = Duration::from_secs(180);

pub fn prove(form: Form, counts: &mut Counts) {
    let (store, folder) = (Store::fresh(), tempfile::tempdir().unwrap());
    let notes = folder.path().join("notes");
    // Busy more than half of the time, so that many are killed inside the handler.
    let spec = Spec { notes: Some(notes.clone()), handler_takes: 3, ..Spec::new(store.url()) };
    runtime().block_on(async {
        let (target, seen) = watch::channel(None);
        let load = Load::start(&Plan::new(8, 200), &seen);
        let killed = kill_again_and_again(form, &spec, &target).await;
        // In the short form the claims of the last one that was killed have ended; in the long form that takes a minute.
        let clock = (!form.is_long()).then_some(LEASE);
        let server = Server::start(&Spec { clock, ..spec.clone() }).await;
        target.send_replace(Some(server.address));
        let last = *killed.last().unwrap();
        until("events are taken again", Duration::from_secs(20), async || load.first_after(last)).await;
        let tally = load.stop().await;
        tally.assert_only(&[200, 503]);
        drained(&store, LONGEST_DRAIN).await;
        let drained_after = last.elapsed();
        let ledger = Ledger::read(&store, Some(&notes));
        counts.add("kills", killed.len());
        counts.add("acknowledged", tally.acknowledged.len());
        counts.add("broken off", tally.broken);
        counts.add("events", ledger.events.len());
        counts.add("effects", ledger.effects.values().sum::<i64>());
        counts.add("task runs", ledger.task_runs());
        let recovered: Vec<Duration> = killed.iter().filter_map(|at| tally.first_after(*at)).collect();
        counts.times("taken again after", &recovered);
        counts.add("everything processed after the last kill", format!("{:.1} s", drained_after.as_secs_f32()));
        ledger.assert_holds(&tally.ids(), true);
        counts.add("lost", 0);
    });
}

// When each was killed.
async fn kill_again_and_again(form: Form, spec: &Spec, target: &watch::Sender<Option<SocketAddr>>) -> Vec<Instant> {
    let (mut random, mut killed) = (form.random(), Vec::new());
    while killed.len() < form.kills() {
        let mut process = Server::spawn(spec);
        // Now and then one does not even live to listen.
        if random.random_ratio(1, 8) {
            live(random.random_range(0..60)).await;
            process.kill();
        } else {
            let mut server = Server::listening(process).await;
            target.send_replace(Some(server.address));
            live(random.random_range(50..1200)).await;
            server.process.kill();
        }
        killed.push(Instant::now());
        target.send_replace(None);
    }
    killed
}

async fn live(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
