//! A request budget: one account's requests to Stripe, within its limits, the urgent ones first.

mod snapshot;
mod state;
mod throttle;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::error::{Error, Limited};
pub use snapshot::Snapshot;
use state::{Place, State};

/// Whoever waits looks again after this time, though nobody told it to: the one who should have told may be a future
/// that is kept and not polled.
const BACKSTOP: Duration = Duration::from_secs(1);

/// For whom a call is made; what comes first goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A person waits for it.
    Person,
    /// Work on an event or a task.
    #[default]
    Worker,
    /// Comparing with Stripe what is here.
    Reconcile,
    /// Fetching what is old.
    Backfill,
}

impl Priority {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Person, Self::Worker, Self::Reconcile, Self::Backfill];

    /// A name for logs and gauges.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Worker => "worker",
            Self::Reconcile => "reconcile",
            Self::Backfill => "backfill",
        }
    }
}

/// How much an account may ask for. In no second more than `per_second + burst` requests leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Requests a second, in the long run.
    pub per_second: f64,
    /// Requests that may leave at once after a quiet time.
    pub burst: u32,
    /// Requests that may be under way at the same time; background work takes half of them at most.
    pub in_flight: u32,
}

impl Limits {
    /// Below Stripe's 100 requests a second in live mode.
    pub const LIVE: Self = Self { per_second: 80.0, burst: 15, in_flight: 50 };
    /// Below Stripe's 25 requests a second in a sandbox or test mode.
    pub const SANDBOX: Self = Self { per_second: 20.0, burst: 4, in_flight: 15 };
}

/// The budget of one account in one mode; cloning is cheap and shares it.
///
/// A request takes a token and a slot. Tokens come back at [`Limits::per_second`], slots when the answer is there. While
/// there are both, nobody waits. Otherwise the most urgent [`Priority`] goes first, in it the first come, and one grant
/// in ten goes to whoever has waited longest. A 429 halves the rate or the slots, whichever Stripe complains about, and
/// both come back over minutes. [`snapshot`](Self::snapshot) tells how it stands.
///
/// Give it to every client that acts for the account: [`ClientBuilder::budget`](crate::ClientBuilder::budget). It
/// knows of this process only; several processes notice each other by Stripe's 429s, or share the limit by [`Limits`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tollgate_stripe_client::Error> {
/// use tollgate_stripe_client::{Budget, Priority};
///
/// let budget = Budget::for_mode(false);
/// let permit = budget.acquire(Priority::Person, None).await?;
/// assert_eq!(budget.snapshot().in_flight, 1);
/// drop(permit);
/// assert_eq!(budget.snapshot().in_flight, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Budget(Arc<Mutex<State>>);

impl Budget {
    /// A budget with limits of your own.
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Mutex::new(State::new(limits, Instant::now()))))
    }

    /// A budget with the default limits of a mode.
    pub fn for_mode(livemode: bool) -> Self {
        Self::new(if livemode { Limits::LIVE } else { Limits::SANDBOX })
    }

    /// Waits for the permission to send one request; the request is under way until the permit is dropped.
    ///
    /// # Errors
    /// [`Error::NoRoom`] when the deadline passes before, or lies within a pause.
    pub async fn acquire(&self, priority: Priority, deadline: Option<Instant>) -> Result<Permit, Error> {
        let entered = Instant::now();
        let mut ticket = Ticket::take(self, priority, entered);
        loop {
            let now = Instant::now();
            let (look, paused_until) = match ticket.look(now) {
                Some(look) => look,
                None => return Ok(ticket.redeem(now)),
            };
            if deadline.is_some_and(|deadline| deadline <= now.max(paused_until)) {
                return Err(Error::NoRoom { waited: now - entered });
            }
            let until = deadline.map_or(look, |deadline| look.min(deadline));
            // Being told and the time being up come to the same: look again.
            let _ = timeout_at(until, ticket.wake.notified()).await;
        }
    }

    /// How it stands, for a gauge.
    pub fn snapshot(&self) -> Snapshot {
        self.state().snapshot(Instant::now())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(f)
    }
}

/// The permission to send one request, held until its answer is there.
#[derive(Debug)]
pub struct Permit {
    budget: Budget,
    sent: Instant,
}

impl Permit {
    /// Tells of a 429, so that the budget slows down; `retry_after` is what Stripe asked for.
    pub fn slow_down(&self, limited: Limited, retry_after: Option<Duration>) {
        self.budget.state().slow_down(limited, retry_after, self.sent, Instant::now());
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.budget.state().release(Instant::now());
    }
}

/// A place in the queue; who gives up waiting leaves it.
struct Ticket {
    budget: Budget,
    place: Place,
    wake: Arc<Notify>,
    redeemed: bool,
}

impl Ticket {
    fn take(budget: &Budget, priority: Priority, now: Instant) -> Self {
        let wake = Arc::new(Notify::new());
        let mut state = budget.state();
        let place = state.join(priority, Arc::clone(&wake));
        state.dispatch(now);
        drop(state);
        Self { budget: budget.clone(), place, wake, redeemed: false }
    }

    /// `None` once the permission is there; until then when to look again, and how long everybody pauses.
    fn look(&self, now: Instant) -> Option<(Instant, Instant)> {
        let mut state = self.budget.state();
        state.dispatch(now);
        let backstop = now.max(state.paused_until()) + BACKSTOP;
        let look = state.next_look(self.place, now).map_or(backstop, |due| due.min(backstop));
        state.is_waiting(self.place).then_some((look, state.paused_until()))
    }

    fn redeem(&mut self, now: Instant) -> Permit {
        self.redeemed = true;
        Permit { budget: self.budget.clone(), sent: now }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.redeemed {
            self.budget.state().leave(self.place, Instant::now());
        }
    }
}

/// The budgets of several accounts, each made when it is first asked for; cloning is cheap and shares them.
///
/// ```
/// use tollgate_stripe_client::Budgets;
/// let budgets = Budgets::default();
/// let live = budgets.of("acct_1", true);
/// assert_eq!(budgets.all().len(), 1);
/// # drop(live);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Budgets(Arc<Mutex<HashMap<(String, bool), Budget>>>);

impl Budgets {
    /// The budget of an account in a mode.
    pub fn of(&self, account: &str, livemode: bool) -> Budget {
        let mut budgets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        budgets.entry((account.to_owned(), livemode)).or_insert_with(|| Budget::for_mode(livemode)).clone()
    }

    /// Every budget there is, with its account and whether it is of live mode.
    pub fn all(&self) -> Vec<(String, bool, Budget)> {
        let budgets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        budgets.iter().map(|((account, livemode), budget)| (account.clone(), *livemode, budget.clone())).collect()
    }
}
