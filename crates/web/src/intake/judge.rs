//! The verdict on a delivery: the endpoint's state, the signature, the envelope, the mode and the account, in this order.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use bytes::Bytes;
use tollgate_models::endpoints::{Status, Validation};
use tollgate_models::intake::EventRow;
use tollgate_stripe_client::event::Kind;
use tollgate_stripe_client::webhook::{self, SignatureError};
use tollgate_stripe_client::{Envelope, WebhookSecret};

use super::KnownEndpoint;

/// A delivery that is taken.
pub(super) struct Judged {
    /// The event it carries.
    pub(super) event: EventRow,
    /// The endpoint secret that matched.
    pub(super) secret_id: Option<i64>,
    /// `t` of the signature, in unix seconds.
    pub(super) signature_time: Option<i64>,
}

/// Why a delivery is refused.
#[derive(Debug)]
pub(super) enum Reason {
    Signature(SignatureError),
    BodyTooLarge,
    IncompleteBody,
    SlowBody,
    MalformedBody,
    WrongMode,
    WrongAccount,
    EndpointDisabled,
}

impl Reason {
    /// The reason code, in the answer and in the log.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Signature(error) => error.code(),
            Self::BodyTooLarge => "body_too_large",
            Self::IncompleteBody => "incomplete_body",
            Self::SlowBody => "slow_body",
            Self::MalformedBody => "malformed_body",
            Self::WrongMode => "wrong_mode",
            Self::WrongAccount => "wrong_account",
            Self::EndpointDisabled => "endpoint_disabled",
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// Judges a delivery whose body was read whole; `now` in unix milliseconds.
pub(super) fn judge(endpoint: &KnownEndpoint, request: &HttpRequest, body: &Bytes, now: i64) -> Result<Judged, Reason> {
    if endpoint.status != Status::Enabled {
        return Err(Reason::EndpointDisabled);
    }
    let signature = match endpoint.validation {
        Validation::VerifySignature => Some(verify(endpoint, request, body, now).map_err(Reason::Signature)?),
        // Stripe is asked for the event before it is processed, or nobody is: a setting for test mode.
        Validation::RetrieveEvent | Validation::None => None,
    };
    let envelope = Envelope::parse(body).map_err(|_| Reason::MalformedBody)?;
    check_mode_and_account(endpoint, &envelope)?;
    let (secret_id, signature_time) = signature.unzip();
    Ok(Judged { event: event_row(endpoint, &envelope, body, now)?, secret_id: secret_id.flatten(), signature_time })
}

fn verify(
    endpoint: &KnownEndpoint,
    request: &HttpRequest,
    body: &Bytes,
    now: i64,
) -> Result<(Option<i64>, i64), SignatureError> {
    let mut headers = request.headers().get_all("stripe-signature");
    let header = match (headers.next(), headers.next()) {
        (None, _) => None,
        (Some(header), None) => Some(header.to_str().map_err(|_| SignatureError::Malformed("not ASCII"))?),
        (Some(_), Some(_)) => return Err(SignatureError::Malformed("more than one header")),
    };
    let live = || endpoint.secrets.iter().filter(|secret| secret.expires_at.is_none_or(|at| at > now));
    let secrets: Vec<WebhookSecret> = live().map(|known| known.secret.clone()).collect();
    let verified = webhook::verify(body, header, &secrets, endpoint.tolerance, now.div_euclid(1000))
        .inspect_err(|error| warn_about(endpoint, error))?;
    Ok((live().nth(verified.secret_index).and_then(|known| known.id), verified.timestamp))
}

// Only a holder of the secret can date a signature ahead: the likely cause is that our own clock is behind.
fn warn_about(endpoint: &KnownEndpoint, error: &SignatureError) {
    if let SignatureError::InFuture { .. } = error {
        tracing::error!(endpoint = endpoint.label(), %error, "a genuine signature is dated ahead: check this machine's clock");
    }
}

fn check_mode_and_account(endpoint: &KnownEndpoint, envelope: &Envelope<'_>) -> Result<(), Reason> {
    if endpoint.livemode.zip(envelope.livemode).is_some_and(|(ours, theirs)| ours != theirs) {
        return Err(Reason::WrongMode);
    }
    // A Connect endpoint gets connected accounts' events only, and any other none of them.
    let own = match (account_of(envelope), &endpoint.account) {
        (None, _) => true,
        (Some(account), Some(own)) => account == own,
        (Some(_), None) => false,
    };
    match endpoint.connect {
        Some(connect) if connect == own => Err(Reason::WrongAccount),
        _ => Ok(()),
    }
}

// A thin event names the connected account in its context, alone or after the organization.
fn account_of<'a>(envelope: &'a Envelope<'_>) -> Option<&'a str> {
    let in_context = envelope.context.as_deref().filter(|_| envelope.kind == Kind::Thin);
    let in_context = in_context.and_then(|context| context.rsplit('/').next()).filter(|id| id.starts_with("acct_"));
    envelope.account.as_deref().or(in_context)
}

fn event_row(endpoint: &KnownEndpoint, envelope: &Envelope<'_>, body: &Bytes, now: i64) -> Result<EventRow, Reason> {
    // A body that parsed as JSON is UTF-8; its bytes are kept as they are.
    let body = std::str::from_utf8(body).map_err(|_| Reason::MalformedBody)?;
    let livemode = endpoint.livemode.unwrap_or_default();
    let row = fetched_row(envelope, body, endpoint.account.as_deref(), livemode, now).ok_or(Reason::MalformedBody)?;
    Ok(EventRow { endpoint_uuid: endpoint.uuid.clone(), ..row })
}

/// An event as it is stored; none if it has no id, type or date that can be. `account` and `livemode` count where it does not say
/// itself; `now` in unix milliseconds.
pub(crate) fn fetched_row(
    envelope: &Envelope<'_>,
    body: &str,
    account: Option<&str>,
    livemode: bool,
    now: i64,
) -> Option<EventRow> {
    Some(EventRow {
        id: name(&envelope.id)?,
        type_: name(&envelope.type_)?,
        kind: match envelope.kind {
            Kind::Snapshot => "snapshot",
            Kind::Thin => "thin",
        },
        created: date(envelope.created)?,
        received_at: now,
        livemode: envelope.livemode.unwrap_or(livemode),
        account: optional_name(account_of(envelope)).or_else(|| account.map(str::to_owned)),
        endpoint_uuid: None,
        api_version: optional_name(envelope.api_version.as_deref()),
        object_type: optional_name(envelope.object.as_deref()),
        object_id: optional_name(envelope.object_id.as_deref()),
        request_id: optional_name(envelope.request_id.as_deref()),
        body: body.to_owned(),
    })
}

// From the years 1970 to 9999: beyond that no database and no page can reckon with it.
fn date(seconds: i64) -> Option<i64> {
    (0..=253_402_300_799).contains(&seconds).then_some(seconds)
}

// Stripe's ids have up to 255 characters: https://docs.stripe.com/upgrades#what-changes-does-stripe-consider-to-be-backwards-compatible
fn name(text: &str) -> Option<String> {
    let fits = !text.is_empty() && text.len() <= 255 && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

fn optional_name(text: Option<&str>) -> Option<String> {
    text.and_then(name)
}
