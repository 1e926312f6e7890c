//! `GET /admin/endpoints`: all endpoints with their state and last delivery.

use actix_web::HttpResponse;
use askama::Template;
use tollgate_models::QueryResult;
use tollgate_models::deliveries::{self, Delivery};
use tollgate_models::endpoints::{self, Endpoint, Validation};
use tollgate_models::upgrades;
use tollgate_models::users::Role;

use super::{Last, address, unchecked_warning};
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::parts::name_of;
use crate::admin::roles::Viewer;
use crate::admin::show::{Badge, Mode, Stamp};
use crate::endpoints::Kind;

pub(in crate::admin) struct EndpointRow {
    pub(in crate::admin) href: String,
    pub(in crate::admin) name: String,
    pub(in crate::admin) url: String,
    pub(in crate::admin) kind: &'static str,
    pub(in crate::admin) status: Badge,
    /// When it is retired, since another endpoint takes its place.
    pub(in crate::admin) retires: Option<Stamp>,
    pub(in crate::admin) mode: Mode,
    pub(in crate::admin) unchecked: bool,
    /// What comes by it is only compared.
    pub(in crate::admin) shadow: bool,
    pub(in crate::admin) events: String,
    pub(in crate::admin) connect: bool,
    pub(in crate::admin) account: String,
    pub(in crate::admin) last: Option<Last>,
}

#[derive(Template)]
#[template(path = "admin/endpoints.html")]
pub(in crate::admin) struct EndpointsPage {
    pub(in crate::admin) layout: Layout,
    pub(in crate::admin) rows: Vec<EndpointRow>,
    pub(in crate::admin) warnings: Vec<String>,
    pub(in crate::admin) may_add: bool,
}

/// The handler.
pub(in crate::admin) async fn show(viewer: Viewer) -> Result<HttpResponse, PageError> {
    let found = viewer.tollgate.db().read(|conn| -> QueryResult<_> {
        let mut found = Vec::new();
        for endpoint in endpoints::list(conn)? {
            let last = deliveries::newest_of_endpoint(conn, &endpoint.uuid)?;
            found.push((endpoint, last));
        }
        Ok((found, upgrades::shadows(conn)?))
    });
    let (found, shadows) = found.await?;
    let layout = viewer.layout(Section::Endpoints, "Endpoints");
    let mut list = view(layout, found, viewer.may(Role::Operator), viewer.now);
    for row in &mut list.rows {
        row.shadow = shadows.iter().any(|uuid| row.href == address(uuid));
    }
    page(&list)
}

pub(in crate::admin) fn view(
    layout: Layout,
    found: Vec<(Endpoint, Option<Delivery>)>,
    may_add: bool,
    now: i64,
) -> EndpointsPage {
    let warnings = found.iter().filter_map(|(endpoint, _)| unchecked_warning(endpoint)).collect();
    let rows = found.into_iter().map(|(endpoint, last)| row(endpoint, last, now)).collect();
    EndpointsPage { layout, rows, warnings, may_add }
}

pub(in crate::admin) fn row(endpoint: Endpoint, last: Option<Delivery>, now: i64) -> EndpointRow {
    EndpointRow {
        href: address(&endpoint.uuid),
        name: name_of(&endpoint),
        kind: Kind::of(&endpoint).label(),
        status: endpoint.status.into(),
        retires: endpoint.retire_at.map(|at| Stamp::short(at, now)),
        mode: Mode { live: endpoint.livemode },
        unchecked: endpoint.validation == Validation::None,
        shadow: false,
        events: events_text(&endpoint.event_types()),
        connect: endpoint.connect,
        account: endpoint.account.unwrap_or_else(|| "not told".to_owned()),
        last: last.map(|delivery| Last::of(delivery, now)),
        url: endpoint.url,
    }
}

/// How many types an endpoint takes, or which one.
pub(in crate::admin) fn events_text(types: &[String]) -> String {
    match types {
        [] => "none".to_owned(),
        [all] if all == "*" => "all".to_owned(),
        [one] => one.clone(),
        several => format!("{} types", several.len()),
    }
}
