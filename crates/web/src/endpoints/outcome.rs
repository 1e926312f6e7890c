//! How an operation on an endpoint fails: refused at a field, left pending, or something else.

use tollgate_stripe_client::ApiError;

use crate::Error;

/// A field of the endpoint form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The base of the URL.
    BaseUrl,
    /// The event types.
    EnabledEvents,
    /// The event types whose deliveries are answered after their handlers.
    InlineEvents,
    /// The API version.
    ApiVersion,
    /// The description.
    Description,
    /// Test or live.
    Mode,
    /// The API key.
    Key,
    /// The tolerance.
    Tolerance,
    /// The validation method.
    Validation,
    /// Connect or not.
    Connect,
    /// What it is at Stripe.
    Kind,
    /// A signing secret.
    Secret,
    /// For how long the old and the new are both taken.
    Overlap,
}

impl Field {
    /// The name of its input.
    pub fn name(self) -> &'static str {
        match self {
            Self::BaseUrl => "base_url",
            Self::EnabledEvents => "enabled_events",
            Self::InlineEvents => "inline_events",
            Self::ApiVersion => "api_version",
            Self::Description => "description",
            Self::Mode => "mode",
            Self::Key => "api_key_id",
            Self::Tolerance => "tolerance_seconds",
            Self::Validation => "validation",
            Self::Connect => "connect",
            Self::Kind => "kind",
            Self::Secret => "secret",
            Self::Overlap => "overlap",
        }
    }
}

/// Something that cannot be taken, and where it was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The field; none if it is about the whole.
    pub field: Option<Field>,
    /// What is wrong and what to do.
    pub message: String,
}

/// Why an operation on an endpoint did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Refused, here or by Stripe; nothing was changed.
    #[error("{}", .0.iter().map(|refusal| refusal.message.as_str()).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Refusal>),
    /// Stripe's answer did not come or was of no use: the endpoint is pending.
    #[error("the endpoint {uuid} is pending, since Stripe's answer is missing: {problem}; retry it or clean it up")]
    Pending {
        /// The endpoint.
        uuid: String,
        /// What went wrong.
        problem: String,
    },
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Error),
}

/// Whether Stripe's error means that the request was judged and nothing was made of it.
pub(super) fn is_refusal(error: &ApiError) -> bool {
    matches!(error.status, 400..=404) && !error.is_idempotency_mismatch()
}

/// Puts Stripe's refusal at the field it names, in words that say what to do.
pub(super) fn refused_by_stripe(error: &ApiError) -> EndpointError {
    let field = match error.param.as_deref() {
        _ if error.is_authentication() || error.missing_permission().is_some() => Some(Field::Key),
        Some(param) => named(param.split('[').next().unwrap_or_default()),
        None => in_text(error),
    };
    let message = if let Some(permission) = error.missing_permission() {
        format!("the key lacks the permission {permission}: add it to the restricted key in Stripe's dashboard")
    } else if let Some(cap) = error.endpoint_cap() {
        format!("the account has its {cap} endpoints already: delete one that is no longer needed")
    } else if error.is_authentication() {
        format!("Stripe does not take this key: {}", error.message)
    } else {
        format!("Stripe: {}", error.message)
    };
    EndpointError::Refused(vec![Refusal { field, message }])
}

fn named(param: &str) -> Option<Field> {
    match param {
        "url" | "webhook_endpoint" => Some(Field::BaseUrl),
        "enabled_events" => Some(Field::EnabledEvents),
        "api_version" | "snapshot_api_version" => Some(Field::ApiVersion),
        "description" | "name" => Some(Field::Description),
        "connect" | "events_from" => Some(Field::Connect),
        "event_payload" => Some(Field::Kind),
        _ => None,
    }
}

/// Version 2 of the API has no parameter of its own for that: only a code, and a text that names the field.
fn in_text(error: &ApiError) -> Option<Field> {
    if error.code.as_deref() == Some("url_invalid") {
        return Some(Field::BaseUrl);
    }
    let mut words = error.message.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.find_map(|word| named(word).filter(|_| word.contains('_')))
}

/// Puts a failure of ours at a field, if the operator can mend it there.
pub(super) fn at_field(field: Field, error: Error) -> EndpointError {
    match error {
        Error::BadRequest(message) | Error::NotFound(message) => {
            EndpointError::Refused(vec![Refusal { field: Some(field), message }])
        }
        other => other.into(),
    }
}
