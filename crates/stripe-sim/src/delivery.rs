//! Deliveries: the queue, the worker that empties it, and the retries.

pub(crate) mod http;
mod options;
mod record;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};

use crate::state::{Shared, State};
use crate::tasks::Tasks;
use http::{Post, Sender};
pub use options::{DeliverOptions, Signature};
pub(crate) use record::DeliveryLog;
pub use record::{DeliveryRecord, DeliveryResult};

/// One delivery to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) event: String,
    pub(crate) endpoint: String,
    /// Counts from zero.
    pub(crate) attempt: usize,
    pub(crate) wrong_secret: bool,
    pub(crate) delay: Duration,
}

impl Job {
    pub(crate) fn first(event: &str, endpoint: &str) -> Self {
        Self {
            event: event.to_owned(),
            endpoint: endpoint.to_owned(),
            attempt: 0,
            wrong_secret: false,
            delay: Duration::ZERO,
        }
    }
}

/// Where deliveries are queued; counts those that are not done for good.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    queue: mpsc::UnboundedSender<Job>,
    pub(crate) pending: watch::Sender<usize>,
}

impl Outbox {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Job>) {
        let (queue, jobs) = mpsc::unbounded_channel();
        (Self { queue, pending: watch::Sender::new(0) }, jobs)
    }

    fn push(&self, job: Job) {
        self.pending.send_modify(|count| *count += 1);
        if self.queue.send(job).is_err() {
            self.done();
        }
    }

    fn done(&self) {
        self.pending.send_modify(|count| *count -= 1);
    }
}

impl State {
    /// Queues a delivery, after the fault plan has had its say.
    pub(crate) fn dispatch(&mut self, job: Job) {
        for job in self.faults.pass(job) {
            self.outbox.push(job);
        }
    }

    /// Queues what the fault plan holds back.
    pub(crate) fn release_held(&mut self) {
        for job in self.faults.release() {
            self.outbox.push(job);
        }
    }
}

/// How deliveries are made.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    /// The waits between attempts; when they are used up the delivery is given up.
    pub(crate) retries: Vec<Duration>,
    /// How long an endpoint may take to answer.
    pub(crate) timeout: Duration,
    /// How many deliveries are under way at once; one keeps them in order.
    pub(crate) concurrency: usize,
}

/// Makes the deliveries.
pub(crate) struct Courier {
    pub(crate) shared: Arc<Shared>,
    pub(crate) sender: Sender,
    pub(crate) policy: Policy,
    pub(crate) tasks: Tasks,
    pub(crate) outbox: Outbox,
}

impl Courier {
    /// Takes jobs from the queue in order, with at most `concurrency` under way.
    pub(crate) async fn run(self: Arc<Self>, mut jobs: mpsc::UnboundedReceiver<Job>) {
        let slots = Arc::new(Semaphore::new(self.policy.concurrency.max(1)));
        while let Some(job) = jobs.recv().await {
            if !job.delay.is_zero() {
                self.requeue_later(Job { delay: Duration::ZERO, ..job.clone() }, job.delay);
                continue;
            }
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
            let courier = Arc::clone(&self);
            self.tasks.spawn(async move {
                courier.attempt(job).await;
                drop(slot);
            });
        }
    }

    async fn attempt(&self, job: Job) {
        let Some(post) = self.prepare(&job) else { return self.outbox.done() };
        let frame = self.shared.lock().frame(&job.event, &job.endpoint, &post);
        if let Some(frame) = frame {
            // What the CLI makes of it comes over the socket; Stripe does not send again what it does not take.
            frame.send();
            return self.outbox.done();
        }
        let result = self.sender.send(post, self.policy.timeout).await;
        let accepted = result.accepted();
        let mut state = self.shared.lock();
        let at = state.now();
        state.deliveries.push(DeliveryRecord::new(&job.event, &job.endpoint, job.attempt, at, result));
        if accepted {
            state.events.taken(&job.event, &job.endpoint);
        }
        drop(state);
        match self.policy.retries.get(job.attempt) {
            Some(&wait) if !accepted => {
                self.requeue_later(Job { attempt: job.attempt + 1, wrong_secret: false, ..job }, wait);
            }
            _ => self.outbox.done(),
        }
    }

    /// The signed request; nothing when the endpoint is gone or disabled by now, for then Stripe does not send.
    fn prepare(&self, job: &Job) -> Option<Post> {
        let state = self.shared.lock();
        let endpoint = state.endpoint(&job.endpoint).filter(|endpoint| !endpoint.disabled)?;
        let signature = if job.wrong_secret { Signature::WrongSecret } else { Signature::Good };
        Post::signed(endpoint, state.body_for(&job.event, endpoint)?, &signature, state.now())
    }

    /// The job stays counted as pending while it waits.
    fn requeue_later(&self, job: Job, wait: Duration) {
        let outbox = self.outbox.clone();
        self.tasks.spawn(async move {
            tokio::time::sleep(wait).await;
            if outbox.queue.send(job).is_err() {
                outbox.done();
            }
        });
    }
}
