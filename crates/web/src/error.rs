//! What a request or a command can fail with, and the HTTP status of each.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use tollgate_stripe_client as stripe;

/// A failure that ends a request or a command.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// 404: what is asked for is not here.
    #[error("{0}")]
    NotFound(String),
    /// 400: what was sent cannot be taken; the text says what to change.
    #[error("{0}")]
    BadRequest(String),
    /// 403: the user's role does not allow it.
    #[error("{0}")]
    Forbidden(String),
    /// 409: the thing is not in a state that allows it.
    #[error("{0}")]
    Conflict(String),
    /// 502: Stripe refused or could not be reached.
    #[error("Stripe: {0}")]
    Stripe(#[from] stripe::Error),
    /// 503: the database is gone, locked or full; the same request may succeed later.
    #[error("{0}")]
    Unavailable(tollgate_models::Error),
    /// 500: everything else; the log has the details, the answer does not.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// A failure whose details only the log may have.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }

    /// The text for whoever asked: what went wrong and what to do, without what only the log may have.
    pub fn public_text(&self) -> String {
        match self {
            Self::Unavailable(_) => "the database does not answer just now; try again in a moment".to_owned(),
            Self::Internal(_) => "something went wrong here; the log has the details".to_owned(),
            other => other.to_string(),
        }
    }
}

impl From<tollgate_models::Error> for Error {
    fn from(error: tollgate_models::Error) -> Self {
        match error {
            error if error.is_unavailable() => Self::Unavailable(error),
            // Who looks first finds out so; this is for two who do the same at the same moment.
            error if error.is_unique_violation() => Self::Conflict("this is here already".to_owned()),
            error => Self::internal(error),
        }
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Stripe(_) => StatusCode::BAD_GATEWAY,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        if status.is_server_error() {
            tracing::error!(error = %self, %status, "a request failed");
        }
        HttpResponse::build(status).json(serde_json::json!({ "error": self.public_text() }))
    }
}
