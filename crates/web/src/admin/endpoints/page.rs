//! `GET /admin/endpoints/{uuid}`: an endpoint as Stripe has it, with its secrets, deliveries and history.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::QueryResult;
use tollgate_models::api_keys::{self, ApiKey};
use tollgate_models::audit::{self, Entry};
use tollgate_models::deliveries::{self, Delivery};
use tollgate_models::endpoints::{self as rows, Endpoint, Secret, Status};
use tollgate_models::page::Cursor;
use tollgate_models::upgrades::{self, Upgrade};
use tollgate_models::users::Role;

use super::list::events_text;
use super::secrets_view::{SecretRow, rotation_facts, rotation_notice, secret_notice, secret_rows};
use super::upgrade::upgrade_address;
use super::upgrade_view::{upgrade_facts, upgrade_notice};
use super::{Notice, address, unchecked_warning};
use crate::admin::deliveries::DeliveryRow;
use crate::admin::guard::sentence;
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::parts::{EndpointNames, Fact, name_of};
use crate::admin::roles::Viewer;
use crate::admin::show::{Badge, Id, Mode, Stamp, Tone};
use crate::endpoints::{self, EndpointError, Kind, VALIDATIONS, upgrade};
use crate::{Error, Tollgate};

/// How long a page waits for Stripe before it shows what is known here.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);
const DELIVERIES: usize = 10;
const ENTRIES: usize = 10;

/// A button that leads to a form or a page that asks again, or that posts at once.
pub(in crate::admin) struct Action {
    href: String,
    label: &'static str,
    primary: bool,
    dangerous: bool,
    posts: bool,
}

pub(in crate::admin) struct EntryRow {
    action: String,
    actor: String,
    at: Stamp,
}

#[derive(Template)]
#[template(path = "admin/endpoint.html")]
pub(in crate::admin) struct EndpointPage {
    layout: Layout,
    name: String,
    status: Badge,
    mode: Mode,
    connect: bool,
    url: Id,
    actions: Vec<Action>,
    notices: Vec<Notice>,
    facts: Vec<Fact>,
    types: Vec<String>,
    deliveries: Vec<DeliveryRow>,
    deliveries_url: String,
    secrets: Vec<SecretRow>,
    entries: Vec<EntryRow>,
}

/// What the database has about an endpoint.
pub(in crate::admin) struct Found {
    pub(in crate::admin) endpoint: Endpoint,
    /// The endpoint whose place this one takes.
    pub(in crate::admin) before: Option<Endpoint>,
    /// The endpoint that takes the place of this one.
    pub(in crate::admin) after: Option<Endpoint>,
    /// The newest upgrade that it had part in.
    pub(in crate::admin) upgrade: Option<Upgrade>,
    pub(in crate::admin) key: Option<ApiKey>,
    pub(in crate::admin) secrets: Vec<Secret>,
    pub(in crate::admin) deliveries: Vec<Delivery>,
    pub(in crate::admin) entries: Vec<Entry>,
}

/// The handler.
pub(in crate::admin) async fn show(viewer: Viewer, uuid: web::Path<String>) -> Result<HttpResponse, PageError> {
    let (endpoint, at_stripe) = ask_stripe(&viewer.tollgate, &uuid).await?;
    let found = viewer.tollgate.db().read(move |conn| -> QueryResult<_> {
        let filter = deliveries::Filter { endpoint_uuid: Some(endpoint.uuid.clone()), ..Default::default() };
        Ok(Found {
            before: endpoint.replaces.as_deref().map(|uuid| rows::find(conn, uuid)).transpose()?.flatten(),
            after: rows::successor(conn, &endpoint.uuid)?,
            upgrade: upgrades::latest(conn, &endpoint.uuid)?,
            key: endpoint.api_key_id.map(|id| api_keys::find(conn, id)).transpose()?.flatten(),
            secrets: rows::secrets(conn, &endpoint.uuid)?,
            deliveries: deliveries::list(conn, &filter, Cursor::Newest, DELIVERIES)?.rows,
            entries: audit::list(conn, Some(&endpoint.uuid), Cursor::Newest, ENTRIES)?.rows,
            endpoint,
        })
    });
    let found = found.await?;
    let layout = viewer.layout(Section::Endpoints, name_of(&found.endpoint));
    page(&view(layout, found, at_stripe, viewer.may(Role::Operator), viewer.now))
}

/// The endpoint as Stripe has it, or as it is known here with the reason why Stripe could not tell.
pub(super) async fn ask_stripe(tollgate: &Tollgate, uuid: &str) -> Result<(Endpoint, Option<String>), Error> {
    let wanted = uuid.to_owned();
    let known = tollgate.db().read(move |conn| rows::find(conn, &wanted)).await?;
    let known = known.ok_or_else(|| Error::NotFound(format!("there is no endpoint {uuid:.36}")))?;
    if matches!(known.status, Status::Pending | Status::Deleted) {
        return Ok((known, None));
    }
    match tokio::time::timeout(PATIENCE, endpoints::refresh(tollgate, uuid)).await {
        Ok(Ok(fresh)) => Ok((fresh, None)),
        Ok(Err(EndpointError::Other(error))) => {
            tracing::warn!(endpoint = &known.uuid[..8], %error, "could not ask Stripe how an endpoint stands");
            Ok((known, Some(sentence(&error.public_text()))))
        }
        Ok(Err(error)) => Ok((known, Some(sentence(&error.to_string())))),
        Err(_) => Ok((known, Some(format!("It did not answer within {} s.", PATIENCE.as_secs())))),
    }
}

/// The page out of what was found.
pub(in crate::admin) fn view(
    layout: Layout,
    found: Found,
    unreachable: Option<String>,
    operator: bool,
    now: i64,
) -> EndpointPage {
    let Found { endpoint, before, after, upgrade, key, secrets, deliveries, entries } = found;
    let under = upgrade.as_ref();
    let (before, after) = (before.as_ref(), after.as_ref());
    let names = EndpointNames::of(std::slice::from_ref(&endpoint));
    EndpointPage {
        layout,
        name: name_of(&endpoint),
        status: endpoint.status.into(),
        mode: Mode { live: endpoint.livemode },
        connect: endpoint.connect,
        url: Id::plain(&endpoint.url),
        actions: if operator { actions(&endpoint, after.is_some(), under) } else { Vec::new() },
        notices: notices(&endpoint, unreachable.as_deref())
            .into_iter()
            .chain(rotation_notice(&endpoint, before, after, now))
            .chain(secret_notice(&secrets, now))
            .chain(upgrade_notice(&endpoint, under))
            .collect(),
        facts: facts(&endpoint, key.as_ref(), now)
            .into_iter()
            .chain(rotation_facts(&endpoint, before, after, now))
            .chain(upgrade_facts(&endpoint, under))
            .collect(),
        types: endpoint.event_types(),
        deliveries: deliveries.into_iter().map(|delivery| DeliveryRow::new(delivery, &names, now)).collect(),
        deliveries_url: format!("/admin/deliveries?endpoint={}", endpoint.uuid),
        secrets: secret_rows(&secrets, operator && endpoint.status != Status::Deleted, now),
        entries: entries.into_iter().map(|entry| entry_row(entry, now)).collect(),
    }
}

fn notices(endpoint: &Endpoint, unreachable: Option<&str>) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut add = |tone, text: String| notices.push(Notice { tone, text });
    if let Some(text) = unchecked_warning(endpoint) {
        add(Tone::Warn, text);
    }
    if let Some(problem) = unreachable {
        add(
            Tone::Warn,
            format!("Stripe could not be asked how this endpoint stands; this is what was known last. {problem}"),
        );
    }
    match (endpoint.status, &endpoint.last_error) {
        (Status::Pending, error) => {
            let problem = error.as_deref().unwrap_or("its creation has not ended yet");
            add(
                Tone::Waiting,
                format!(
                    "Stripe has not confirmed this endpoint: {problem}. Retry asks again and makes no second one; clean up removes what is there."
                ),
            );
        }
        (Status::Deleted, error) => {
            let problem = error.as_deref().map(|error| format!(" ({error})")).unwrap_or_default();
            add(Tone::Info, format!("This endpoint is deleted{problem}. It is kept for the log."));
        }
        (_, Some(error)) if endpoint.retire_at.is_some() => add(Tone::Warn, sentence(error)),
        (_, Some(error)) => add(Tone::Bad, error.clone()),
        (_, None) => {}
    }
    notices
}

fn actions(endpoint: &Endpoint, is_replaced: bool, upgrade: Option<&Upgrade>) -> Vec<Action> {
    let base = address(&endpoint.uuid);
    let action = |verb: &str, label| Action {
        href: format!("{base}/{verb}"),
        label,
        primary: false,
        dangerous: false,
        posts: false,
    };
    let primary = |action: Action| Action { primary: true, ..action };
    let delete = Action { dangerous: true, ..action("delete", "Delete") };
    let rotate = if is_replaced {
        Action { dangerous: true, ..action("retire", "Retire now") }
    } else {
        action("rotate", "Rotate secret")
    };
    let ping = Action { posts: true, ..action("ping", "Send test event") };
    let ping = Some(ping).filter(|_| Kind::of(endpoint).is_destination());
    if let Some(upgrade) = upgrade.filter(|upgrade| upgrade.finished_at.is_none() && endpoint.status != Status::Pending)
    {
        let enable = Some(action("enable", "Enable")).filter(|_| endpoint.status == Status::Disabled);
        let href = upgrade_address(&upgrade.live_uuid);
        let look = primary(Action { href, ..action("upgrade", "Look at the upgrade") });
        return enable.into_iter().chain([action("edit", "Edit"), look]).collect();
    }
    let newer = !is_replaced && !upgrade::newer_versions(endpoint).is_empty();
    let try_newer = newer.then(|| action("upgrade", "Try a newer API version"));
    match endpoint.status {
        Status::Pending => {
            vec![Action { dangerous: true, ..action("discard", "Clean up") }, primary(action("retry", "Retry"))]
        }
        Status::Enabled => [delete, action("disable", "Disable"), rotate]
            .into_iter()
            .chain(try_newer)
            .chain(ping)
            .chain([primary(action("edit", "Edit"))])
            .collect(),
        Status::Disabled => {
            vec![delete, rotate, action("edit", "Edit"), primary(action("enable", "Enable"))]
        }
        Status::Deleted => Vec::new(),
    }
}

fn facts(endpoint: &Endpoint, key: Option<&ApiKey>, now: i64) -> Vec<Fact> {
    let validation = VALIDATIONS.iter().find(|(validation, _)| *validation == endpoint.validation);
    let key =
        key.map_or_else(|| "the default key of the mode".to_owned(), |key| format!("{} ({})", key.name, key.masked));
    let kind = Kind::of(endpoint);
    let version = match &endpoint.api_version {
        Some(version) => version,
        None if kind.is_thin() => "thin events have none",
        None => "the account's default",
    };
    let mut facts = vec![
        Fact::text("Kind", kind.label()),
        Fact::text("Events", events_text(&endpoint.event_types())),
        Fact::text("Answered", answered(&endpoint.inline_types())),
        Fact::text("API version", version),
        Fact::text("Validation", validation.map_or("", |(_, text)| text)),
        Fact::text("Tolerance", format!("{} s both ways", endpoint.tolerance_seconds)),
        Fact::text("Managed with", key),
        Fact::id("Account", Id::plain(endpoint.account.as_deref().unwrap_or("not told"))),
    ];
    if let Some(id) = &endpoint.stripe_id {
        facts.push(Fact::id("Id at Stripe", Id::plain(id)));
    }
    facts.push(Fact::text("Made by", &endpoint.created_by));
    facts.push(Fact::at("Created", Stamp::full(endpoint.created_at, now)));
    facts.push(Fact::at("Changed", Stamp::full(endpoint.updated_at, now)));
    facts
}

fn answered(inline: &[String]) -> String {
    match inline {
        [] => "once stored; handlers run afterwards".to_owned(),
        all if all.iter().any(|name| name == "*") => "after the handlers have committed".to_owned(),
        some => format!("after the handlers have committed for {}; once stored for others", some.join(", ")),
    }
}

fn entry_row(entry: Entry, now: i64) -> EntryRow {
    EntryRow { action: entry.action, actor: entry.actor, at: Stamp::short(entry.at, now) }
}
