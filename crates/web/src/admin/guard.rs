//! What every request to the admin passes: who it is, whether a form is ours, and the page for what went wrong.

use std::rc::Rc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, SET_COOKIE};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use askama::Template;
use bytes::Bytes;

use super::cookies::Cookie;
use super::csrf;
use super::fields::Fields;
use super::layout::{Layout, Section, page_with};
use super::page_error::PageError;
use super::visit::Visit;
use crate::{Error, Tollgate};

const SIGN_IN: &str = "/admin/sign-in";

/// The middleware of all pages.
pub(super) async fn guard(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let tollgate = request.app_data::<web::Data<Tollgate>>().cloned();
    let Some(tollgate) = tollgate else { return Err(Error::internal("the admin has no Tollgate").into()) };
    let visit = match Visit::begin(&request, &tollgate).await {
        Ok(visit) => Rc::new(visit),
        Err(error) => {
            let visit = Visit::anonymous(&request, &tollgate);
            return Ok(request.into_response(error_page(&visit, &error.into())));
        }
    };
    request.extensions_mut().insert(Rc::clone(&visit));
    if let Err(error) = take_form(&mut request, &visit).await {
        return Ok(request.into_response(error_page(&visit, &error)));
    }
    let response = next.call(request).await?;
    Ok(finish(&visit, response.map_into_boxed_body()))
}

/// Reads a posted form and makes sure that it is from a page of ours. No handler sees another one.
async fn take_form(request: &mut ServiceRequest, visit: &Visit) -> Result<(), PageError> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(());
    }
    if !csrf::is_from_here(request.headers(), visit.tollgate.config()) {
        return Err(Error::Forbidden(
            "the form was sent from another site, or your browser does not say from where".to_owned(),
        )
        .into());
    }
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Error::BadRequest("forms are taken as application/x-www-form-urlencoded only".to_owned()).into());
    }
    let body: Bytes =
        request.extract::<Bytes>().await.map_err(|_| Error::BadRequest("the form is too large".to_owned()))?;
    let fields = Fields::parse(&body);
    let expected = if request.path() == SIGN_IN { Some(visit.visitor_csrf()) } else { visit.session_csrf() };
    let Some(expected) = expected else { return Err(PageError::SignedOut) };
    if !csrf::is_equal(&expected, fields.raw("csrf")) {
        let text = "the form is too old, or was sent from another site: open the page again and repeat it";
        return Err(Error::Forbidden(text.to_owned()).into());
    }
    request.extensions_mut().insert(fields);
    Ok(())
}

fn finish(visit: &Visit, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let failed = response.response().error().and_then(|error| error.as_error::<PageError>());
    let failed = match failed {
        Some(PageError::SignIn { .. }) | None => None,
        Some(error) => Some(error_page(visit, error)),
    };
    let mut response = match failed {
        Some(page) => response.into_response(page),
        None => response,
    };
    for cookie in cookies(visit, response.request(), response.status()) {
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

fn cookies(visit: &Visit, request: &HttpRequest, status: StatusCode) -> Vec<String> {
    let mut cookies = Vec::new();
    if visit.visitor_is_new && request.path() == SIGN_IN {
        cookies.push(visit.visitor_cookie());
    }
    // It was shown, unless the answer only leads to another page.
    if visit.flash.is_some() && !status.is_redirection() {
        cookies.push(Cookie::Flash.clear(visit.tollgate.config()));
    }
    cookies
}

struct ErrorView<'a> {
    heading: &'static str,
    text: String,
    status: u16,
    request_id: &'a str,
    in_log: bool,
    ways_out: Vec<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "admin/error.html")]
struct ErrorPage<'a> {
    layout: Layout,
    view: ErrorView<'a>,
}

#[derive(Template)]
#[template(path = "admin/error_bare.html")]
struct BareErrorPage<'a> {
    layout: Layout,
    view: ErrorView<'a>,
}

fn error_page(visit: &Visit, error: &PageError) -> HttpResponse {
    let status = error.status_code();
    let in_log = error
        .inner_text()
        .inspect(|text| tracing::error!(request = %visit.id, %status, error = %text, "a page failed"));
    let signed_in = visit.signed_in.is_some();
    let ways_out = if signed_in {
        vec![("/admin", "To the dashboard"), ("/admin/events", "To the event log")]
    } else {
        vec![(SIGN_IN, "Sign in")]
    };
    let view = ErrorView {
        heading: error.heading(),
        text: sentence(&error.to_string()),
        status: status.as_u16(),
        request_id: &visit.id,
        in_log: in_log.is_some(),
        ways_out,
    };
    let layout = visit.layout(Section::Elsewhere, error.heading());
    let page = if signed_in {
        page_with(status, &ErrorPage { layout, view })
    } else {
        page_with(status, &BareErrorPage { layout, view })
    };
    page.unwrap_or_else(|error| error.error_response())
}

/// A text of ours, which begin small and end without a full stop, as a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}
