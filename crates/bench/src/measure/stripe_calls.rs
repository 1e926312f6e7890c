//! How often Stripe is asked for each event: a listener stands in its place and counts.

use serde::Serialize;

use super::process;
use crate::error::Error;
use crate::rig::Rig;
use crate::rig::database::Kind;
use crate::rig::server::Serving;
use crate::rig::stripe::Stripe;

/// Connections of the load.
const CONNECTIONS: u32 = 16;

/// What was counted.
#[derive(Clone, Debug, Serialize)]
pub struct Calls {
    /// Events that were accepted, mirrored, handled and processed.
    pub events: u32,
    /// Requests to Stripe meanwhile, the server's start and end included.
    pub requests: usize,
    /// Requests for each event.
    pub per_event: f64,
}

/// Counts them on a fresh database.
///
/// # Errors
/// When anything fails, or an event was not acknowledged or not processed.
pub fn measure(rig: &Rig, kind: Kind, events: u32) -> Result<Calls, Error> {
    let stripe = Stripe::start()?;
    let mut site = rig.site(kind)?;
    site.settings.stripe = Some(stripe.base.clone());
    process(&site, Serving::OneHandler, CONNECTIONS, events, 0)?;
    let requests = stripe.requests();
    Ok(Calls { events, requests, per_event: requests as f64 / f64::from(events) })
}
