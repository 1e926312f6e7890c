//! What goes wrong on demand: in deliveries by a plan, in API answers by a list.

use std::collections::VecDeque;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::Value;

use crate::delivery::Job;

/// What goes wrong with deliveries; the default is nothing. `every` counts first attempts, zero means never.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultPlan {
    /// Every nth delivery is made twice.
    pub duplicate_every: u32,
    /// Every nth delivery is never made, as when Stripe gave up on it.
    pub drop_every: u32,
    /// Every nth first attempt is signed with a wrong secret; its retries are good.
    pub wrong_secret_every: u32,
    /// How long each delivery waits before its first attempt.
    pub delay: Duration,
    /// How many deliveries are held back and then made in another order; zero and one mean none.
    pub hold: usize,
    /// Events are dated down to a multiple of so many seconds, so that many share one; zero and one mean none.
    pub tie_seconds: u32,
}

impl FaultPlan {
    pub(crate) fn coarsen(&self, now: i64) -> i64 {
        now - now.rem_euclid(i64::from(self.tie_seconds.max(1)))
    }
}

/// What an API call gets instead of its answer.
#[derive(Clone, Debug, PartialEq)]
pub enum ApiFault {
    /// This status and body; nothing is done.
    Status(u16, Value),
    /// A page of HTML with this status, as a proxy would send; nothing is done.
    Html(u16),
    /// The call is carried out, and the answer comes so much later.
    Timeout(Duration),
    /// The call is carried out, and the connection breaks in the middle of the answer.
    Truncated,
    /// 429 with the reason header, and `Retry-After` in seconds if given; nothing is done.
    RateLimited {
        /// Seconds to wait.
        retry_after: Option<u64>,
    },
    /// 429 `lock_timeout`: another request holds the object; nothing is done.
    Locked,
    /// 409 `idempotency_key_in_use`: the same call is still under way; nothing is done.
    KeyInUse,
    /// 500 with Stripe's `api_error`; nothing is done.
    Error500,
}

/// An API fault that is still to come.
#[derive(Debug)]
struct Planned {
    method: String,
    path_prefix: String,
    fault: ApiFault,
    left: u32,
}

/// The plan, its counter, and what it holds back.
#[derive(Debug)]
pub(crate) struct Faults {
    pub(crate) plan: FaultPlan,
    shuffle: StdRng,
    deliveries: u32,
    held: Vec<Job>,
    planned: VecDeque<Planned>,
}

impl Faults {
    pub(crate) fn new(shuffle: StdRng) -> Self {
        Self { plan: FaultPlan::default(), shuffle, deliveries: 0, held: Vec::new(), planned: VecDeque::new() }
    }

    /// What becomes of a first attempt: the deliveries that are due now, in their order.
    pub(crate) fn pass(&mut self, mut job: Job) -> Vec<Job> {
        self.deliveries = self.deliveries.wrapping_add(1);
        let due = |every: u32| every > 0 && self.deliveries.is_multiple_of(every);
        if due(self.plan.drop_every) {
            return Vec::new();
        }
        job.wrong_secret = due(self.plan.wrong_secret_every);
        job.delay = self.plan.delay;
        let copies = if due(self.plan.duplicate_every) { 2 } else { 1 };
        let jobs = std::iter::repeat_n(job, copies);
        if self.plan.hold < 2 {
            return jobs.collect();
        }
        self.held.extend(jobs);
        if self.held.len() < self.plan.hold { Vec::new() } else { self.release() }
    }

    /// Everything held back, in an order drawn from the seed that is not the one it came in.
    pub(crate) fn release(&mut self) -> Vec<Job> {
        let mut jobs = std::mem::take(&mut self.held);
        let before = jobs.clone();
        jobs.shuffle(&mut self.shuffle);
        if jobs == before {
            jobs.reverse();
        }
        jobs
    }

    pub(crate) fn plan_api(&mut self, method: &str, path_prefix: &str, fault: ApiFault, times: u32) {
        let (method, path_prefix) = (method.to_ascii_uppercase(), path_prefix.to_owned());
        self.planned.push_back(Planned { method, path_prefix, fault, left: times });
    }

    /// The fault for this call, if one is planned.
    pub(crate) fn next_api(&mut self, method: &str, path: &str) -> Option<ApiFault> {
        self.planned.retain(|planned| planned.left > 0);
        let fits = |planned: &&mut Planned| planned.method == method && path.starts_with(&planned.path_prefix);
        let planned = self.planned.iter_mut().find(fits)?;
        planned.left -= 1;
        Some(planned.fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::{FaultPlan, Faults};
    use crate::delivery::Job;

    fn pass(plan: FaultPlan, count: usize) -> Vec<String> {
        let mut faults = Faults::new(StdRng::seed_from_u64(7));
        faults.plan = plan;
        (0..count).flat_map(|n| faults.pass(Job::first(&n.to_string(), "we"))).map(|job| job.event).collect()
    }

    #[test]
    fn the_plan_duplicates_drops_and_reorders() {
        let plain = FaultPlan::default();
        assert_eq!(pass(FaultPlan { duplicate_every: 3, ..plain.clone() }, 3), ["0", "1", "2", "2"]);
        assert_eq!(pass(FaultPlan { drop_every: 2, ..plain.clone() }, 4), ["0", "2"]);
        let mut mixed = pass(FaultPlan { hold: 4, ..plain.clone() }, 4);
        assert_ne!(mixed, ["0", "1", "2", "3"]);
        mixed.sort();
        assert_eq!(mixed, ["0", "1", "2", "3"]);
        assert!(pass(FaultPlan { hold: 4, ..plain }, 3).is_empty());
    }

    #[test]
    fn ties_date_events_down() {
        let plan = FaultPlan { tie_seconds: 60, ..FaultPlan::default() };
        assert_eq!((plan.coarsen(119), plan.coarsen(120), FaultPlan::default().coarsen(119)), (60, 120, 119));
    }
}
