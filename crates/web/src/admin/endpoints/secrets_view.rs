//! An endpoint's secrets and its rotation, as its page shows them: which one is used, what ends when, and what to look out for.

use tollgate_models::endpoints::{Endpoint, Secret, Status};

use super::{Notice, address};
use crate::admin::parts::Fact;
use crate::admin::show::{Id, Stamp, Tone, seconds_text};
use crate::endpoints::doubtful_secret;

/// A signing secret; never the secret itself.
pub(in crate::admin) struct SecretRow {
    pub(super) number: i64,
    pub(super) is_newest: bool,
    pub(super) has_ended: bool,
    pub(super) created: Stamp,
    pub(super) last_used: Option<Stamp>,
    pub(super) ends: Option<Stamp>,
    /// The page that asks before it is retired; none where it cannot be.
    pub(super) retire: Option<String>,
}

/// Rows out of secrets, newest first.
pub(super) fn secret_rows(secrets: &[Secret], operator: bool, now: i64) -> Vec<SecretRow> {
    let row = |(place, secret): (usize, &Secret)| {
        let has_ended = secret.expires_at.is_some_and(|at| at <= now);
        let base = address(&secret.endpoint_uuid);
        SecretRow {
            number: secret.id,
            is_newest: place == 0,
            has_ended,
            created: Stamp::short(secret.created_at, now),
            last_used: secret.last_used_at.map(|at| Stamp::short(at, now)),
            ends: secret.expires_at.map(|at| Stamp::short(at, now)),
            retire: (operator && place > 0 && !has_ended).then(|| format!("{base}/secrets/{}/retire", secret.id)),
        }
    };
    secrets.iter().enumerate().map(row).collect()
}

/// What to look out for when the newest secret has not proved itself.
pub(super) fn secret_notice(secrets: &[Secret], now: i64) -> Option<Notice> {
    let (newest, ending) = doubtful_secret(secrets, now)?;
    Some(Notice {
        tone: Tone::Warn,
        text: format!(
            "Secret {} has matched no delivery yet, while secret {} has, and ends {}. If what was pasted is not this \
             endpoint's secret, every delivery will be refused from then on.",
            newest.id,
            ending.id,
            ending.expires_at.map(utc).unwrap_or_default()
        ),
    })
}

/// What a rotation that is under way means for this endpoint.
pub(super) fn rotation_notice(
    endpoint: &Endpoint,
    before: Option<&Endpoint>,
    after: Option<&Endpoint>,
    now: i64,
) -> Option<Notice> {
    if endpoint.status == Status::Deleted {
        return None;
    }
    let before = before.filter(|old| old.status != Status::Deleted);
    let until = |at: Option<i64>| match at {
        Some(at) if at > now => format!("Both take events until {}; then", utc(at)),
        _ => "The overlap is over, and both still take events;".to_owned(),
    };
    let text = match (after, before) {
        (Some(new), _) if new.status == Status::Pending => {
            "Another endpoint is to take the place of this one, but Stripe has not confirmed it. Until then this one stays as \
             it is."
                .to_owned()
        }
        (Some(_), _) => format!(
            "Another endpoint takes the place of this one. {} this one is deleted, once the other has taken a delivery. What is \
             changed here is not changed there.",
            until(endpoint.retire_at)
        ),
        (None, Some(old)) => format!(
            "This endpoint takes the place of another. {} the other one is deleted, once this one has taken a delivery.",
            until(old.retire_at)
        ),
        (None, None) => return None,
    };
    Some(Notice { tone: Tone::Info, text })
}

/// The endpoints before and after this one.
pub(super) fn rotation_facts(
    endpoint: &Endpoint,
    before: Option<&Endpoint>,
    after: Option<&Endpoint>,
    now: i64,
) -> Vec<Fact> {
    let link = |name, other: &Endpoint| Fact::id(name, Id::link(&other.uuid, address(&other.uuid)));
    let retires = endpoint.retire_at.filter(|_| endpoint.status != Status::Deleted);
    let replaced = match before {
        Some(old) if old.status == Status::Deleted => "Replaced",
        _ => "Replaces",
    };
    [
        after.map(|after| link("Replaced by", after)),
        retires.map(|at| Fact::at("Retires", Stamp::full(at, now))),
        before.map(|before| link(replaced, before)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn utc(millis: i64) -> String {
    seconds_text(millis.div_euclid(1000)).unwrap_or_else(|| millis.to_string())
}
