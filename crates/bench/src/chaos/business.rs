//! The simulated business, step by step, with products and customers that come and go.

use serde_json::Value;
use tollgate_stripe_sim::{Clock, FaultPlan, Simulator};

use super::post::Target;
use crate::error::Error;

const DAY: i64 = 86_400;
/// Steps from one product and customer that come and go to the next.
const SEASON: usize = 20;

/// A business of so many events in 20 days, many of them of one second.
pub struct Shop {
    sim: Simulator,
    api: Target,
    events: usize,
    /// Seconds from one step to the next.
    pace: i64,
    start: i64,
    steps: usize,
    ids: Vec<String>,
    /// Paths of what came this season.
    guests: Vec<String>,
}

impl Shop {
    /// Opens it 20 days before `now`, with its API on a port of 127.0.0.1, 0 for a free one.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn open(seed: u64, events: usize, version: &str, port: u16, now: i64) -> Result<Self, Error> {
        let start = now - 20 * DAY;
        let builder = Simulator::builder().seed(seed).clock(Clock::manual(start)).retries([]).api_version(version);
        let started = builder.listen(([127, 0, 0, 1], port).into()).start().await;
        let sim = started.map_err(|error| Error::Wrong(error.to_string()))?;
        // What is delivered, and when, is not the simulator's to say here.
        sim.set_faults(FaultPlan { tie_seconds: 60, drop_every: 1, ..FaultPlan::default() });
        let api = Target::new(sim.url())?;
        let pace = (18 * DAY / (events as i64 / 4).max(1)).max(1);
        let shop = Self { sim, api, events, pace, start, steps: 0, ids: Vec::new(), guests: Vec::new() };
        // A receiver that manages its endpoints finds one.
        shop.ask("POST", "/v1/webhook_endpoints", "url=http://127.0.0.1:9/&enabled_events[]=*").await?;
        Ok(shop)
    }

    /// Lets things happen until so many events have, or all.
    ///
    /// # Errors
    /// When the simulator refuses something.
    pub async fn live_until(&mut self, slot: usize) -> Result<(), Error> {
        while self.ids.len() <= slot.min(self.events.saturating_sub(1)) {
            self.sim.business().step().await;
            self.come_and_go().await?;
            self.steps += 1;
            if self.now() < self.start + 19 * DAY {
                self.sim.clock().advance(self.pace);
            }
            self.ids = self.sim.event_ids();
        }
        Ok(())
    }

    /// Lets everything happen, and the last quarter of an hour pass without anything.
    ///
    /// # Errors
    /// When the simulator refuses something.
    pub async fn live_to_the_end(&mut self) -> Result<(), Error> {
        self.live_until(self.events).await?;
        self.sim.clock().advance(self.start + 20 * DAY - 1000 - self.now());
        Ok(())
    }

    // The business itself deletes nothing.
    async fn come_and_go(&mut self) -> Result<(), Error> {
        match self.steps % SEASON {
            3 => {
                for (path, form) in [("/v1/products", "name=Season"), ("/v1/customers", "name=Guest")] {
                    let made = self.ask("POST", path, form).await?;
                    self.guests.push(format!("{path}/{}", made["id"].as_str().unwrap_or_default()));
                }
            }
            9 => {
                for path in self.guests.clone() {
                    self.ask("POST", &path, "description=Known").await?;
                }
            }
            15 => {
                // Every third pair stays.
                let stays = (self.steps / SEASON).is_multiple_of(3);
                for path in std::mem::take(&mut self.guests).into_iter().filter(|_| !stays) {
                    self.ask("DELETE", &path, "").await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn ask(&self, method: &'static str, path: &str, form: &'static str) -> Result<Value, Error> {
        let (api, path) = (self.api.clone(), path.to_owned());
        let asked = tokio::task::spawn_blocking(move || api.ask(method, &path, form)).await;
        let answer = asked.map_err(|error| Error::Wrong(error.to_string()))?;
        answer.map_err(Error::io("the simulator did not answer"))
    }

    /// The business's time, in unix seconds.
    pub fn now(&self) -> i64 {
        self.sim.clock().now()
    }

    /// How many events have happened.
    pub fn events(&self) -> usize {
        self.ids.len()
    }

    /// The ids of all events, oldest first.
    pub fn ids(&self) -> Vec<String> {
        self.ids.clone()
    }

    /// An event by its number, as it is sent.
    pub fn event(&self, number: usize) -> Value {
        self.ids.get(number).and_then(|id| self.sim.event(id)).unwrap_or_default()
    }

    /// An event's type.
    pub fn event_type(&self, number: usize) -> String {
        self.event(number)["type"].as_str().unwrap_or_default().to_owned()
    }

    /// An object as the API shows it now; none when it is deleted.
    pub fn object(&self, id: &str) -> Option<Value> {
        self.sim.object(id).filter(|object| object["deleted"] != true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shop(seed: u64) -> Shop {
        Shop::open(seed, 300, "2026-10-28.endive", 0, 1_795_000_000).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_same_seed_makes_the_same_happen_however_it_is_cut() {
        let (mut once, mut step_by_step) = (shop(3).await, shop(3).await);
        once.live_to_the_end().await.unwrap();
        for slot in [0, 1, 70, 71, 299] {
            step_by_step.live_until(slot).await.unwrap();
            assert!(step_by_step.events() > slot);
        }
        step_by_step.live_to_the_end().await.unwrap();
        assert_eq!(once.ids(), step_by_step.ids());
        assert_eq!(once.event(250), step_by_step.event(250));
        let mut other = shop(4).await;
        other.live_to_the_end().await.unwrap();
        assert_ne!(once.ids(), other.ids());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn some_objects_are_deleted_and_many_events_are_of_one_second() {
        let mut shop = shop(5).await;
        shop.live_to_the_end().await.unwrap();
        let events: Vec<Value> = (0..shop.events()).map(|number| shop.event(number)).collect();
        let deletions: Vec<&Value> = events
            .iter()
            .filter(|event| event["type"].as_str().is_some_and(|name| name.ends_with("t.deleted")))
            .collect();
        assert!(!deletions.is_empty());
        for event in deletions {
            assert_eq!(shop.object(event["data"]["object"]["id"].as_str().unwrap()), None);
        }
        let tied = events.windows(2).filter(|pair| pair[0]["created"] == pair[1]["created"]).count();
        assert!(tied > events.len() / 2, "{tied} of {}", events.len());
    }
}
