//! Rotating an endpoint's secret: the page that offers both ways, and what its forms do.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::endpoints::{self as rows, Endpoint, Status};

use super::{address, typed};
use crate::Error;
use crate::admin::fields::{Fields, Posted};
use crate::admin::flash::Flash;
use crate::admin::guard::sentence;
use crate::admin::layout::{Layout, Section, page_with};
use crate::admin::page_error::PageError;
use crate::admin::parts::{Choice, choices, name_of};
use crate::admin::roles::Operator;
use crate::admin::show::{Id, seconds_text};
use crate::endpoints::{self, EndpointError, span};

/// The overlaps to choose from.
const OVERLAPS: [(&str, &str); 5] = [
    ("0", "None: the old one ends at once"),
    ("1h", "1 hour"),
    ("24h", "24 hours"),
    ("3d", "3 days"),
    ("7d", "7 days"),
];
const DEFAULT: &str = "24h";
const TYPED_WRONG: &str = "what was typed is something else; nothing was done";

/// A form of the page, and what was wrong with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Beside,
    Pasted,
}

#[derive(Template)]
#[template(path = "admin/rotate.html")]
pub(in crate::admin) struct RotatePage {
    layout: Layout,
    name: String,
    base: String,
    stripe_id: String,
    /// Why no endpoint can be made beside this one.
    obstacle: Option<String>,
    /// The endpoint that takes the place of this one already.
    successor: Option<Id>,
    overlaps: Vec<Choice>,
    typed: Option<String>,
    beside_problem: Option<String>,
    pasted_problem: Option<String>,
}

/// `GET /admin/endpoints/{uuid}/rotate`
pub(in crate::admin) async fn ask(operator: Operator, uuid: web::Path<String>) -> Result<HttpResponse, PageError> {
    let endpoint = endpoints::find(&operator.tollgate, &uuid).await?;
    show(&operator, &endpoint, DEFAULT, None).await
}

async fn show(
    operator: &Operator,
    endpoint: &Endpoint,
    overlap: &str,
    problem: Option<(Way, String)>,
) -> Result<HttpResponse, PageError> {
    if endpoint.status == Status::Pending {
        let text = "the endpoint is pending: its secret comes with Stripe's answer, so retry it first";
        return Err(Error::Conflict(text.to_owned()).into());
    }
    let uuid = endpoint.uuid.clone();
    let successor = operator.tollgate.db().read(move |conn| rows::successor(conn, &uuid)).await?;
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let layout = operator.layout(Section::Endpoints, format!("Rotate the secret of {}", name_of(endpoint)));
    page_with(status, &view(layout, endpoint, successor.as_ref(), overlap, problem))
}

fn view(
    layout: Layout,
    endpoint: &Endpoint,
    successor: Option<&Endpoint>,
    overlap: &str,
    problem: Option<(Way, String)>,
) -> RotatePage {
    let overlap = if OVERLAPS.iter().any(|(value, _)| *value == overlap) { overlap } else { DEFAULT };
    let at = |way| problem.as_ref().filter(|(at, _)| *at == way).map(|(_, text)| sentence(text));
    RotatePage {
        layout,
        name: name_of(endpoint),
        base: address(&endpoint.uuid),
        stripe_id: endpoint.stripe_id.clone().unwrap_or_default(),
        obstacle: (endpoint.status != Status::Enabled).then(|| {
            format!("The endpoint is {}. Enable it first, or paste a secret that was rolled.", endpoint.status)
        }),
        successor: successor.map(|new| Id::link(name_of(new), address(&new.uuid))),
        overlaps: choices(&OVERLAPS, overlap),
        typed: typed(endpoint),
        beside_problem: at(Way::Beside),
        pasted_problem: at(Way::Pasted),
    }
}

/// `POST /admin/endpoints/{uuid}/rotate`: a new endpoint beside this one.
pub(in crate::admin) async fn begin(
    operator: Operator,
    uuid: web::Path<String>,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let endpoint = endpoints::find(&operator.tollgate, &uuid).await?;
    let refuse = |text: String| show(&operator, &endpoint, form.get("overlap"), Some((Way::Beside, text)));
    if !is_typed(&endpoint, &form) {
        return refuse(TYPED_WRONG.to_owned()).await;
    }
    let overlap = match endpoints::overlap(form.get("overlap")) {
        Ok(overlap) => overlap,
        Err(text) => return refuse(text).await,
    };
    match endpoints::rotate(&operator.tollgate, &uuid, overlap, &operator.actor()).await {
        Ok(rotation) => {
            let until = rotation.old.retire_at.and_then(|at| seconds_text(at.div_euclid(1000)));
            let text = format!(
                "The new endpoint takes events, and so does the old one, which is retired after {}.",
                until.unwrap_or_default()
            );
            Ok(operator.redirect_with(&address(&rotation.new.uuid), &Flash::good(text)))
        }
        Err(error @ EndpointError::Refused(_)) => refuse(error.to_string()).await,
        Err(EndpointError::Pending { uuid, problem }) => {
            let text = format!("Stripe has not confirmed the new endpoint: {problem}. The old one stays as it is.");
            Ok(operator.redirect_with(&address(&uuid), &Flash::bad(text)))
        }
        Err(EndpointError::Other(Error::Conflict(text))) => refuse(text).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /admin/endpoints/{uuid}/secrets`: what was pasted is never shown again, not even when it is refused.
pub(in crate::admin) async fn add_secret(
    operator: Operator,
    uuid: web::Path<String>,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let endpoint = endpoints::find(&operator.tollgate, &uuid).await?;
    let refuse = |text: String| show(&operator, &endpoint, form.get("overlap"), Some((Way::Pasted, text)));
    if !is_typed(&endpoint, &form) {
        return refuse(TYPED_WRONG.to_owned()).await;
    }
    let (overlap, secret) =
        match (endpoints::overlap(form.get("overlap")), endpoints::signing_secret(form.raw("secret"))) {
            (Ok(overlap), Ok(secret)) => (overlap, secret),
            (Err(text), _) => return refuse(text).await,
            (_, Err(refusal)) => return refuse(refusal.message).await,
        };
    match endpoints::add_secret(&operator.tollgate, &uuid, secret, overlap, &operator.actor()).await {
        Ok(added) if added.others == 0 => {
            let text = format!("Secret {} is stored and taken from now on.", added.number);
            Ok(operator.redirect_with(&address(&uuid), &Flash::good(text)))
        }
        Ok(added) => {
            let text = format!(
                "Secret {} is stored and taken from now on; what was there before is taken for {} more.",
                added.number,
                span(overlap)
            );
            Ok(operator.redirect_with(&address(&uuid), &Flash::good(text)))
        }
        Err(error @ (EndpointError::Refused(_) | EndpointError::Other(Error::Conflict(_)))) => {
            refuse(error.to_string()).await
        }
        Err(error) => Err(error.into()),
    }
}

fn is_typed(endpoint: &Endpoint, form: &Fields) -> bool {
    typed(endpoint).is_none_or(|expected| form.get("typed") == expected.trim())
}
