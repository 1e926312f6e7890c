//! A local Stripe for tests and demos: enough API, signed deliveries, faults on demand.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use tollgate_stripe_sim::Simulator;
//!
//! let sim = Simulator::builder().seed(7).start().await?;
//! let key = sim.api_key(&sim.account(), false);
//! assert!(key.starts_with("sk_test_"));
//! // Point a client at `sim.url()` with that key, create a webhook endpoint, then let something happen:
//! let event = sim.emit("customer.created", serde_json::json!({ "id": "cus_1", "object": "customer" }));
//! sim.settled().await;
//! assert!(sim.event(&event).is_some());
//! sim.stop().await;
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same seed and the same clock give the same ids and the same events. It listens on loopback only, and it delivers
//! to loopback only.

// Stripe's objects have more fields than `json!` takes by default.
#![recursion_limit = "256"]

mod business;
mod calendar;
mod cards;
mod clock;
mod delivery;
mod described;
mod diff;
mod engine;
mod failure;
mod faults;
mod fields;
mod ids;
mod money;
mod objects;
mod params;
mod requests;
mod routes;
mod server;
mod shapes;
mod simulator;
mod state;
mod tasks;

pub use business::Business;
pub use clock::Clock;
pub use delivery::{DeliverOptions, DeliveryRecord, DeliveryResult, Signature};
pub use faults::{ApiFault, FaultPlan};
pub use requests::RecordedRequest;
pub use simulator::{Builder, Simulator, StartError};
pub use state::Cause;
pub use state::endpoints::SimEndpoint;
pub use state::events::EmitOptions;
