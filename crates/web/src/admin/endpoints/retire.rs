//! Retiring before the time has come: an endpoint whose place another has taken, or a secret that is not the newest.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use tollgate_models::QueryResult;
use tollgate_models::deliveries;
use tollgate_models::endpoints::{self as rows, Endpoint, Secret, Status};

use super::{address, typed};
use crate::admin::fields::Posted;
use crate::admin::flash::Flash;
use crate::admin::layout::{Layout, Section, page_with};
use crate::admin::page_error::PageError;
use crate::admin::parts::{Fact, name_of};
use crate::admin::roles::Operator;
use crate::admin::show::{Id, Stamp, ago};
use crate::endpoints::{self, EndpointError};
use crate::{Error, Tollgate};

/// A secret that matched within this time is likely to be needed still, in milliseconds.
const LATELY: i64 = 3600 * 1000;
const TYPED_WRONG: &str = "What was typed is something else. Nothing was done.";

/// The page that asks before something is retired.
#[derive(Template)]
#[template(path = "admin/retire.html")]
pub(in crate::admin) struct RetirePage {
    layout: Layout,
    question: String,
    warnings: Vec<String>,
    consequences: &'static [&'static str],
    facts: Vec<Fact>,
    action: String,
    typed: Option<String>,
    back: String,
    problem: Option<&'static str>,
}

fn answer(page: &RetirePage) -> Result<HttpResponse, PageError> {
    let status = if page.problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page_with(status, page)
}

/// An endpoint with the one that takes its place, and when each last took a delivery.
struct Pair {
    old: Endpoint,
    new: Endpoint,
    old_took: Option<i64>,
    new_took: Option<i64>,
}

async fn pair(tollgate: &Tollgate, uuid: &str) -> Result<Pair, Error> {
    let old = endpoints::find(tollgate, uuid).await?;
    let found = tollgate.db().read(move |conn| -> QueryResult<_> {
        let Some(new) = rows::successor(conn, &old.uuid)? else { return Ok(None) };
        let (old_took, new_took) = (deliveries::last_taken(conn, &old.uuid)?, deliveries::last_taken(conn, &new.uuid)?);
        Ok(Some(Pair { old, new, old_took, new_took }))
    });
    let text = "no other endpoint takes the place of this one: rotate its secret first, or delete it";
    found.await?.ok_or_else(|| Error::Conflict(text.to_owned()))
}

/// `GET /admin/endpoints/{uuid}/retire`
pub(in crate::admin) async fn ask(operator: Operator, uuid: web::Path<String>) -> Result<HttpResponse, PageError> {
    let pair = pair(&operator.tollgate, &uuid).await?;
    answer(&endpoint_page(&operator, pair, None))
}

fn endpoint_page(operator: &Operator, pair: Pair, problem: Option<&'static str>) -> RetirePage {
    let Pair { old, new, old_took, new_took } = pair;
    let took = |name, at: Option<i64>| match at {
        Some(at) => Fact::at(name, Stamp::short(at, operator.now)),
        None => Fact::text(name, "none yet"),
    };
    let mut warnings = Vec::new();
    if new.status != Status::Enabled {
        warnings.push(format!("The endpoint that takes its place is {}: nothing would be taken.", new.status));
    } else if new_took.is_none() {
        warnings.push("The endpoint that takes its place has taken no delivery yet.".to_owned());
    }
    let base = address(&old.uuid);
    RetirePage {
        layout: operator.layout(Section::Endpoints, format!("Retire {}", name_of(&old))),
        question: format!("Retire the endpoint “{}” now?", name_of(&old)),
        warnings,
        consequences: &[
            "It is deleted at Stripe, and its URL stops answering. Stripe gives up what it had still to deliver to it.",
            "Its events and deliveries stay in the log. This cannot be undone.",
        ],
        facts: vec![
            Fact::text("URL", &old.url),
            took("Last delivery", old_took),
            Fact::id("Replaced by", Id::link(&new.url, address(&new.uuid))),
            took("Last delivery there", new_took),
        ],
        action: format!("{base}/retire"),
        typed: typed(&old),
        back: base,
        problem,
    }
}

/// `POST /admin/endpoints/{uuid}/retire`
pub(in crate::admin) async fn retire(
    operator: Operator,
    uuid: web::Path<String>,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let pair = pair(&operator.tollgate, &uuid).await?;
    if typed(&pair.old).is_some_and(|expected| form.get("typed") != expected.trim()) {
        return answer(&endpoint_page(&operator, pair, Some(TYPED_WRONG)));
    }
    let retired = endpoints::retire(&operator.tollgate, &uuid, &operator.actor()).await;
    done(
        &operator,
        &address(&pair.new.uuid),
        &address(&uuid),
        retired,
        "The old endpoint is deleted at Stripe and here.",
    )
}

fn done(
    operator: &Operator,
    to: &str,
    back: &str,
    retired: Result<(), EndpointError>,
    text: &str,
) -> Result<HttpResponse, PageError> {
    match retired {
        Ok(()) => Ok(operator.redirect_with(to, &Flash::good(text))),
        Err(EndpointError::Other(error @ (Error::Unavailable(_) | Error::Internal(_) | Error::NotFound(_)))) => {
            Err(error.into())
        }
        Err(error) => Ok(operator.redirect_with(back, &Flash::bad(error.to_string()))),
    }
}

type SecretPath = web::Path<(String, i64)>;

/// `GET /admin/endpoints/{uuid}/secrets/{number}/retire`
pub(in crate::admin) async fn ask_secret(operator: Operator, path: SecretPath) -> Result<HttpResponse, PageError> {
    let (uuid, number) = path.into_inner();
    answer(&secret_page(&operator, &uuid, number, None).await?)
}

async fn secret_page(
    operator: &Operator,
    uuid: &str,
    number: i64,
    problem: Option<&'static str>,
) -> Result<RetirePage, Error> {
    let endpoint = endpoints::find(&operator.tollgate, uuid).await?;
    let wanted = endpoint.uuid.clone();
    let secrets = operator.tollgate.db().read(move |conn| rows::secrets(conn, &wanted)).await?;
    let missing = || Error::NotFound(format!("the endpoint has no secret {number}"));
    let secret = secrets.iter().find(|secret| secret.id == number).ok_or_else(missing)?;
    let newest = secrets.first().filter(|newest| newest.id != number).ok_or_else(|| {
        Error::Conflict(format!(
            "secret {number} is the newest, without which nothing is taken: add the next one first"
        ))
    })?;
    let base = address(uuid);
    Ok(RetirePage {
        layout: operator.layout(Section::Endpoints, format!("Retire secret {number}")),
        question: format!("Retire secret {number} of “{}” now?", name_of(&endpoint)),
        warnings: secret_warnings(secret, newest, operator.now),
        consequences: &[
            "From now on a delivery that is signed with this secret alone is refused, and Stripe tries it again later.",
            "It cannot be taken back into use.",
        ],
        facts: vec![
            Fact::at("Created", Stamp::short(secret.created_at, operator.now)),
            match secret.last_used_at {
                Some(at) => Fact::at("Last used", Stamp::short(at, operator.now)),
                None => Fact::text("Last used", "not yet"),
            },
            Fact::text("The newest", newest_text(newest, operator.now)),
        ],
        action: format!("{base}/secrets/{number}/retire"),
        typed: typed(&endpoint),
        back: base,
        problem,
    })
}

fn newest_text(newest: &Secret, now: i64) -> String {
    let used =
        newest.last_used_at.map_or_else(|| "not used yet".to_owned(), |at| format!("last used {}", ago(at, now)));
    format!("secret {}, {used}", newest.id)
}

fn secret_warnings(secret: &Secret, newest: &Secret, now: i64) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(at) = secret.last_used_at.filter(|at| now - at < LATELY) {
        let text = format!("It matched a delivery {}: Stripe may still sign with it alone.", ago(at, now));
        warnings.push(text);
    }
    if newest.last_used_at.is_none() {
        warnings.push(format!("The newest, secret {}, has matched no delivery yet.", newest.id));
    }
    warnings
}

/// `POST /admin/endpoints/{uuid}/secrets/{number}/retire`
pub(in crate::admin) async fn retire_secret(
    operator: Operator,
    path: SecretPath,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let (uuid, number) = path.into_inner();
    let endpoint = endpoints::find(&operator.tollgate, &uuid).await?;
    if typed(&endpoint).is_some_and(|expected| form.get("typed") != expected.trim()) {
        return answer(&secret_page(&operator, &uuid, number, Some(TYPED_WRONG)).await?);
    }
    let retired = endpoints::retire_secret(&operator.tollgate, &uuid, number, &operator.actor()).await;
    let base = address(&uuid);
    done(&operator, &base, &base, retired, &format!("Secret {number} has ended."))
}
