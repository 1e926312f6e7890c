//! What a page fails with; the guard makes a page of it.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, ResponseError};

use super::fields::link;
use crate::Error;
use crate::endpoints::EndpointError;

/// Why a page is not shown.
#[derive(Debug)]
pub(super) enum PageError {
    /// Nobody is signed in: to the form, and from there to where they wanted.
    SignIn {
        /// The path and query they wanted.
        next: String,
    },
    /// A form was posted and nobody is signed in.
    SignedOut,
    /// Anything else.
    Failed(Error),
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<askama::Error> for PageError {
    fn from(error: askama::Error) -> Self {
        Self::Failed(Error::internal(error))
    }
}

impl From<EndpointError> for PageError {
    fn from(error: EndpointError) -> Self {
        match error {
            EndpointError::Other(error) => error.into(),
            other => Error::Conflict(other.to_string()).into(),
        }
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignIn { .. } => f.write_str("nobody is signed in"),
            Self::SignedOut => f.write_str("you are not signed in any more: sign in and do it again"),
            Self::Failed(error) => f.write_str(&error.public_text()),
        }
    }
}

impl PageError {
    /// The heading of its page.
    pub(super) fn heading(&self) -> &'static str {
        match self {
            Self::SignIn { .. } | Self::SignedOut => "Sign in first",
            Self::Failed(Error::NotFound(_)) => "Not here",
            Self::Failed(Error::BadRequest(_)) => "This cannot be taken",
            Self::Failed(Error::Forbidden(_)) => "Not allowed",
            Self::Failed(Error::Conflict(_)) => "Not just now",
            Self::Failed(Error::Stripe(_)) => "Stripe did not do it",
            Self::Failed(Error::Unavailable(_)) => "The database does not answer",
            Self::Failed(_) => "Something went wrong",
        }
    }

    /// What the log should have and the page must not.
    pub(super) fn inner_text(&self) -> Option<String> {
        match self {
            Self::Failed(error) if error.status_code().is_server_error() => Some(error.to_string()),
            _ => None,
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignIn { .. } => StatusCode::SEE_OTHER,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::Failed(error) => error.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Self::SignIn { next } = self {
            let to = link("/admin/sign-in", &[("next".to_owned(), next.clone())]);
            return response.insert_header((LOCATION, to)).finish();
        }
        response.content_type("text/plain; charset=utf-8").body(self.to_string())
    }
}
