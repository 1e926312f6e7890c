//! How one delivery by hand differs from a normal one.

/// How the body is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    /// As Stripe does.
    #[default]
    Good,
    /// With a secret that is not the endpoint's.
    WrongSecret,
    /// There is no signature header.
    Missing,
    /// The header is not one that Stripe would write.
    Junk,
}

/// A delivery by hand, see [`Simulator::deliver`](crate::Simulator::deliver).
#[derive(Clone, Debug)]
pub struct DeliverOptions {
    /// The endpoint's id; none means every endpoint that the event was meant for.
    pub to: Option<String>,
    /// How it is signed.
    pub signature: Signature,
    /// Added to the timestamp that is signed, in seconds: negative for a stale delivery.
    pub skew_seconds: i64,
    /// How often it is sent, one after the other.
    pub times: u32,
    /// Sent and signed instead of the event's own body.
    pub body: Option<Vec<u8>>,
}

impl Default for DeliverOptions {
    fn default() -> Self {
        Self { to: None, signature: Signature::Good, skew_seconds: 0, times: 1, body: None }
    }
}

impl DeliverOptions {
    /// One good delivery to one endpoint.
    pub fn to(endpoint: impl Into<String>) -> Self {
        Self { to: Some(endpoint.into()), ..Self::default() }
    }
}
