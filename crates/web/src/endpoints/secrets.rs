//! Signing secrets: one that was rolled in Stripe's dashboard is added, and one of before is ended.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tollgate_models::AnyConnection;
use tollgate_models::endpoints::{self as rows, Endpoint, Status};
use tollgate_stripe_client::WebhookSecret;

use super::creation::conflict;
use super::overlap::{millis, span};
use super::{EndpointError, Field, Refusal, find, seal};
use crate::audit::{self, Actor};
use crate::keyring::{Keyring, endpoint_secret_place};
use crate::{Error, Tollgate};

/// The longest secret that is taken; Stripe's have about 40 characters.
const LONGEST: usize = 255;

/// A secret that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewSecret {
    /// Its number.
    pub number: i64,
    /// When the others are no longer taken, in unix milliseconds.
    pub others_end_at: i64,
    /// How many others there are that were still taken.
    pub others: usize,
}

/// Reads a signing secret that somebody pasted.
///
/// # Errors
/// A refusal that does not hold what was pasted: empty, blank, with space inside, too long, or a Stripe key.
pub fn signing_secret(text: &str) -> Result<WebhookSecret, Refusal> {
    let refused = |message: String| Refusal { field: Some(Field::Secret), message };
    let secret = WebhookSecret::parse(text.trim()).map_err(|error| refused(error.to_string()))?;
    if ["sk_", "rk_", "pk_"].iter().any(|key| secret.expose().starts_with(key)) {
        let text = "this is a Stripe API key; a signing secret begins with whsec_ and stands on the endpoint's page";
        return Err(refused(text.to_owned()));
    }
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if secret.expose().len() > LONGEST || secret.expose().contains(odd) {
        let text = "this is no signing secret: copy the whsec_… text from Stripe's dashboard once more, alone";
        return Err(refused(text.to_owned()));
    }
    Ok(secret)
}

/// Adds a secret that was rolled at Stripe; the endpoint's others are taken for as long as the overlap.
///
/// # Errors
/// [`EndpointError::Refused`] when the secret is known here already; [`Error::Conflict`] when the endpoint is pending.
pub async fn add_secret(
    tollgate: &Tollgate,
    uuid: &str,
    secret: WebhookSecret,
    overlap: Duration,
    actor: &Actor,
) -> Result<NewSecret, EndpointError> {
    let endpoint = find(tollgate, uuid).await?;
    if endpoint.status == Status::Pending {
        return Err(conflict("the endpoint is pending: its secret comes with Stripe's answer, so retry it"));
    }
    let sealed = seal(tollgate, &endpoint.uuid, &SecretString::from(secret.expose()))?;
    let (keyring, actor, now) = (tollgate.keyring().clone(), actor.clone(), tollgate.clock().now_millis());
    let added = tollgate
        .db()
        .write(move |conn| -> Result<_, tollgate_models::Error> {
            rows::lock(conn, &endpoint.uuid)?;
            if let Some(known) = whose(conn, &keyring, &secret)? {
                return Ok(Err(known_already(&known, &endpoint, now)));
            }
            let number = rows::insert_secret(conn, &endpoint.uuid, &sealed, now)?;
            let others_end_at = now.saturating_add(millis(overlap));
            let others = rows::expire_other_secrets(conn, &endpoint.uuid, number, others_end_at)?;
            let detail = format!("secret {number}; the others end after {}", span(overlap));
            audit::record(conn, &actor, "endpoint.secret_added", &endpoint.uuid, &detail, now)?;
            Ok(Ok(NewSecret { number, others_end_at, others }))
        })
        .await?;
    tollgate.intake_refresh().await?;
    added.map_err(|refusal| EndpointError::Refused(vec![refusal]))
}

/// The row that holds this secret, of whichever endpoint.
fn whose(
    conn: &mut AnyConnection,
    keyring: &Keyring,
    secret: &WebhookSecret,
) -> Result<Option<rows::Secret>, tollgate_models::Error> {
    let is_same = |row: &rows::Secret| {
        let plain = keyring.open(endpoint_secret_place(&row.endpoint_uuid), &row.sealed);
        plain.is_ok_and(|plain| plain.expose_secret() == secret.expose())
    };
    Ok(rows::all_secrets(conn)?.into_iter().find(is_same))
}

fn known_already(known: &rows::Secret, endpoint: &Endpoint, now: i64) -> Refusal {
    let number = known.id;
    let message = if known.endpoint_uuid != endpoint.uuid {
        format!("this is the secret of another endpoint, {}: copy the one of {}", known.endpoint_uuid, endpoint.url)
    } else if known.expires_at.is_some_and(|at| at <= now) {
        format!("this is secret {number}, which has ended: roll it once more at Stripe and paste the new one")
    } else {
        format!("this is secret {number}, which is here already: paste the one that Stripe shows after it was rolled")
    };
    Refusal { field: Some(Field::Secret), message }
}

/// The newest secret if it never matched, with one that did since and is about to end: perhaps something else was pasted.
pub(crate) fn doubtful_secret(newest_first: &[rows::Secret], now: i64) -> Option<(&rows::Secret, &rows::Secret)> {
    let (newest, others) = newest_first.split_first()?;
    let used_since = |secret: &&rows::Secret| secret.last_used_at.is_some_and(|at| at > newest.created_at);
    let ending = others.iter().filter(|secret| secret.expires_at.is_some_and(|at| at > now)).find(used_since)?;
    newest.last_used_at.is_none().then_some((newest, ending))
}

/// Ends a secret at once; the newest one cannot be ended.
///
/// # Errors
/// [`Error::NotFound`] when the endpoint has no such secret; [`Error::Conflict`] when it is the newest, or has ended.
pub async fn retire_secret(tollgate: &Tollgate, uuid: &str, number: i64, actor: &Actor) -> Result<(), EndpointError> {
    let endpoint = find(tollgate, uuid).await?;
    let (actor, now) = (actor.clone(), tollgate.clock().now_millis());
    let retired = tollgate
        .db()
        .write(move |conn| -> Result<_, tollgate_models::Error> {
            rows::lock(conn, &endpoint.uuid)?;
            let secrets = rows::secrets(conn, &endpoint.uuid)?;
            if let Err(error) = may_retire(&secrets, number, now) {
                return Ok(Err(error));
            }
            rows::expire_secret(conn, number, now)?;
            let detail = format!("secret {number}");
            audit::record(conn, &actor, "endpoint.secret_retired", &endpoint.uuid, &detail, now)?;
            Ok(Ok(()))
        })
        .await?;
    tollgate.intake_refresh().await?;
    Ok(retired?)
}

fn may_retire(secrets: &[rows::Secret], number: i64, now: i64) -> Result<(), Error> {
    let place = secrets.iter().position(|secret| secret.id == number);
    match place.map(|place| (place, &secrets[place])) {
        None => Err(Error::NotFound(format!("the endpoint has no secret {number}"))),
        Some((0, _)) => Err(Error::Conflict(format!(
            "secret {number} is the newest, without which nothing is taken: add the one that follows first"
        ))),
        Some((_, secret)) if secret.expires_at.is_some_and(|at| at <= now) => {
            Err(Error::Conflict(format!("secret {number} has ended already")))
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_signing_secret_is_refused_without_being_repeated() {
        let long = format!("whsec_{}", "x".repeat(300));
        for text in [
            "",
            " ",
            "\t\r\n\u{b}",
            "sk_live_51Habcdefghijk",
            "rk_test_51Habcdefghijk",
            "pk_live_51Habcdefghijk",
            "whsec_abc def",
            "whsec_abc\ndef",
            "whsec_abc\0",
            long.as_str(),
        ] {
            let refusal = signing_secret(text).unwrap_err();
            assert_eq!(refusal.field, Some(Field::Secret), "{text}");
            assert!(!refusal.message.contains("abc") && !refusal.message.contains("xxx"), "{refusal:?}");
        }
        assert_eq!(signing_secret(" whsec_abc\n").unwrap().expose(), "whsec_abc");
        assert_eq!(signing_secret("something-new").unwrap().expose(), "something-new");
    }
}
