//! Who may send now: tokens, slots and the queue, as a plain value that is told the time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::throttle::Throttle;
use super::{Limits, Priority, Snapshot};
use crate::error::Limited;

/// One grant in this many goes to whoever has waited longest, so that backfill gets on also under steady load.
const FAIR: u64 = 10;
/// How long nobody sends after a complaint about the rate that does not say how long.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that is obeyed; Stripe documents no `Retry-After`, so a longer one is some proxy's.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Requests a second beyond which a wait would be no number a clock can take.
const SLOWEST: f64 = 0.001;
const FASTEST: f64 = 1e6;
/// Tokens are counted in fractions, and a timer may be early by a rounding.
const WHOLE: f64 = 1.0 - 1e-6;

/// A place in the queue: earlier is smaller.
pub(super) type Place = (Priority, u64);

#[derive(Debug)]
pub(super) struct State {
    rate: Throttle,
    slots: Throttle,
    burst: f64,
    tokens: f64,
    refilled: Instant,
    paused_until: Instant,
    in_flight: u32,
    queue: BTreeMap<Place, Arc<Notify>>,
    /// Who was told to look, and whether there was a slot then: if so it watches the time.
    told: Option<(Place, bool)>,
    arrived: u64,
    granted: u64,
    limited: u64,
}

impl State {
    pub(super) fn new(limits: Limits, now: Instant) -> Self {
        let burst = f64::from(limits.burst.max(1));
        let per_second = if limits.per_second.is_nan() { SLOWEST } else { limits.per_second.clamp(SLOWEST, FASTEST) };
        Self {
            rate: Throttle::new(per_second),
            slots: Throttle::new(f64::from(limits.in_flight.max(1))),
            burst,
            tokens: burst,
            refilled: now,
            paused_until: now,
            in_flight: 0,
            queue: BTreeMap::new(),
            told: None,
            arrived: 0,
            granted: 0,
            limited: 0,
        }
    }

    /// Joins the queue.
    pub(super) fn join(&mut self, priority: Priority, wake: Arc<Notify>) -> Place {
        self.arrived += 1;
        let place = (priority, self.arrived);
        self.queue.insert(place, wake);
        place
    }

    /// Leaves the queue before the grant, or gives an unused grant back.
    pub(super) fn leave(&mut self, place: Place, now: Instant) {
        if self.queue.remove(&place).is_none() {
            self.tokens += 1.0;
            self.in_flight = self.in_flight.saturating_sub(1);
        }
        self.dispatch(now);
    }

    /// Ends a request.
    pub(super) fn release(&mut self, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.dispatch(now);
    }

    pub(super) fn is_waiting(&self, place: Place) -> bool {
        self.queue.contains_key(&place)
    }

    pub(super) fn paused_until(&self) -> Instant {
        self.paused_until
    }

    /// Grants what can be granted at this moment, and tells the first of those who wait to look.
    pub(super) fn dispatch(&mut self, now: Instant) {
        self.refill(now);
        while let Some(place) = self.first(now)
            && self.due(place.0, now).is_some_and(|due| due <= now)
        {
            self.tokens -= 1.0;
            self.in_flight += 1;
            self.granted += 1;
            self.queue.remove(&place).inspect(|wake| wake.notify_one());
        }
        let first = self.first(now).map(|place| (place, self.has_slot(place.0, now)));
        if let Some((place, _)) = first.filter(|_| first != self.told) {
            self.queue.get(&place).inspect(|wake| wake.notify_one());
        }
        self.told = first;
    }

    /// When this one must look again by itself, if it is the one who watches the time; of a free slot it is told.
    pub(super) fn next_look(&self, place: Place, now: Instant) -> Option<Instant> {
        (self.told == Some((place, true))).then(|| self.due(place.0, now)).flatten()
    }

    /// Slows down after a 429 to a request that left at `sent`.
    pub(super) fn slow_down(&mut self, limited: Limited, asked: Option<Duration>, sent: Instant, now: Instant) {
        self.refill(now);
        self.limited += 1;
        match limited {
            Limited::Rate => {
                self.rate.cut(now, sent, self.rate.at(now) / 2.0);
                self.pause(asked.unwrap_or(PAUSE), now);
            }
            Limited::Concurrency => {
                self.slots.cut(now, sent, f64::from(self.in_flight) / 2.0);
                self.pause(asked.unwrap_or_default(), now);
            }
            // One object's limit: what others ask for is not held up.
            Limited::Resource | Limited::Lock => {}
        }
    }

    pub(super) fn snapshot(&mut self, now: Instant) -> Snapshot {
        self.refill(now);
        let mut waiting = [0; Priority::ALL.len()];
        for (priority, _) in self.queue.keys() {
            waiting[*priority as usize] += 1;
        }
        Snapshot {
            tokens: self.tokens.max(0.0),
            rate: self.rate.at(now),
            in_flight: self.in_flight,
            most_in_flight: self.slots_now(now),
            waiting,
            paused_for: Some(self.paused_until.saturating_duration_since(now)).filter(|left| !left.is_zero()),
            granted: self.granted,
            limited: self.limited,
        }
    }

    fn pause(&mut self, wait: Duration, now: Instant) {
        let until = now + wait.min(LONGEST_PAUSE);
        if !wait.is_zero() && until > self.paused_until {
            self.paused_until = until;
            // Nothing is saved up meanwhile: the pause ends with single requests, not with a burst.
            self.tokens = self.tokens.min(0.0);
            self.refilled = until;
        }
    }

    fn refill(&mut self, now: Instant) {
        if now > self.refilled {
            let rate = (self.rate.at(self.refilled) + self.rate.at(now)) / 2.0;
            self.tokens = (self.tokens + rate * (now - self.refilled).as_secs_f64()).min(self.burst);
            self.refilled = now;
        }
    }

    /// Who is next: the first of the highest priority, and now and then whoever has waited longest.
    fn first(&self, now: Instant) -> Option<Place> {
        let first = self.queue.keys().next().copied();
        let longest = Priority::ALL.into_iter().filter_map(|priority| {
            self.queue.range((priority, 0)..=(priority, u64::MAX)).next().map(|(place, _)| *place)
        });
        let fair = self.granted % FAIR == FAIR - 1;
        let longest = longest.filter(|_| fair).min_by_key(|place| place.1);
        longest.filter(|place| self.has_slot(place.0, now)).or(first)
    }

    /// When a request of this priority may leave; `None` as long as there are too many at once.
    fn due(&self, priority: Priority, now: Instant) -> Option<Instant> {
        let missing = WHOLE - self.tokens;
        let start = now.max(self.refilled);
        let due = if missing <= 0.0 { start } else { start + Duration::from_secs_f64(missing / self.rate.at(now)) };
        self.has_slot(priority, now).then_some(due)
    }

    /// Slots are held for as long as Stripe takes, so background work has half of them at most: a person is never
    /// kept waiting by slow answers to it.
    fn has_slot(&self, priority: Priority, now: Instant) -> bool {
        let slots = self.slots_now(now);
        let own = if priority >= Priority::Reconcile { slots.div_ceil(2) } else { slots };
        self.in_flight < own
    }

    fn slots_now(&self, now: Instant) -> u32 {
        self.slots.at(now) as u32
    }
}
