//! The HTML admin: every route on this page, and one file for each kind of page beside its template.

mod assets;
mod cookies;
mod csrf;
mod fields;
mod flash;
mod guard;
mod headers;
mod icons;
mod json_view;
mod layout;
mod money;
mod page_error;
mod roles;
mod session;
mod show;
mod sign_in;
mod theme;
mod visit;

use actix_web::middleware::from_fn;
use actix_web::web::{self, get, post};

/// Registers the admin's routes in its scope.
pub(crate) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .service(web::scope("/static").wrap(from_fn(headers::add)).route("/{file}", get().to(assets::serve)))
        .service(web::scope("").wrap(from_fn(guard::guard)).wrap(from_fn(headers::add)).configure(pages));
}

fn pages(routes: &mut web::ServiceConfig) {
    routes
        .route("/sign-in", get().to(sign_in::form))
        .route("/sign-in", post().to(sign_in::submit))
        .route("/sign-in/link/{token}", get().to(sign_in::by_link))
        .route("/sign-out", post().to(sign_in::out))
        .route("/theme", post().to(theme::choose))
        .default_service(web::to(nothing_here));
}

/// Any other address.
async fn nothing_here() -> Result<actix_web::HttpResponse, page_error::PageError> {
    Err(crate::Error::NotFound("there is no such page".to_owned()).into())
}
