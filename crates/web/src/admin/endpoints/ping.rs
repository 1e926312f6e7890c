//! `POST /admin/endpoints/{uuid}/ping`: Stripe sends a test event to an event destination.

use actix_web::{HttpResponse, web};

use super::address;
use crate::Error;
use crate::admin::flash::Flash;
use crate::admin::page_error::PageError;
use crate::admin::roles::Operator;
use crate::endpoints::{self, EndpointError};

/// The handler.
pub(in crate::admin) async fn ping(operator: Operator, uuid: web::Path<String>) -> Result<HttpResponse, PageError> {
    let flash = match endpoints::ping(&operator.tollgate, &uuid, &operator.actor()).await {
        Ok(event) => {
            Flash::good(format!("Stripe sends {event}. It appears below as soon as it arrives: reload this page."))
        }
        Err(EndpointError::Other(error @ (Error::Unavailable(_) | Error::Internal(_) | Error::NotFound(_)))) => {
            return Err(error.into());
        }
        Err(error) => Flash::bad(error.to_string()),
    };
    Ok(operator.redirect_with(&address(&uuid), &flash))
}
