//! Harm at the N-th SQL statement, for N = 1, 2, 3 … until a run passes untouched.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tollgate::Clock;

use crate::counts::Counts;
use crate::form::Form;
use crate::host::{FAULT, Fault, Harm, Part, Spec};
use crate::rig::{Client, Ledger, Payload, Process, Server, Store, drained, event, left, runtime};

/// A claim of a process that is gone has ended by then; the clock is moved there instead of waiting.
const LEASE: i64 = 61_000;
/// Nobody needs more statements than this for a handful of events.
const MOST: u64 = 200;
const LONGEST: Duration = Duration::from_secs(60);

/// The process is gone before the N-th statement of the intake.
pub fn intake_dies(form: Form, counts: &mut Counts) {
    runtime().block_on(intake(form, Bench::new("intake", Harm::Abort), counts));
}

/// The process is gone before the N-th statement of a worker.
pub fn workers_die(form: Form, counts: &mut Counts) {
    runtime().block_on(workers(form, Bench::new("worker", Harm::Abort), counts));
}

/// The process is gone before the N-th statement of those who run tasks.
pub fn tasks_die(form: Form, counts: &mut Counts) {
    runtime().block_on(workers(form, Bench::new("tasks", Harm::Abort), counts));
}

/// Every connection is cut before the N-th statement of the intake.
pub fn intake_is_cut(form: Form, counts: &mut Counts) {
    runtime().block_on(intake(form, Bench::new("intake", Harm::Cut("cut_by_intake".to_owned())), counts));
}

/// Every connection is cut before the N-th statement of a worker.
pub fn workers_are_cut(form: Form, counts: &mut Counts) {
    runtime().block_on(workers(form, Bench::new("worker", Harm::Cut("cut_by_worker".to_owned())), counts));
}

/// Every connection is cut before the N-th statement of those who run tasks.
pub fn tasks_are_cut(form: Form, counts: &mut Counts) {
    runtime().block_on(workers(form, Bench::new("tasks", Harm::Cut("cut_by_tasks".to_owned())), counts));
}

// In the short form, every third: which, the seed says.
fn chosen(form: Form) -> impl Iterator<Item = u64> {
    let step = form.pick(3, 1);
    (form.seed % step as u64 + 1..=MOST).step_by(step)
}

struct Bench {
    store: Store,
    thread: &'static str,
    harm: Harm,
    notes: PathBuf,
    acknowledged: BTreeSet<String>,
    // By how much the clock is ahead, in milliseconds: it only ever goes forward.
    ahead: i64,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new(thread: &'static str, harm: Harm) -> Self {
        let (store, folder) = (Store::fresh(), tempfile::tempdir().unwrap());
        let notes = folder.path().join("notes");
        Self { store, thread, harm, notes, acknowledged: BTreeSet::new(), ahead: 0, _folder: folder }
    }

    /// A server; harmed at a statement, if one is given.
    fn spec(&self, part: Part, nth: Option<u64>) -> Spec {
        let mut database = self.store.url().to_owned();
        if let (Harm::Cut(name), Some(_)) = (&self.harm, nth) {
            database = format!("{database}&application_name={name}");
        }
        Spec {
            part,
            notes: Some(self.notes.clone()),
            clock: Some(self.ahead),
            retry_delays: Some(vec![0; 9]),
            fault: nth.map(|nth| Fault { thread: self.thread.to_owned(), nth, harm: self.harm.clone() }),
            ..Spec::new(database)
        }
    }

    fn seconds(&self) -> i64 {
        (Clock::System.now_millis() + self.ahead).div_euclid(1000)
    }

    async fn assert_holds(&self) {
        drained(&self.store, LONGEST).await;
        Ledger::read(&self.store, Some(&self.notes)).assert_holds(&self.acknowledged, true);
    }
}

async fn intake(form: Form, mut bench: Bench, counts: &mut Counts) {
    let (mut harmed, mut passed) = (0, false);
    for nth in chosen(form) {
        let mut server = Server::start(&bench.spec(Part::Whole, Some(nth))).await;
        let unanswered = deliver(&mut bench, &server, several(nth)).await;
        let untouched = !server.process.log().contains(FAULT);
        if bench.harm == Harm::Abort && !untouched {
            server.process.kill();
            bench.ahead += LEASE;
            server = Server::start(&bench.spec(Part::Whole, None)).await;
        }
        again(&mut bench, &server, unanswered).await;
        bench.assert_holds().await;
        if untouched {
            passed = true;
            break;
        }
        harmed += 1;
    }
    assert!(passed, "no run passed untouched");
    counts.add("statements of the intake harmed", harmed);
    counts.add("acknowledged", bench.acknowledged.len());
}

// Stripe sends again what was not acknowledged, until it is.
async fn again(bench: &mut Bench, server: &Server, mut unanswered: Vec<Vec<Payload>>) {
    let started = Instant::now();
    while !unanswered.is_empty() {
        assert!(started.elapsed() < LONGEST, "not taken: {unanswered:?}: {}", server.process.log());
        unanswered = deliver(bench, server, unanswered).await;
    }
}

// One alone, then some that may share a batch: new ones, one twice, and one that is there already.
fn several(round: u64) -> Vec<Vec<Payload>> {
    let one = |name: &str| about(&format!("evt_{name}_{round}"), "customer.created", round);
    vec![vec![one("first")], vec![one("second"), one("third"), one("third"), one("first")], vec![one("last")]]
}

fn about(id: &str, event_type: &str, round: u64) -> Payload {
    Payload::new(&event(id, event_type, &format!("cus_{round}"), Clock::System.now_seconds()))
}

/// Delivers groups one after the other, each all at once; what was not acknowledged.
async fn deliver(bench: &mut Bench, server: &Server, groups: Vec<Vec<Payload>>) -> Vec<Vec<Payload>> {
    let mut unanswered = Vec::new();
    for group in groups {
        let seconds = bench.seconds();
        let answers =
            group.iter().map(async |payload| Client::default().deliver(server.address, payload, seconds).await);
        let answers = futures_util::future::join_all(answers).await;
        let mut left = Vec::new();
        for (payload, answer) in group.into_iter().zip(answers) {
            match answer.map(|answer| answer.status) {
                Ok(200) => drop(bench.acknowledged.insert(payload.id)),
                Ok(503) | Err(_) => left.push(payload),
                Ok(status) => panic!("answered {status}"),
            }
        }
        unanswered.push(left);
    }
    unanswered.retain(|group| !group.is_empty());
    unanswered
}

async fn workers(form: Form, mut bench: Bench, counts: &mut Counts) {
    let (thread, mut harmed, mut passed) = (bench.thread, 0, false);
    for nth in chosen(form) {
        take(&mut bench, nth).await;
        let mut worker = Server::spawn(&bench.spec(Part::Workers, Some(nth)));
        let died = until_done_or_dead(&bench.store, &mut worker).await;
        let log = worker.log();
        let untouched = !log.contains(FAULT);
        assert!(!died || !untouched, "it died of something else: {log}");
        worker.kill();
        bench.ahead += LEASE;
        let _next = died.then(|| Server::spawn(&bench.spec(Part::Workers, None)));
        bench.assert_holds().await;
        if untouched {
            passed = true;
            break;
        }
        harmed += 1;
    }
    assert!(passed, "no run passed untouched");
    counts.add(&format!("statements of {thread} harmed"), harmed);
    counts.add("acknowledged", bench.acknowledged.len());
}

// Some that go well together, and one that fails at first: then its neighbours are taken again, each in a savepoint.
async fn take(bench: &mut Bench, round: u64) {
    let server = Server::start(&bench.spec(Part::Intake, None)).await;
    let events = [("created", "plain"), ("updated", "plain"), ("updated", "fails"), ("updated", "other")];
    let group = events.iter().enumerate().map(|(number, (kind, name))| {
        about(&format!("evt_{name}_{round}_{number}"), &format!("customer.{kind}"), round)
    });
    let group = group.collect();
    let unanswered = deliver(bench, &server, vec![group]).await;
    assert!(unanswered.is_empty(), "{unanswered:?}");
}

async fn until_done_or_dead(store: &Store, worker: &mut Process) -> bool {
    let started = Instant::now();
    loop {
        let left = left(store);
        if worker.ended().is_some() || left.is_empty() {
            return !left.is_empty();
        }
        assert!(started.elapsed() < LONGEST, "the worker is neither done nor dead: {left:?}: {}", worker.log());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
