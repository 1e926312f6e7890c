//! Signing in by password or one-time link, and signing out.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use tokio::sync::Semaphore;
use tollgate_models::users::{self as rows, User};
use tollgate_models::{AnyConnection, QueryResult, sessions};

use super::cookies::Cookie;
use super::fields::{Posted, Query};
use super::flash::Flash;
use super::layout::{Layout, Section, page_with};
use super::page_error::PageError;
use super::roles::Viewer;
use super::session;
use super::visit::{Visit, local_path};
use crate::audit::{self, Actor};
use crate::users::{normal_email, token_hash};
use crate::{Error, passwords};

/// Wrong passwords that are free; after that each one blocks for longer.
const FREE_TRIES: i32 = 5;
/// The longest block, in milliseconds.
pub(super) const LONGEST_BLOCK: i64 = 15 * 60 * 1000;
/// Checks of passwords at one time: each takes 19 MiB and a core.
static CHECKS: Semaphore = Semaphore::const_new(2);

/// The same words for an unknown email, a wrong password and a blocked account, so that they tell nobody apart.
const REFUSED: &str =
    "Email and password do not go together, or there were too many tries. Check both, wait a moment, and try again.";

#[derive(Template)]
#[template(path = "admin/sign_in.html")]
struct SignInPage {
    layout: Layout,
    host: String,
    email: String,
    next: String,
    problem: Option<&'static str>,
}

/// `GET /admin/sign-in`
pub(super) async fn form(request: HttpRequest, Query(query): Query) -> Result<HttpResponse, PageError> {
    let visit = Visit::of(&request)?;
    let next = local_path(query.get("next"));
    if visit.signed_in.is_some() {
        return Ok(visit.redirect(next));
    }
    show(&request, &visit, "", next, None)
}

fn show(
    request: &HttpRequest,
    visit: &Visit,
    email: &str,
    next: &str,
    problem: Option<&'static str>,
) -> Result<HttpResponse, PageError> {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = SignInPage {
        layout: visit.layout(Section::Elsewhere, "Sign in"),
        host: request.connection_info().host().chars().take(100).collect(),
        email: email.chars().take(254).collect(),
        next: next.to_owned(),
        problem,
    };
    page_with(status, &page)
}

/// `POST /admin/sign-in`
pub(super) async fn submit(request: HttpRequest, Posted(form): Posted) -> Result<HttpResponse, PageError> {
    let visit = Visit::of(&request)?;
    let email = normal_email(form.get("email")).unwrap_or_default();
    let next = local_path(form.get("next"));
    match check(&visit, &request, email, form.raw("password").to_owned()).await? {
        Some(user) => enter(&visit, &request, &user, next).await,
        None => show(&request, &visit, form.get("email"), next, Some(REFUSED)),
    }
}

async fn check(visit: &Visit, request: &HttpRequest, email: String, password: String) -> Result<Option<User>, Error> {
    let user = visit.tollgate.db().read(move |conn| rows::find_by_email(conn, &email)).await?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let permit = CHECKS.acquire().await.map_err(Error::internal)?;
    let matches = web::block(move || passwords::verify(&password, hash.as_deref())).await.map_err(Error::internal)?;
    drop(permit);
    let Some(user) = user else { return Ok(None) };
    let blocked = user.blocked_until_at.is_some_and(|until| until > visit.now);
    if matches && !blocked && user.disabled_at.is_none() {
        return Ok(Some(user));
    }
    if !blocked {
        let actor = Actor { name: user.email, ip: session::address(request) };
        let (id, now, until) = (user.id, visit.now, block(user.failed_sign_ins + 1, visit.now));
        visit.tollgate.db().write(move |conn| record_failure(conn, id, until, &actor, now)).await?;
    }
    Ok(None)
}

fn record_failure(
    conn: &mut AnyConnection,
    id: i64,
    blocked_until: Option<i64>,
    actor: &Actor,
    now: i64,
) -> QueryResult<()> {
    rows::record_failed_sign_in(conn, id, blocked_until)?;
    audit::record(conn, actor, "user.sign_in_failed", &actor.name, "", now)
}

/// Until when an account takes no password after its n-th wrong one in a row: 1 s, 2 s, 4 s … 15 min, never for good.
fn block(failures: i32, now: i64) -> Option<i64> {
    let doublings = u32::try_from(failures - FREE_TRIES).ok()?;
    let length = 1000_i64.saturating_mul(1_i64.checked_shl(doublings.min(20)).unwrap_or(i64::MAX));
    Some(now + length.min(LONGEST_BLOCK))
}

async fn enter(visit: &Visit, request: &HttpRequest, user: &User, next: &str) -> Result<HttpResponse, PageError> {
    let before = visit.signed_in.as_ref().map(|(session, user)| (session.id, user.id));
    let token = session::begin(&visit.tollgate, request, user, before).await?;
    let mut response = visit.redirect(next);
    let cookie = Cookie::Session.set(&token, None, visit.tollgate.config());
    response.headers_mut().append(SET_COOKIE, HeaderValue::from_str(&cookie).map_err(Error::internal)?);
    Ok(response)
}

/// `GET /admin/sign-in/link/{token}`: signs in once.
pub(super) async fn by_link(request: HttpRequest, token: web::Path<String>) -> Result<HttpResponse, PageError> {
    let visit = Visit::of(&request)?;
    let (hash, now) = (token_hash(&token), visit.now);
    match visit.tollgate.db().write(move |conn| rows::use_link(conn, &hash, now)).await? {
        Some(user) => enter(&visit, &request, &user, "/admin").await,
        None if visit.signed_in.is_some() => Ok(visit.redirect("/admin")),
        None => {
            let text = "the sign-in link was used already, or is too old: ask for another one, or sign in by password";
            Err(Error::BadRequest(text.to_owned()).into())
        }
    }
}

/// `POST /admin/sign-out`
pub(super) async fn out(viewer: Viewer) -> Result<HttpResponse, PageError> {
    let (id, user_id) = (viewer.session.id, viewer.user.id);
    viewer.tollgate.db().write(move |conn| sessions::end(conn, id, user_id)).await?;
    let mut response = viewer.redirect_with("/admin/sign-in", &Flash::good("You are signed out."));
    let cookie = Cookie::Session.clear(viewer.tollgate.config());
    response.headers_mut().append(SET_COOKIE, HeaderValue::from_str(&cookie).map_err(Error::internal)?);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_beyond_the_fifth_block_for_longer_and_never_for_good() {
        let now = 1_000_000;
        assert_eq!(block(4, now), None);
        assert_eq!(block(5, now), Some(now + 1_000));
        assert_eq!(block(6, now), Some(now + 2_000));
        assert_eq!(block(12, now), Some(now + 128_000));
        assert_eq!(block(40, now), Some(now + LONGEST_BLOCK));
        assert_eq!(block(i32::MAX, now), Some(now + LONGEST_BLOCK));
    }
}
