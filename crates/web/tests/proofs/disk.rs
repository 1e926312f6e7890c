//! A database on a disk that is full for a while.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::counts::Counts;
use crate::form::Form;
use crate::host::Spec;
use crate::rig::{Cluster, Disk, Ledger, Load, Plan, Server, Store, drained, runtime, until};

const LONGEST: Duration = Duration::from_secs(60);
/// While the disk is full, this many deliveries are refused before it is freed.
const REFUSED: u64 = 40;

/// The disk of a SQLite file is full.
pub fn sqlite(form: Form, counts: &mut Counts) {
    let disk = Disk::new(12);
    let store = Store::at(&format!("sqlite://{}", disk.path().join("tollgate.db").display()));
    runtime().block_on(async {
        prove(form, &store, &disk, counts, &mut || {}).await;
    });
}

/// The disk of a PostgreSQL server is full.
pub fn postgres(form: Form, counts: &mut Counts) {
    let disk = Disk::new(256);
    let mut cluster = Cluster::start(Some(disk.path()));
    let store = Store::at(&cluster.url);
    let mut by_hand = 0;
    runtime().block_on(async {
        // PostgreSQL gives up when it cannot write its log, and then somebody has to start it again.
        prove(form, &store, &disk, counts, &mut || {
            if !cluster.is_up() {
                cluster.restart();
                by_hand += 1;
            }
        })
        .await;
    });
    counts.add("PostgreSQL had to be started by hand", by_hand);
}

async fn prove(form: Form, store: &Store, disk: &Disk, counts: &mut Counts, revive: &mut dyn FnMut()) {
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("notes");
    let spec = Spec { notes: Some(notes.clone()), handler_takes: 2, ..Spec::new(store.url()) };
    let mut server = Server::start(&spec).await;
    let (_, target) = watch::channel(Some(server.address));
    let load = Load::start(&Plan::new(8, 200), &target);
    let mut recovered = Vec::new();
    for _ in 0..form.pick(2, 10) {
        let (taken, refused) = (load.acknowledged(), load.answered(503));
        until("events are taken", LONGEST, async || (load.acknowledged() > taken + 50).then_some(())).await;
        until("nothing is taken any more", LONGEST, async || {
            disk.fill();
            (load.answered(503) > refused + REFUSED).then_some(())
        })
        .await;
        disk.free();
        revive();
        let freed = Instant::now();
        recovered.push(until("events are taken again", LONGEST, async || load.first_after(freed)).await);
    }
    let tally = load.stop().await;
    tally.assert_only(&[200, 503]);
    drained(store, LONGEST * 3).await;
    count(store, &notes, &tally.ids(), counts);
    counts.add("answered with 503", tally.answered(503));
    counts.times("taken again after", &recovered);
    assert_eq!(server.process.ended(), None, "it ended: {}", server.process.log());
}

fn count(store: &Store, notes: &Path, acknowledged: &std::collections::BTreeSet<String>, counts: &mut Counts) {
    let ledger = Ledger::read(store, Some(notes));
    ledger.assert_holds(acknowledged, true);
    if store.is_sqlite() {
        let check = store.pairs("SELECT integrity_check AS text, 1 AS count FROM pragma_integrity_check");
        assert_eq!(check, [("ok".to_owned(), 1)]);
    }
    counts.add("acknowledged", acknowledged.len());
    counts.add("effects", ledger.effects.values().sum::<i64>());
    counts.add("lost", 0);
}
