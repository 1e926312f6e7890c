//! What can be done to an endpoint: disable, enable, delete, and for a pending one retry or clean up; each asks again first.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::endpoints::{self as rows, Endpoint};

use super::address;
use crate::Error;
use crate::admin::fields::Posted;
use crate::admin::flash::Flash;
use crate::admin::layout::{Layout, Section, page_with};
use crate::admin::page_error::PageError;
use crate::admin::parts::name_of;
use crate::admin::roles::Operator;
use crate::endpoints::{self, EndpointError};

/// A page that asks before something is done; other pages use it too.
#[derive(Template)]
#[template(path = "admin/confirm.html")]
pub(in crate::admin) struct ConfirmPage {
    pub(in crate::admin) layout: Layout,
    pub(in crate::admin) question: String,
    pub(in crate::admin) consequences: Vec<&'static str>,
    pub(in crate::admin) facts: Vec<(&'static str, String)>,
    pub(in crate::admin) action: String,
    pub(in crate::admin) hidden: Vec<(&'static str, String)>,
    /// What has to be typed, for live mode.
    pub(in crate::admin) typed: Option<String>,
    pub(in crate::admin) verb: &'static str,
    pub(in crate::admin) dangerous: bool,
    pub(in crate::admin) back: String,
    pub(in crate::admin) problem: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum Act {
    Disable,
    Enable,
    Delete,
    Retry,
    Discard,
}

impl Act {
    fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "disable" => Ok(Self::Disable),
            "enable" => Ok(Self::Enable),
            "delete" => Ok(Self::Delete),
            "retry" => Ok(Self::Retry),
            "discard" => Ok(Self::Discard),
            other => Err(Error::NotFound(format!("there is no action {other:.40}"))),
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Disable => "Disable",
            Self::Enable => "Enable",
            Self::Delete => "Delete",
            Self::Retry => "Retry",
            Self::Discard => "Clean up",
        }
    }

    fn consequences(self) -> Vec<&'static str> {
        match self {
            Self::Disable => vec![
                "Stripe stops sending events to this URL, and this server refuses what still arrives.",
                "What happens meanwhile is not sent later. It can be enabled again.",
            ],
            Self::Enable => {
                vec!["Stripe sends events to this URL again, beginning with those that happen from now on."]
            }
            Self::Delete => vec![
                "The endpoint is deleted at Stripe, and its URL stops answering. Stripe gives up what it had still to deliver.",
                "Its events and deliveries stay in the log. This cannot be undone; a new endpoint gets another URL.",
            ],
            Self::Retry => vec![
                "Stripe is asked again to make this endpoint. If it made it the first time, it answers with that one.",
            ],
            Self::Discard => vec!["Whatever Stripe has of this endpoint is deleted there, then the entry here."],
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Disable => "The endpoint is disabled at Stripe and here.",
            Self::Enable => "The endpoint is enabled at Stripe and here.",
            Self::Delete => "The endpoint is deleted at Stripe and here.",
            Self::Retry => "Stripe has confirmed the endpoint.",
            Self::Discard => "The endpoint is cleaned up.",
        }
    }

    fn is_dangerous(self) -> bool {
        matches!(self, Self::Delete | Self::Discard | Self::Disable)
    }

    fn typed(self, endpoint: &Endpoint) -> Option<String> {
        super::typed(endpoint).filter(|_| matches!(self, Self::Delete | Self::Disable))
    }
}

type Path = web::Path<(String, String)>;

/// `GET /admin/endpoints/{uuid}/{action}`
pub(in crate::admin) async fn ask(operator: Operator, path: Path) -> Result<HttpResponse, PageError> {
    let (uuid, act) = path.into_inner();
    let (endpoint, act) = (find(&operator, &uuid).await?, Act::parse(&act)?);
    confirm(&operator, &endpoint, act, None)
}

async fn find(operator: &Operator, uuid: &str) -> Result<Endpoint, Error> {
    let wanted = uuid.to_owned();
    let found = operator.tollgate.db().read(move |conn| rows::find(conn, &wanted)).await?;
    found.ok_or_else(|| Error::NotFound(format!("there is no endpoint {uuid:.36}")))
}

fn confirm(
    operator: &Operator,
    endpoint: &Endpoint,
    act: Act,
    problem: Option<String>,
) -> Result<HttpResponse, PageError> {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let layout = operator.layout(Section::Endpoints, format!("{} {}", act.verb(), name_of(endpoint)));
    page_with(status, &view(layout, endpoint, act, problem))
}

pub(in crate::admin) fn view(layout: Layout, endpoint: &Endpoint, act: Act, problem: Option<String>) -> ConfirmPage {
    let mode = if endpoint.livemode { "Live" } else { "Test" };
    let base = address(&endpoint.uuid);
    let path = act.verb().to_lowercase().replace("clean up", "discard");
    ConfirmPage {
        layout,
        question: format!("{} the endpoint “{}”?", act.verb(), name_of(endpoint)),
        consequences: act.consequences(),
        facts: vec![("URL", endpoint.url.clone()), ("Mode", mode.to_owned()), ("State", endpoint.status.to_string())],
        action: format!("{base}/{path}"),
        hidden: Vec::new(),
        typed: act.typed(endpoint),
        verb: act.verb(),
        dangerous: act.is_dangerous(),
        back: base,
        problem,
    }
}

/// `POST /admin/endpoints/{uuid}/{action}`
pub(in crate::admin) async fn act(
    operator: Operator,
    path: Path,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let (uuid, act) = path.into_inner();
    let (endpoint, act) = (find(&operator, &uuid).await?, Act::parse(&act)?);
    if let Some(expected) = act.typed(&endpoint)
        && form.get("typed") != expected.trim()
    {
        let problem = "What was typed is something else. Nothing was done.".to_owned();
        return confirm(&operator, &endpoint, act, Some(problem));
    }
    let gone = matches!(act, Act::Delete | Act::Discard);
    match perform(&operator, &uuid, act).await {
        Ok(()) => {
            let to = if gone { "/admin/endpoints".to_owned() } else { address(&uuid) };
            Ok(operator.redirect_with(&to, &Flash::good(act.done())))
        }
        Err(EndpointError::Other(error @ (Error::Unavailable(_) | Error::Internal(_)))) => Err(error.into()),
        Err(error) => Ok(operator.redirect_with(&address(&uuid), &Flash::bad(error.to_string()))),
    }
}

async fn perform(operator: &Operator, uuid: &str, act: Act) -> Result<(), EndpointError> {
    let (tollgate, actor) = (&operator.tollgate, operator.actor());
    match act {
        Act::Disable => endpoints::set_enabled(tollgate, uuid, false, &actor).await.map(drop),
        Act::Enable => endpoints::set_enabled(tollgate, uuid, true, &actor).await.map(drop),
        Act::Delete => endpoints::delete(tollgate, uuid, &actor).await.map(drop),
        Act::Retry => endpoints::retry(tollgate, uuid, &actor).await.map(drop),
        Act::Discard => endpoints::discard(tollgate, uuid, &actor).await.map(drop),
    }
}
