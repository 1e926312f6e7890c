//! Ending an upgrade: the shadow takes the endpoint's place, or is given up; each asks again first.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use tollgate_models::endpoints::Status;
use tollgate_models::upgrades::Status as Stage;

use super::actions::ConfirmPage;
use super::upgrade::{may_abandon, upgrade_address};
use super::{address, typed};
use crate::Error;
use crate::admin::fields::Posted;
use crate::admin::flash::Flash;
use crate::admin::guard::sentence;
use crate::admin::layout::{Section, page_with};
use crate::admin::page_error::PageError;
use crate::admin::parts::name_of;
use crate::admin::roles::Operator;
use crate::endpoints::EndpointError;
use crate::endpoints::upgrade::{self, Sides};

const TYPED_WRONG: &str = "What was typed is something else. Nothing was done.";

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Swap,
    Abandon,
}

/// `GET /admin/endpoints/{uuid}/upgrade/swap`
pub(in crate::admin) async fn ask_swap(operator: Operator, uuid: web::Path<String>) -> Result<HttpResponse, PageError> {
    ask(&operator, &uuid, End::Swap).await
}

/// `GET /admin/endpoints/{uuid}/upgrade/abandon`
pub(in crate::admin) async fn ask_abandon(
    operator: Operator,
    uuid: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    ask(&operator, &uuid, End::Abandon).await
}

async fn ask(operator: &Operator, uuid: &str, end: End) -> Result<HttpResponse, PageError> {
    let sides = upgrade::open(&operator.tollgate, uuid).await?;
    confirm(operator, &sides, end, None)
}

fn confirm(operator: &Operator, sides: &Sides, end: End, problem: Option<String>) -> Result<HttpResponse, PageError> {
    if end == End::Abandon && !may_abandon(sides.upgrade.status) {
        return Err(Error::Conflict("the shadow is the live endpoint already: finish the swap".to_owned()).into());
    }
    let base = upgrade_address(&sides.live.uuid);
    let version = &sides.upgrade.to_version;
    let (verb, question, path) = match end {
        End::Swap if sides.upgrade.status == Stage::Swapping => {
            ("Finish the swap", "Disable the old endpoint, and finish the swap?".to_owned(), "swap")
        }
        End::Swap => {
            ("Swap", format!("Let the shadow in {version} take the place of “{}”?", name_of(&sides.live)), "swap")
        }
        End::Abandon => ("Abandon", format!("Abandon the upgrade to {version}?"), "abandon"),
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ConfirmPage {
        layout: operator.layout(Section::Endpoints, format!("{verb}: {}", name_of(&sides.live))),
        question,
        consequences: consequences(sides, end),
        facts: vec![
            ("Live endpoint", sides.live.url.clone()),
            (
                "Its API version",
                sides.upgrade.from_version.clone().unwrap_or_else(|| "the account's default".to_owned()),
            ),
            ("Shadow", sides.shadow.url.clone()),
            ("Its API version", version.clone()),
        ],
        action: format!("{base}/{path}"),
        hidden: Vec::new(),
        typed: typed(&sides.live),
        verb,
        dangerous: end == End::Abandon,
        back: base,
        problem: problem.or_else(|| sides.obstacle.as_deref().filter(|_| end == End::Swap).map(sentence)),
    };
    page_with(status, &page)
}

fn consequences(sides: &Sides, end: End) -> Vec<&'static str> {
    match end {
        End::Swap => vec![
            "From now on handlers and the mirror get every event in the new version. The shadow becomes the live endpoint first; then \
             the old one is disabled, at Stripe and here. What arrives at both in between counts once.",
            "The old endpoint is kept disabled. To go back, enable it, then disable the new one.",
        ],
        End::Abandon if sides.live.status != Status::Enabled => vec![
            "The live endpoint takes no events: without the shadow nothing does. Enable it first, or swap.",
            "The shadow is deleted at Stripe and here. What it brought alone is still taken in, an hour after it came.",
        ],
        End::Abandon => vec![
            "The shadow is deleted at Stripe and here; the live endpoint stays as it is.",
            "What was found so far can be seen for a week. This cannot be undone, but another upgrade can be begun.",
        ],
    }
}

/// `POST /admin/endpoints/{uuid}/upgrade/swap`
pub(in crate::admin) async fn swap(
    operator: Operator,
    uuid: web::Path<String>,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let sides = upgrade::open(&operator.tollgate, &uuid).await?;
    if typed(&sides.live).is_some_and(|expected| form.get("typed") != expected.trim()) {
        return confirm(&operator, &sides, End::Swap, Some(TYPED_WRONG.to_owned()));
    }
    match upgrade::swap(&operator.tollgate, &uuid, &operator.actor()).await {
        Ok(upgrade) => {
            let text = format!("Events come in {} now. The old endpoint is disabled.", upgrade.to_version);
            Ok(operator.redirect_with(&address(&upgrade.shadow_uuid), &Flash::good(text)))
        }
        Err(error) => failed(&operator, &sides, error),
    }
}

/// `POST /admin/endpoints/{uuid}/upgrade/abandon`
pub(in crate::admin) async fn abandon(
    operator: Operator,
    uuid: web::Path<String>,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let sides = upgrade::open(&operator.tollgate, &uuid).await?;
    if typed(&sides.live).is_some_and(|expected| form.get("typed") != expected.trim()) {
        return confirm(&operator, &sides, End::Abandon, Some(TYPED_WRONG.to_owned()));
    }
    match upgrade::abandon(&operator.tollgate, &uuid, &operator.actor()).await {
        Ok(()) => {
            let flash = Flash::good("The upgrade is abandoned, and its shadow deleted.");
            Ok(operator.redirect_with(&address(&sides.live.uuid), &flash))
        }
        Err(error) => failed(&operator, &sides, error),
    }
}

fn failed(operator: &Operator, sides: &Sides, error: EndpointError) -> Result<HttpResponse, PageError> {
    match error {
        EndpointError::Other(error @ (Error::Unavailable(_) | Error::Internal(_) | Error::NotFound(_))) => {
            Err(error.into())
        }
        error => {
            let flash = Flash::bad(sentence(&error.to_string()));
            Ok(operator.redirect_with(&upgrade_address(&sides.live.uuid), &flash))
        }
    }
}
