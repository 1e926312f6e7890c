//! `GET /admin/deliveries`: every POST, narrowed by the URL, in keyset pages.

use actix_web::HttpResponse;
use askama::Template;
use tollgate_models::QueryResult;
use tollgate_models::deliveries::{self, Delivery, Filter, Outcome};
use tollgate_models::page::{Cursor, Page};

use super::DeliveryRow;
use crate::Error;
use crate::admin::fields::{Fields, Query};
use crate::admin::layout::{Layout, Section, page};
use crate::admin::page_error::PageError;
use crate::admin::parts::{Choice, EndpointNames, Tab, choices, cursor, neighbour, tabs};
use crate::admin::period::{self, PERIODS};
use crate::admin::reasons::REASONS;
use crate::admin::roles::Viewer;

const PATH: &str = "/admin/deliveries";
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "admin/deliveries.html")]
pub(in crate::admin) struct DeliveriesPage {
    layout: Layout,
    tabs: Vec<Tab>,
    outcome: String,
    endpoints: Vec<Choice>,
    reasons: Vec<Choice>,
    periods: Vec<Choice>,
    filtered: bool,
    filtered_at_all: bool,
    rows: Vec<DeliveryRow>,
    newer: Option<String>,
    older: Option<String>,
}

/// The handler.
pub(in crate::admin) async fn show(viewer: Viewer, Query(query): Query) -> Result<HttpResponse, PageError> {
    let (filter, at) = (read(&query, viewer.now)?, cursor(&query));
    let (found, names) = viewer
        .tollgate
        .db()
        .read(move |conn| -> QueryResult<_> {
            Ok((deliveries::list(conn, &filter, at, ROWS)?, EndpointNames::load(conn)?))
        })
        .await?;
    page(&view(viewer.layout(Section::Deliveries, "Deliveries"), &query, found, &names, viewer.now))
}

fn read(query: &Fields, now: i64) -> Result<Filter, Error> {
    let outcome = query
        .some("outcome")
        .map(|text| Outcome::parse(text).ok_or_else(|| Error::BadRequest(format!("there is no outcome {text:.40}"))));
    let (since, _) = period::bounds(query, now)?;
    Ok(Filter {
        endpoint_uuid: query.owned("endpoint"),
        outcome: outcome.transpose()?,
        reason: query.owned("reason"),
        since,
    })
}

pub(in crate::admin) fn view(
    layout: Layout,
    query: &Fields,
    found: Page<Delivery>,
    names: &EndpointNames,
    now: i64,
) -> DeliveriesPage {
    let codes: Vec<(&str, &str)> = REASONS.iter().map(|(code, _)| (*code, *code)).collect();
    let filtered = ["endpoint", "reason", "period"].iter().any(|name| query.ticked(name));
    DeliveriesPage {
        layout,
        tabs: tabs(PATH, query, "outcome", Outcome::ALL.iter().map(|outcome| outcome.as_str())),
        outcome: query.get("outcome").to_owned(),
        endpoints: names.choices(query.get("endpoint")),
        reasons: choices(&codes, query.get("reason")),
        periods: choices(&PERIODS, query.get("period")),
        filtered,
        filtered_at_all: filtered || query.ticked("outcome") || cursor(query) != Cursor::Newest,
        newer: neighbour(PATH, query, found.newer),
        older: neighbour(PATH, query, found.older),
        rows: found.rows.into_iter().map(|delivery| DeliveryRow::new(delivery, names, now)).collect(),
    }
}
