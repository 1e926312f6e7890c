//! What the reason codes of refused deliveries mean, and what an operator can do about each.

/// The codes with their meaning.
pub(super) const REASONS: [(&str, &str); 13] = [
    (
        "missing_signature",
        "The POST had no Stripe-Signature header: it is not from Stripe, or a proxy removes the header.",
    ),
    (
        "malformed_signature",
        "The Stripe-Signature header cannot be read: it is not from Stripe, or a proxy changes it.",
    ),
    (
        "no_matching_signature",
        "No signature matches: another endpoint's secret, a body changed on the way, or a forgery.",
    ),
    (
        "timestamp_too_old",
        "The signature is older than the endpoint's tolerance: a replayed POST, or this server's clock is ahead.",
    ),
    ("timestamp_in_future", "The signature is dated ahead of this server's clock: check the clock."),
    ("body_too_large", "The body is beyond the limit (TOLLGATE_MAX_BODY_BYTES)."),
    ("incomplete_body", "The connection ended before the whole body was there: a network or a proxy cut it off."),
    (
        "slow_body",
        "The body took too long to arrive: a network or a proxy is slow, or somebody tries to hold connections.",
    ),
    ("malformed_body", "The body is no event of Stripe's."),
    ("wrong_mode", "A live event on a test endpoint, or the other way round."),
    ("wrong_account", "The event belongs to another account than the endpoint."),
    ("endpoint_disabled", "The endpoint is disabled here."),
    ("no_secret", "No signing secret is stored for the endpoint: retry its creation, or make it anew."),
];

/// The meaning of a code.
pub(super) fn meaning(code: &str) -> &'static str {
    REASONS.iter().find(|(known, _)| *known == code).map_or("", |(_, meaning)| meaning)
}
