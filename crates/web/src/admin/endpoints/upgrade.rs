//! Upgrades of an endpoint to another API version: the form that begins one, its findings, and trying the handlers.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::QueryResult;
use tollgate_models::deliveries;
use tollgate_models::endpoints::{Endpoint, Status};
use tollgate_models::upgrades::Status as Stage;
use tollgate_models::users::Role;

use super::upgrade_type::TypePage;
use super::upgrade_view::{UpgradePage, Views, stage_text};
use super::{address, typed};
use crate::admin::fields::Posted;
use crate::admin::flash::Flash;
use crate::admin::guard::sentence;
use crate::admin::layout::{Layout, Section, page, page_with};
use crate::admin::page_error::PageError;
use crate::admin::parts::{Choice, name_of};
use crate::admin::roles::{Operator, Viewer};
use crate::endpoints::upgrade::{self, Sides};
use crate::endpoints::{self, EndpointError};
use crate::{Error, Tollgate};

const TYPED_WRONG: &str = "What was typed is something else. Nothing was done.";

/// The page of an upgrade.
pub(in crate::admin) fn upgrade_address(uuid: &str) -> String {
    format!("{}/upgrade", address(uuid))
}

#[derive(Template)]
#[template(path = "admin/upgrade_start.html")]
struct StartPage {
    layout: Layout,
    name: String,
    base: String,
    present: String,
    versions: Vec<Choice>,
    obstacle: Option<String>,
    last: Option<String>,
    typed: Option<String>,
    may_begin: bool,
    problem: Option<String>,
}

/// `GET /admin/endpoints/{uuid}/upgrade`: what an upgrade that is under way has shown, or the form to begin one.
pub(in crate::admin) async fn show(viewer: Viewer, uuid: web::Path<String>) -> Result<HttpResponse, PageError> {
    let latest = upgrade::latest(&viewer.tollgate, &uuid).await?;
    match latest {
        Some(sides) if sides.upgrade.finished_at.is_none() => findings(&viewer, sides).await,
        ended => {
            let endpoint = endpoints::find(&viewer.tollgate, &uuid).await?;
            start_page(&viewer, &endpoint, ended.as_ref(), "", None)
        }
    }
}

/// `GET /admin/endpoints/{uuid}/upgrade/findings`: the same of the newest upgrade, ended or not.
pub(in crate::admin) async fn show_findings(
    viewer: Viewer,
    uuid: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let missing = || Error::NotFound(format!("there was no upgrade of the endpoint {uuid:.36}"));
    let sides = upgrade::latest(&viewer.tollgate, &uuid).await?.ok_or_else(missing)?;
    findings(&viewer, sides).await
}

async fn findings(viewer: &Viewer, sides: Sides) -> Result<HttpResponse, PageError> {
    let sides = as_at_stripe(&viewer.tollgate, sides).await?;
    let comparison = upgrade::comparison(&viewer.tollgate, &sides.upgrade).await?;
    let (live, shadow) = (sides.live.uuid.clone(), sides.shadow.uuid.clone());
    let took = viewer.tollgate.db().read(move |conn| -> QueryResult<_> {
        Ok((deliveries::last_taken(conn, &live)?, deliveries::last_taken(conn, &shadow)?))
    });
    let title = format!("Upgrade {} to {}", name_of(&sides.live), sides.upgrade.to_version);
    let layout = viewer.layout(Section::Endpoints, title);
    let handlers = viewer.tollgate.handlers().entries().count();
    let views = Views { operator: viewer.may(Role::Operator), has_handlers: handlers > 0, now: viewer.now };
    page(&UpgradePage::new(layout, sides, comparison, took.await?, views))
}

// If Stripe does not answer soon, they stand as they are known here.
async fn as_at_stripe(tollgate: &Tollgate, sides: Sides) -> Result<Sides, Error> {
    let ask = |endpoint: &Endpoint| {
        let uuid = endpoint.uuid.clone();
        async move { super::page::ask_stripe(tollgate, &uuid).await }
    };
    tokio::try_join!(ask(&sides.live), ask(&sides.shadow))?;
    Ok(upgrade::latest(tollgate, &sides.shadow.uuid).await?.unwrap_or(sides))
}

fn start_page(
    viewer: &Viewer,
    endpoint: &Endpoint,
    last: Option<&Sides>,
    chosen: &str,
    problem: Option<String>,
) -> Result<HttpResponse, PageError> {
    let newer = upgrade::newer_versions(endpoint);
    let obstacle = match endpoint.status {
        _ if endpoints::Kind::of(endpoint).is_thin() => {
            Some("Thin events have no API version: there is nothing to upgrade.".to_owned())
        }
        _ if newer.is_empty() => Some("The endpoint has the newest API version that Tollgate knows.".to_owned()),
        Status::Enabled => None,
        status => Some(format!("The endpoint is {status}: only an enabled one is upgraded.")),
    };
    let choice = |(place, version): (usize, &&str)| Choice {
        value: (*version).to_owned(),
        label: if place == 0 { format!("{version} (the newest)") } else { (*version).to_owned() },
        chosen: *version == chosen,
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let layout = viewer.layout(Section::Endpoints, format!("Try a newer API version at {}", name_of(endpoint)));
    let page = StartPage {
        layout,
        name: name_of(endpoint),
        base: address(&endpoint.uuid),
        present: endpoint.api_version.clone().unwrap_or_else(|| "the account's default".to_owned()),
        versions: newer.iter().enumerate().map(choice).collect(),
        obstacle,
        last: last.map(|sides| stage_text(&sides.upgrade)),
        typed: typed(endpoint),
        may_begin: viewer.may(Role::Operator),
        problem: problem.map(|text| sentence(&text)),
    };
    page_with(status, &page)
}

/// `POST /admin/endpoints/{uuid}/upgrade`
pub(in crate::admin) async fn begin(
    operator: Operator,
    uuid: web::Path<String>,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let endpoint = endpoints::find(&operator.tollgate, &uuid).await?;
    let version = form.get("api_version");
    if typed(&endpoint).is_some_and(|expected| form.get("typed") != expected.trim()) {
        return start_page(&operator, &endpoint, None, version, Some(TYPED_WRONG.to_owned()));
    }
    match upgrade::start(&operator.tollgate, &uuid, version, &operator.actor()).await {
        Ok(upgrade) => {
            let text = format!("Stripe sends every event in {} too, from now on.", upgrade.to_version);
            Ok(operator.redirect_with(&upgrade_address(&upgrade.live_uuid), &Flash::good(text)))
        }
        Err(EndpointError::Pending { problem, .. }) => {
            let text = format!("Stripe has not confirmed the shadow: {problem}.");
            Ok(operator.redirect_with(&upgrade_address(&uuid), &Flash::bad(text)))
        }
        Err(error @ (EndpointError::Refused(_) | EndpointError::Other(Error::Conflict(_)))) => {
            start_page(&operator, &endpoint, None, version, Some(error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /admin/endpoints/{uuid}/upgrade/types/{type}`
pub(in crate::admin) async fn show_type(
    viewer: Viewer,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let (uuid, event_type) = path.into_inner();
    let missing = || Error::NotFound(format!("no event {event_type:.100} came by an upgrade of this endpoint"));
    let sides = upgrade::latest(&viewer.tollgate, &uuid).await?.ok_or_else(missing)?;
    let found = upgrade::comparison_of(&viewer.tollgate, &sides.upgrade, &event_type).await?.ok_or_else(missing)?;
    let layout = viewer.layout(Section::Endpoints, format!("{event_type} in {}", sides.upgrade.to_version));
    page(&TypePage::new(layout, &sides, found, viewer.may(Role::Operator)))
}

/// `POST /admin/endpoints/{uuid}/upgrade/try`
pub(in crate::admin) async fn try_handlers(
    operator: Operator,
    uuid: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let flash = match upgrade::try_handlers(&operator.tollgate, &uuid, &operator.actor()).await {
        Ok(tried) if tried.events == 0 => {
            Flash::bad("Nothing that a handler matches has come by the shadow yet.".to_owned())
        }
        Ok(tried) => {
            let left = match tried.left {
                0 => String::new(),
                left => format!(" Time was up before {left} more: try again to go on."),
            };
            let text = match tried.failed {
                0 => format!("No handler fails that did not before, on {} events.{left}", tried.events),
                failed => format!("Handlers would fail on {failed} of {} events.{left}", tried.events),
            };
            if tried.failed == 0 { Flash::good(text) } else { Flash::bad(text) }
        }
        Err(EndpointError::Other(Error::Conflict(text))) => Flash::bad(sentence(&text)),
        Err(error) => return Err(error.into()),
    };
    Ok(operator.redirect_with(&upgrade_address(&uuid), &flash))
}

/// Whether an upgrade's shadow can still be given up.
pub(super) fn may_abandon(stage: Stage) -> bool {
    matches!(stage, Stage::Comparing | Stage::Abandoning)
}
