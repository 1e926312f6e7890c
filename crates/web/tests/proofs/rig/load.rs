//! Load: senders that deliver numbered events, each until it is acknowledged, as Stripe does.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tollgate::Clock;

use super::{Answer, Client, Gone, Payload, event};

/// How soon a sender that was not answered with 200 tries again.
const AGAIN: Duration = Duration::from_millis(25);
/// Events about one customer: a creation, then updates.
const EACH: usize = 3;

/// What a load is.
#[derive(Clone)]
pub struct Plan {
    /// How many deliver at the same time, each on a connection of its own.
    pub senders: usize,
    /// Events a second, all senders together.
    pub per_second: u32,
}

impl Plan {
    pub fn new(senders: usize, per_second: u32) -> Self {
        Self { senders, per_second }
    }
}

/// What came of a load.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// The ids that were answered with 200, and when.
    pub acknowledged: Vec<(String, Instant)>,
    /// How often each status was answered.
    pub answers: BTreeMap<u16, u64>,
    /// Deliveries that broke before an answer.
    pub broken: u64,
    /// How long each answer took.
    pub took: Vec<Duration>,
}

impl Tally {
    pub fn ids(&self) -> BTreeSet<String> {
        self.acknowledged.iter().map(|(id, _)| id.clone()).collect()
    }

    pub fn answered(&self, status: u16) -> u64 {
        self.answers.get(&status).copied().unwrap_or_default()
    }

    /// The first acknowledgement after an instant.
    pub fn first_after(&self, at: Instant) -> Option<Duration> {
        self.acknowledged.iter().filter_map(|(_, when)| when.checked_duration_since(at)).min()
    }

    /// How long an answer took at most, but for the slowest of a hundred, for example.
    pub fn percentile(&mut self, percent: usize) -> Duration {
        self.took.sort();
        self.took
            .get((self.took.len() * percent / 100).min(self.took.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    }

    /// What no load may be answered with.
    pub fn assert_only(&self, statuses: &[u16]) {
        let others: Vec<_> = self.answers.iter().filter(|(status, _)| !statuses.contains(status)).collect();
        assert!(others.is_empty(), "answered with {others:?}");
    }
}

/// A load that goes on until it is stopped.
pub struct Load {
    stop: Arc<AtomicBool>,
    senders: Vec<JoinHandle<()>>,
    tally: Arc<Mutex<Tally>>,
}

impl Load {
    /// Starts to send to where the watch says; while it says nothing, senders wait.
    pub fn start(plan: &Plan, target: &watch::Receiver<Option<SocketAddr>>) -> Self {
        let (stop, tally) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Tally>>::default());
        let senders = (0..plan.senders)
            .map(|number| {
                let sender = Sender {
                    plan: plan.clone(),
                    number,
                    target: target.clone(),
                    stop: Arc::clone(&stop),
                    tally: Arc::clone(&tally),
                };
                tokio::spawn(sender.run())
            })
            .collect();
        Self { stop, senders, tally }
    }

    pub fn acknowledged(&self) -> usize {
        self.tally.lock().unwrap().acknowledged.len()
    }

    pub fn answered(&self, status: u16) -> u64 {
        self.tally.lock().unwrap().answered(status)
    }

    pub fn first_after(&self, at: Instant) -> Option<Duration> {
        self.tally.lock().unwrap().first_after(at)
    }

    /// Lets each sender finish its event, so that everything that was sent is acknowledged.
    pub async fn stop(self) -> Tally {
        self.stop.store(true, Ordering::SeqCst);
        for sender in self.senders {
            sender.await.unwrap();
        }
        std::mem::take(&mut *self.tally.lock().unwrap())
    }
}

struct Sender {
    plan: Plan,
    number: usize,
    target: watch::Receiver<Option<SocketAddr>>,
    stop: Arc<AtomicBool>,
    tally: Arc<Mutex<Tally>>,
}

impl Sender {
    async fn run(mut self) {
        let pause = Duration::from_secs(1) * u32::try_from(self.plan.senders).unwrap() / self.plan.per_second;
        let mut pace = tokio::time::interval(pause);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut client = Client::default();
        for count in 0.. {
            pace.tick().await;
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let number = self.number;
            let event_type = if count % EACH == 0 { "customer.created" } else { "customer.updated" };
            let customer = format!("cus_load_{number}_{}", count / EACH);
            let event =
                event(&format!("evt_load_{number}_{count}"), event_type, &customer, Clock::System.now_seconds());
            self.deliver(&mut client, &Payload::new(&event)).await;
        }
    }

    // Until it is acknowledged.
    async fn deliver(&mut self, client: &mut Client, payload: &Payload) {
        loop {
            let target = self.target.wait_for(Option::is_some).await.ok().and_then(|to| *to);
            let Some(to) = target else { return };
            let seconds = Clock::System.now_seconds();
            let begun = Instant::now();
            if self.noted(payload, client.deliver(to, payload, seconds).await, begun) {
                return;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    // Whether it is acknowledged.
    fn noted(&self, payload: &Payload, answered: Result<Answer, Gone>, begun: Instant) -> bool {
        let mut tally = self.tally.lock().unwrap();
        match answered {
            Ok(answer) => {
                *tally.answers.entry(answer.status).or_default() += 1;
                tally.took.push(begun.elapsed());
                if answer.status == 200 {
                    tally.acknowledged.push((payload.id.clone(), Instant::now()));
                }
                answer.status == 200
            }
            Err(gone) => {
                tally.broken += u64::from(gone == Gone::Broken);
                false
            }
        }
    }
}
