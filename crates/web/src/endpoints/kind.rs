//! The kinds of endpoints that Stripe has: webhook endpoints, and event destinations for snapshots or for thin events.

use tollgate_models::endpoints::{Endpoint, Object, Payload};

/// What an endpoint is at Stripe, and what its events carry; it cannot be changed later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Of version 1 of the API; events carry the object as it was.
    #[default]
    WebhookEndpoint,
    /// Of version 2 of the API; events carry the object as it was.
    SnapshotDestination,
    /// Of version 2 of the API; events name their object, which is fetched before they are processed.
    ThinDestination,
}

impl Kind {
    /// All kinds, in the order to offer them.
    pub const ALL: [Self; 3] = [Self::WebhookEndpoint, Self::SnapshotDestination, Self::ThinDestination];

    /// The kind of an endpoint.
    pub fn of(endpoint: &Endpoint) -> Self {
        match (endpoint.object, endpoint.payload) {
            (Object::WebhookEndpoint, _) => Self::WebhookEndpoint,
            (Object::EventDestination, Payload::Snapshot) => Self::SnapshotDestination,
            (Object::EventDestination, Payload::Thin) => Self::ThinDestination,
        }
    }

    /// Its name in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WebhookEndpoint => "webhook_endpoint",
            Self::SnapshotDestination => "snapshot_destination",
            Self::ThinDestination => "thin_destination",
        }
    }

    /// The kind with this name in forms.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Its name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::WebhookEndpoint => "Webhook endpoint",
            Self::SnapshotDestination => "Event destination: snapshot",
            Self::ThinDestination => "Event destination: thin",
        }
    }

    /// What it is at Stripe.
    pub fn object(self) -> Object {
        match self {
            Self::WebhookEndpoint => Object::WebhookEndpoint,
            Self::SnapshotDestination | Self::ThinDestination => Object::EventDestination,
        }
    }

    /// What its events carry.
    pub fn payload(self) -> Payload {
        if self.is_thin() { Payload::Thin } else { Payload::Snapshot }
    }

    /// Whether its events only name their object.
    pub fn is_thin(self) -> bool {
        self == Self::ThinDestination
    }

    /// Whether it is of version 2 of the API.
    pub fn is_destination(self) -> bool {
        self != Self::WebhookEndpoint
    }
}
