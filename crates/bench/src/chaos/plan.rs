//! Which events arrive, and when: the disorder.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// How far from its place an event may arrive.
const DISORDER: usize = 200;
/// How often a refused event is sent again; Stripe does so for three days.
const RETRIES: u32 = 6;

/// One event on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// How many events have happened when it arrives.
    pub slot: usize,
    /// Which event it is.
    pub event: usize,
    attempts: u32,
}

/// Everything that is sent, in the order of arrival.
#[derive(Debug)]
pub struct Plan {
    /// What is sent.
    pub arrivals: Vec<Arrival>,
    /// How many events are not.
    pub dropped: usize,
}

impl Plan {
    /// What is sent, in the order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = &Arrival> {
        self.arrivals.iter()
    }
}

/// 5 % never arrive, 5 % twice, everything out of place, some much too late.
pub fn arrivals(events: &[usize], seed: u64) -> Plan {
    let mut dice = StdRng::seed_from_u64(seed);
    let (mut arrivals, mut dropped) = (Vec::new(), 0);
    for &event in events {
        if dice.random_ratio(1, 20) {
            dropped += 1;
            continue;
        }
        let late = if dice.random_ratio(1, 50) { 20 * DISORDER } else { 0 };
        let times = if dice.random_ratio(1, 20) { 2 } else { 1 };
        for _ in 0..times {
            let slot = event + late + dice.random_range(0..DISORDER);
            arrivals.push(Arrival { slot, event, attempts: 0 });
        }
    }
    arrivals.shuffle(&mut dice);
    arrivals.sort_by_key(|arrival| arrival.slot);
    Plan { arrivals, dropped }
}

/// What is still to be sent, the next one first.
#[derive(Debug)]
pub struct Queue {
    waiting: BTreeMap<(usize, usize), Arrival>,
    /// Keeps those of one slot in the order in which they came here.
    count: usize,
}

impl Queue {
    /// All of a plan.
    pub fn new(arrivals: Vec<Arrival>) -> Self {
        let count = arrivals.len();
        let waiting = arrivals.into_iter().enumerate().map(|(number, arrival)| ((arrival.slot, number), arrival));
        Self { waiting: waiting.collect(), count }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// What is sent next.
    pub fn next(&mut self) -> Option<Arrival> {
        self.waiting.pop_first().map(|(_, arrival)| arrival)
    }

    /// Takes back what was refused, to be sent later, each time twice as much later; false when it is given up.
    pub fn again(&mut self, arrival: Arrival) -> bool {
        if arrival.attempts == RETRIES {
            return false;
        }
        let slot = arrival.slot + (DISORDER << arrival.attempts);
        self.count += 1;
        self.waiting.insert((slot, self.count), Arrival { slot, attempts: arrival.attempts + 1, ..arrival });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_events_never_arrive_and_some_twice_and_none_before_it_happens() {
        let plan = arrivals(&(0..10_000).collect::<Vec<_>>(), 7);
        assert!((400..600).contains(&plan.dropped), "{}", plan.dropped);
        assert!((9_800..10_200).contains(&plan.arrivals.len()), "{}", plan.arrivals.len());
        assert!(plan.iter().all(|arrival| arrival.slot >= arrival.event));
        assert!(plan.arrivals.is_sorted_by_key(|arrival| arrival.slot));
        assert!(!plan.arrivals.is_sorted_by_key(|arrival| arrival.event));
        assert_eq!(arrivals(&(0..10_000).collect::<Vec<_>>(), 7).arrivals, plan.arrivals);
    }

    #[test]
    fn what_is_refused_comes_again_later_until_it_is_given_up() {
        let mut queue = Queue::new(vec![Arrival { slot: 5, event: 5, attempts: 0 }]);
        let mut slots = Vec::new();
        while let Some(arrival) = queue.next() {
            slots.push(arrival.slot);
            assert_eq!(queue.again(arrival), slots.len() <= RETRIES as usize);
        }
        assert_eq!(slots, [5, 205, 605, 1405, 3005, 6205, 12_605]);
    }
}
