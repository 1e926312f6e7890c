//! Endpoints: the list, the form, the page of one, and what can be done to it.

pub(super) mod actions;
mod chooser;
pub(super) mod form;
pub(super) mod form_view;
pub(super) mod list;
pub(super) mod page;
pub(super) mod ping;
pub(super) mod retire;
pub(super) mod rotate;
mod secrets_view;
pub(super) mod upgrade;
pub(super) mod upgrade_end;
mod upgrade_type;
mod upgrade_view;

use tollgate_models::deliveries::Delivery;
use tollgate_models::endpoints::{Endpoint, Validation};

use super::fields::segment;
use super::show::{Badge, Stamp, Tone};

/// The page of an endpoint.
pub(super) fn address(uuid: &str) -> String {
    format!("/admin/endpoints/{}", segment(uuid))
}

/// A message above a page's content.
pub(super) struct Notice {
    pub(super) tone: Tone,
    pub(super) text: String,
}

/// An endpoint's last delivery.
pub(super) struct Last {
    pub(super) outcome: Badge,
    pub(super) reason: String,
    pub(super) at: Stamp,
}

impl Last {
    pub(super) fn of(delivery: Delivery, now: i64) -> Self {
        Self {
            outcome: delivery.outcome.into(),
            reason: delivery.reason.unwrap_or_default(),
            at: Stamp::short(delivery.received_at, now),
        }
    }
}

/// The standing warning about an endpoint that takes everything.
pub(super) fn unchecked_warning(endpoint: &Endpoint) -> Option<String> {
    (endpoint.validation == Validation::None).then(|| {
        format!(
            "The endpoint “{}” takes events unchecked: anyone who learns its URL can forge them.",
            super::parts::name_of(endpoint)
        )
    })
}

/// What has to be typed in live mode, before something that can stop deliveries of real money.
pub(super) fn typed(endpoint: &Endpoint) -> Option<String> {
    endpoint
        .livemode
        .then(|| if endpoint.description.is_empty() { endpoint.uuid.clone() } else { endpoint.description.clone() })
}
