//! Storing what arrived: many deliveries and their events in the caller's one transaction.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::db::{self, AnyConnection};
use crate::deliveries::Outcome;
use crate::schema::deliveries;
use crate::{events, shadow_events};

/// An event as it arrived.
#[derive(Clone, Debug)]
pub struct EventRow {
    /// `evt_…`
    pub id: String,
    /// For example `invoice.paid`.
    pub type_: String,
    /// `snapshot` or `thin`.
    pub kind: &'static str,
    /// When Stripe made it, in unix seconds.
    pub created: i64,
    /// When it arrived, in unix milliseconds.
    pub received_at: i64,
    /// Live or test mode.
    pub livemode: bool,
    /// The account it belongs to: the connected one of a Connect event, else the endpoint's own.
    pub account: Option<String>,
    /// The endpoint it came in by.
    pub endpoint_uuid: Option<String>,
    /// The API version its content is rendered in.
    pub api_version: Option<String>,
    /// `object` of `data.object`.
    pub object_type: Option<String>,
    /// `id` of `data.object`.
    pub object_id: Option<String>,
    /// The API request that caused it.
    pub request_id: Option<String>,
    /// The body, byte for byte.
    pub body: String,
}

/// One POST to a webhook URL.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
pub struct DeliveryRow {
    /// The endpoint; none for the legacy URL.
    pub endpoint_uuid: Option<String>,
    /// The event it carried, if that could be read and trusted.
    pub event_id: Option<String>,
    /// In unix milliseconds.
    pub received_at: i64,
    /// What became of it.
    pub outcome: Outcome,
    /// The reason code of a refusal.
    pub reason: Option<String>,
    /// The status that was answered.
    pub http_status: i32,
    /// The peer's address.
    pub remote_ip: Option<String>,
    /// The request's headers as a JSON object, those that carry secrets redacted.
    pub headers: String,
    /// The start of a refused body; an accepted one is kept with its event.
    pub body: Option<Vec<u8>>,
    /// The whole body's size in bytes.
    pub body_size: i64,
    /// The endpoint secret that matched.
    pub secret_id: Option<i64>,
    /// `t` of the signature, in unix seconds.
    pub signature_time: Option<i64>,
    /// How many POSTs this row stands for.
    pub repeats: i64,
}

/// A delivery with the event it carried, if it was accepted.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The delivery; its outcome is settled when it is stored.
    pub delivery: DeliveryRow,
    /// The event, none if the delivery is refused.
    pub event: Option<EventRow>,
}

/// What became of one arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The delivery's row.
    pub delivery_id: i64,
    /// Accepted, duplicate or refused.
    pub outcome: Outcome,
}

/// Stores arrivals, in their order, in the caller's transaction: each event once, each delivery with its outcome.
/// An event that came before and had failed is scheduled again at once, since somebody asked Stripe to resend it. What arrives
/// with the outcome `Shadow` is kept to be compared, and is no event.
///
/// # Errors
/// When the database refuses; then the caller's transaction must be rolled back.
pub fn store(conn: &mut AnyConnection, arrivals: Vec<Arrival>, now: i64) -> QueryResult<Vec<Stored>> {
    let mut seen = HashSet::new();
    let (mut rows, mut copies) = (Vec::with_capacity(arrivals.len()), Vec::new());
    for Arrival { delivery, event } in &arrivals {
        match event {
            Some(event) if delivery.outcome == Outcome::Shadow => copies.push(event),
            Some(event) if seen.insert(event.id.as_str()) => rows.push(event),
            _ => {}
        }
    }
    if !copies.is_empty() {
        shadow_events::insert(conn, &copies)?;
    }
    let mut fresh: HashSet<String> = HashSet::new();
    if !rows.is_empty() {
        fresh.extend(db::insert_events(conn, &rows)?);
    }
    if fresh.len() < rows.len() {
        let known: Vec<&str> = rows.iter().map(|row| row.id.as_str()).filter(|id| !fresh.contains(*id)).collect();
        events::reopen_failed(conn, &known, now)?;
    }
    let deliveries: Vec<DeliveryRow> = arrivals
        .into_iter()
        .map(|arrival| {
            let mut delivery = arrival.delivery;
            if let Some(event) = arrival.event.filter(|_| delivery.outcome != Outcome::Shadow) {
                delivery.outcome = if fresh.remove(&event.id) { Outcome::Accepted } else { Outcome::Duplicate };
            }
            delivery
        })
        .collect();
    let ids = db::insert_deliveries(conn, &deliveries)?;
    Ok(ids
        .into_iter()
        .zip(deliveries)
        .map(|(delivery_id, delivery)| Stored { delivery_id, outcome: delivery.outcome })
        .collect())
}

/// Stores events that were fetched, not delivered, in the caller's transaction; the ids of those that were not here.
///
/// # Errors
/// When the database refuses; then the caller's transaction must be rolled back.
pub fn store_fetched(conn: &mut AnyConnection, rows: &[EventRow]) -> QueryResult<Vec<String>> {
    let mut seen = HashSet::new();
    let rows: Vec<&EventRow> = rows.iter().filter(|row| seen.insert(row.id.as_str())).collect();
    if rows.is_empty() { Ok(Vec::new()) } else { db::insert_events(conn, &rows) }
}
