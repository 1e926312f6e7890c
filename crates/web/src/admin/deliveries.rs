//! The deliveries log: the list, and the page of one delivery.

pub(super) mod list;
pub(super) mod page;

use tollgate_models::deliveries::Delivery;

use super::events::{self, Linked};
use super::parts::EndpointNames;
use super::show::{Badge, Stamp, size};

/// A row of a list of deliveries.
pub(super) struct DeliveryRow {
    pub(super) number: i64,
    pub(super) href: String,
    pub(super) at: Stamp,
    pub(super) outcome: Badge,
    pub(super) reason: String,
    pub(super) http_status: i32,
    pub(super) repeats: i64,
    pub(super) event: Option<Linked>,
    pub(super) endpoint: String,
    pub(super) remote_ip: String,
    pub(super) size: String,
}

impl DeliveryRow {
    pub(super) fn new(delivery: Delivery, names: &EndpointNames, now: i64) -> Self {
        Self {
            number: delivery.id,
            href: format!("/admin/deliveries/{}", delivery.id),
            at: Stamp::short(delivery.received_at, now),
            outcome: delivery.outcome.into(),
            reason: delivery.reason.unwrap_or_default(),
            http_status: delivery.http_status,
            repeats: delivery.repeats,
            event: delivery.event_id.map(|id| Linked { href: events::address(&id), id }),
            endpoint: names.name(delivery.endpoint_uuid.as_deref()),
            remote_ip: delivery.remote_ip.unwrap_or_default(),
            size: size(delivery.body_size),
        }
    }
}
