//! PostgreSQL that crashes, and connections that are cut, while events arrive and are processed.

use std::time::{Duration, Instant};

use diesel::RunQueryDsl;
use rand::RngExt;
use tokio::sync::watch;

use crate::counts::Counts;
use crate::form::Form;
use crate::host::Spec;
use crate::rig::{Cluster, Ledger, Load, Plan, Server, Store, drained, runtime, until};

/// A restart replays the log first.
const LONGEST_OUTAGE: Duration = Duration::from_secs(60);
const LONGEST_DRAIN: Duration = Duration::from_secs(180);
const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND random() < 0.5";

/// The server crashes and comes back.
pub fn restarts(form: Form, counts: &mut Counts) {
    let mut bench = Bench::new();
    runtime().block_on(async {
        let (server, load) = bench.begin().await;
        let (mut random, mut restarted) = (form.random(), Vec::new());
        for _ in 0..form.pick(2, 50) {
            live(random.random_range(100..1200)).await;
            bench.cluster.restart();
            restarted.push(again(&load).await);
        }
        counts.add("restarts", restarted.len());
        counts.times("taken again after", &restarted);
        bench.end(server, load, counts).await;
    });
}

/// Half of the connections are cut, again and again.
pub fn cuts(form: Form, counts: &mut Counts) {
    let bench = Bench::new();
    runtime().block_on(async {
        let (server, load) = bench.begin().await;
        let (mut random, mut cut, mut cuts) = (form.random(), 0, Vec::new());
        for _ in 0..form.pick(20, 500) {
            live(random.random_range(10..150)).await;
            cut += diesel::sql_query(CUT).execute(&mut bench.store.connect()).unwrap();
            cuts.push(again(&load).await);
        }
        assert!(cut > 0, "nothing was cut");
        counts.add("connections cut", cut);
        counts.times("taken again after", &cuts);
        bench.end(server, load, counts).await;
    });
}

struct Bench {
    store: Store,
    spec: Spec,
    cluster: Cluster,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let (cluster, folder) = (Cluster::start(None), tempfile::tempdir().unwrap());
        let store = Store::at(&cluster.url);
        let notes = Some(folder.path().join("notes"));
        let spec = Spec { notes, workers: 2, handler_takes: 2, ..Spec::new(store.url()) };
        Self { store, spec, cluster, _folder: folder }
    }

    async fn begin(&self) -> (Server, Load) {
        let server = Server::start(&self.spec).await;
        let (_, target) = watch::channel(Some(server.address));
        let load = Load::start(&Plan::new(8, 200), &target);
        until("events are taken", LONGEST_OUTAGE, async || (load.acknowledged() > 20).then_some(())).await;
        (server, load)
    }

    async fn end(&self, mut server: Server, load: Load, counts: &mut Counts) {
        let tally = load.stop().await;
        tally.assert_only(&[200, 503]);
        let stopped = Instant::now();
        drained(&self.store, LONGEST_DRAIN).await;
        let ledger = Ledger::read(&self.store, self.spec.notes.as_deref());
        counts.add("answered with 503", tally.answered(503));
        counts.add("acknowledged", tally.acknowledged.len());
        counts.add("effects", ledger.effects.values().sum::<i64>());
        counts.add("task runs", ledger.task_runs());
        counts.add("everything processed after", format!("{:.1} s", stopped.elapsed().as_secs_f32()));
        assert_eq!(server.process.ended(), None, "it ended: {}", server.process.log());
        ledger.assert_holds(&tally.ids(), true);
        counts.add("lost", 0);
    }
}

/// How long it takes from now until the next acknowledgement.
async fn again(load: &Load) -> Duration {
    let now = Instant::now();
    until("events are taken again", LONGEST_OUTAGE, async || load.first_after(now)).await
}

async fn live(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
