//! `GET /admin/deliveries/{number}`: one POST with its redacted headers and the start of a refused body.

use std::fmt::Write;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::{Map, Value};
use tollgate_models::QueryResult;
use tollgate_models::deliveries::{self, Delivery, Outcome};
use tollgate_models::endpoints::{self as endpoint_rows, Secret};
use tollgate_models::users::Role;

use crate::Error;
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::parts::{EndpointNames, Fact};
use crate::admin::reasons::meaning;
use crate::admin::roles::Viewer;
use crate::admin::show::{Badge, Id, Stamp, ago, count, size};
use crate::admin::{endpoints, events};

#[derive(Template)]
#[template(path = "admin/delivery.html")]
pub(in crate::admin) struct DeliveryPage {
    layout: Layout,
    number: i64,
    outcome: Badge,
    at: Stamp,
    reason: String,
    meaning: Option<&'static str>,
    facts: Vec<Fact>,
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_note: String,
}

/// The handler.
pub(in crate::admin) async fn show(viewer: Viewer, number: web::Path<i64>) -> Result<HttpResponse, PageError> {
    let wanted = *number;
    let found = viewer
        .tollgate
        .db()
        .read(move |conn| -> QueryResult<_> {
            let delivery = deliveries::find(conn, wanted)?;
            let secret = delivery.as_ref().and_then(|delivery| delivery.secret_id);
            let secret = secret.map(|id| endpoint_rows::find_secret(conn, id)).transpose()?.flatten();
            Ok((delivery, secret, EndpointNames::load(conn)?))
        })
        .await?;
    let (Some(delivery), secret, names) = found else {
        return Err(Error::NotFound(format!("there is no delivery number {wanted}")).into());
    };
    let layout = viewer.layout(Section::Deliveries, format!("Delivery #{wanted}, {}", delivery.outcome));
    page(&view(layout, delivery, secret.as_ref(), &names, viewer.may(Role::Operator), viewer.now))
}

pub(in crate::admin) fn view(
    layout: Layout,
    delivery: Delivery,
    secret: Option<&Secret>,
    names: &EndpointNames,
    operator: bool,
    now: i64,
) -> DeliveryPage {
    let reason = delivery.reason.clone().unwrap_or_default();
    let kept = delivery.body.as_deref();
    let body_note = match kept {
        _ if delivery.outcome == Outcome::Shadow => "Kept for some time, to be compared".to_owned(),
        _ if delivery.event_id.is_some() => "Kept with its event".to_owned(),
        Some(_) if !operator => "Shown to operators and admins".to_owned(),
        Some(body) if (body.len() as i64) < delivery.body_size => {
            format!("The first {} of {}", size(body.len() as i64), size(delivery.body_size))
        }
        Some([]) => "It was empty".to_owned(),
        Some(body) => size(body.len() as i64),
        None => "Not kept".to_owned(),
    };
    DeliveryPage {
        layout,
        number: delivery.id,
        outcome: delivery.outcome.into(),
        at: Stamp::full(delivery.received_at, now),
        meaning: delivery.reason.as_deref().map(meaning),
        facts: facts(&delivery, secret, names, now),
        headers: headers(&delivery.headers),
        body: kept.filter(|body| operator && !body.is_empty()).map(as_text),
        body_note,
        reason,
    }
}

fn facts(delivery: &Delivery, secret: Option<&Secret>, names: &EndpointNames, now: i64) -> Vec<Fact> {
    let mut facts = vec![Fact::text("Answered", delivery.http_status.to_string())];
    match &delivery.endpoint_uuid {
        Some(uuid) => facts.push(Fact::id("Endpoint", Id::link(names.name(Some(uuid)), endpoints::address(uuid)))),
        None => facts.push(Fact::text("Endpoint", "the legacy URL")),
    }
    if let Some(event) = &delivery.event_id {
        facts.push(Fact::id("Event", Id::link(event, events::address(event))));
    }
    facts.push(Fact::text("From", delivery.remote_ip.as_deref().unwrap_or("not known")));
    facts.push(Fact::text("Size", size(delivery.body_size)));
    if let Some(signed) = delivery.signature_time {
        facts.push(Fact::at("Signed", Stamp::full(signed.saturating_mul(1000), now)));
    }
    if let Some(number) = delivery.secret_id {
        facts.push(Fact::text("Signed with", secret_text(number, secret, now)));
    }
    if delivery.repeats > 1 {
        facts.push(Fact::text("Stands for", format!("{} POSTs like it", count(delivery.repeats))));
    }
    facts
}

fn secret_text(number: i64, secret: Option<&Secret>, now: i64) -> String {
    let state = match secret {
        None => " (no longer kept)".to_owned(),
        Some(secret) => match secret.expires_at {
            Some(at) if at <= now => format!(" (ended {})", ago(at, now)),
            Some(at) => format!(" (ends {})", ago(at, now)),
            None => String::new(),
        },
    };
    format!("secret {number}{state}")
}

fn headers(json: &str) -> Vec<(String, String)> {
    let headers: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    headers.into_iter().map(|(name, value)| (name, text(value))).collect()
}

/// Text as text, anything else as a hex dump; control characters would be invisible.
fn as_text(body: &[u8]) -> String {
    // A body that was cut may end inside a character.
    let text = match std::str::from_utf8(body) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&body[..error.valid_up_to()]).ok(),
        Err(_) => None,
    };
    match text {
        Some(text) if text.chars().all(|c| !c.is_control() || c.is_whitespace()) => text.to_owned(),
        _ => hex_dump(body),
    }
}

fn hex_dump(body: &[u8]) -> String {
    let mut dump = String::new();
    for (line, bytes) in body.chunks(16).enumerate() {
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String =
            bytes.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' }).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(dump, "{:06x}  {:<47}  {text}", line * 16, hex.join(" "));
    }
    dump
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_shown_as_text_or_as_a_hex_dump() {
        assert_eq!(as_text("{\"a\": \"ü\"}\n".as_bytes()), "{\"a\": \"ü\"}\n");
        assert_eq!(as_text(&"aü".as_bytes()[..2]), "a");
        let dump = as_text(&[0xff, 0x00, b'a']);
        assert!(dump.starts_with("000000  ff 00 61") && dump.trim_end().ends_with("..a"), "{dump}");
        assert!(as_text(b"a\x1b[31m").contains("1b 5b"));
    }
}
