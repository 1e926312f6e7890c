//! A machine's clock that jumps, forward and back, under load.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::RngExt;
use tokio::sync::watch;

use crate::counts::Counts;
use crate::form::Form;
use crate::host::{CLOCK, Spec};
use crate::rig::{Client, Ledger, Load, Plan, Server, Store, drained, runtime, until};

const LONGEST: Duration = Duration::from_secs(60);
/// A signature may be so old or so new, in milliseconds.
const TOLERANCE: i64 = 300_000;
const HOUR: i64 = 3_600_000;

pub fn prove(form: Form, counts: &mut Counts) {
    let (store, folder) = (Store::fresh(), tempfile::tempdir().unwrap());
    let notes = folder.path().join("notes");
    let spec =
        Spec { notes: Some(notes.clone()), clock: Some(0), workers: 2, handler_takes: 2, ..Spec::new(store.url()) };
    runtime().block_on(async {
        let mut server = Server::start(&spec).await;
        let (_, target) = watch::channel(Some(server.address));
        let load = Load::start(&Plan::new(8, 200), &target);
        let jumps = jumps(form);
        for to in &jumps {
            jump(&server, *to).await;
            proceeds(&load, *to).await;
        }
        jump(&server, 0).await;
        proceeds(&load, 0).await;
        let tally = load.stop().await;
        tally.assert_only(&[200, 400, 503]);
        drained(&store, LONGEST).await;
        Ledger::read(&store, Some(&notes)).assert_holds(&tally.ids(), true);
        assert_eq!(server.process.ended(), None, "it ended: {}", server.process.log());
        counts.add("jumps", jumps.len() + 1);
        counts.add("acknowledged", tally.acknowledged.len());
        counts.add("refused as signed at another time", tally.answered(400));
        counts.add("lost", 0);
    });
}

// By how much the clock is off, one after the other: within what signatures may be, and far beyond.
fn jumps(form: Form) -> Vec<i64> {
    let mut random = form.random();
    let mut jumps = vec![TOLERANCE / 2, 48 * HOUR, -TOLERANCE / 2, -48 * HOUR];
    jumps.extend((0..form.pick(4, 60)).map(|_| match random.random_ratio(1, 2) {
        true => random.random_range(-TOLERANCE / 2..TOLERANCE / 2),
        false => random.random_range(-1000 * HOUR..1000 * HOUR),
    }));
    jumps
}

async fn jump(server: &Server, to: i64) {
    let answer = Client::default().post(server.address, &format!("{CLOCK}/{to}"), &[], Bytes::new()).await;
    assert_eq!(answer.unwrap().status, 204);
}

// Events are taken, or refused while the clock is off by more than signatures allow: Stripe sends them again.
async fn proceeds(load: &Load, off: i64) {
    let now = Instant::now();
    let refused = load.answered(400);
    until("deliveries are answered after a jump", LONGEST, async || match off.abs() < TOLERANCE {
        true => load.first_after(now).map(drop),
        false => (load.answered(400) > refused + 10).then_some(()),
    })
    .await;
}
