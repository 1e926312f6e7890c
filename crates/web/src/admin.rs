//! The HTML admin: every route on this page, and one file for each kind of page beside its template.

mod assets;
mod audit_log;
mod checks;
mod cookies;
mod csrf;
mod dashboard;
mod deliveries;
mod endpoints;
mod events;
mod fields;
mod flash;
mod guard;
mod handlers_page;
mod headers;
mod icons;
mod json_view;
mod keys;
mod layout;
mod missed;
mod money;
mod objects;
mod page_error;
mod parts;
mod people;
mod period;
mod reasons;
mod replays;
mod roles;
mod session;
mod show;
mod sign_in;
mod syncs;
mod tasks;
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

// Each handler's first argument says who may: Viewer, Operator or Admin; without one, everybody.
fn pages(routes: &mut web::ServiceConfig) {
    routes
        .route("/sign-in", get().to(sign_in::form))
        .route("/sign-in", post().to(sign_in::submit))
        .route("/sign-in/link/{token}", get().to(sign_in::by_link))
        .route("/sign-out", post().to(sign_in::out))
        .route("/theme", post().to(theme::choose))
        .route("", get().to(dashboard::show))
        .route("/", get().to(dashboard::show))
        .route("/find", get().to(objects::find::show))
        .route("/events", get().to(events::list::show))
        .route("/events/replay", get().to(events::replay::ask))
        .route("/events/replay", post().to(events::replay::all))
        .route("/events/replay/confirm", post().to(events::replay::confirm))
        .route("/events/missed", get().to(missed::show))
        .route("/events/missed", post().to(missed::ask))
        .route("/events/{id}", get().to(events::page::show))
        .route("/events/{id}/raw", get().to(events::page::raw))
        .route("/events/{id}/replay", post().to(events::replay::one))
        .route("/events/{id}/dry-run", post().to(events::dry_run::show))
        .route("/tasks", get().to(tasks::list::show))
        .route("/tasks/{number}/retry", post().to(tasks::retry))
        .route("/checks", get().to(checks::show))
        .route("/syncs", get().to(syncs::list))
        .route("/syncs", post().to(syncs::begin))
        .route("/syncs/{number}", get().to(syncs::show))
        .route("/syncs/{number}/stop", post().to(syncs::stop))
        .route("/objects/{type}/{id}/fetch", post().to(checks::fetch))
        .route("/replays", get().to(replays::list::show))
        .route("/replays/{number}", get().to(replays::page::show))
        .route("/replays/{number}/stop", post().to(replays::page::stop))
        .route("/deliveries", get().to(deliveries::list::show))
        .route("/deliveries/{number}", get().to(deliveries::page::show))
        .route("/endpoints", get().to(endpoints::list::show))
        .route("/endpoints", post().to(endpoints::form::create))
        .route("/endpoints/new", get().to(endpoints::form::new))
        .route("/endpoints/{uuid}", get().to(endpoints::page::show))
        .route("/endpoints/{uuid}/edit", get().to(endpoints::form::edit))
        .route("/endpoints/{uuid}/edit", post().to(endpoints::form::save))
        .route("/endpoints/{uuid}/rotate", get().to(endpoints::rotate::ask))
        .route("/endpoints/{uuid}/rotate", post().to(endpoints::rotate::begin))
        .route("/endpoints/{uuid}/secrets", post().to(endpoints::rotate::add_secret))
        .route("/endpoints/{uuid}/secrets/{number}/retire", get().to(endpoints::retire::ask_secret))
        .route("/endpoints/{uuid}/secrets/{number}/retire", post().to(endpoints::retire::retire_secret))
        .route("/endpoints/{uuid}/retire", get().to(endpoints::retire::ask))
        .route("/endpoints/{uuid}/retire", post().to(endpoints::retire::retire))
        .route("/endpoints/{uuid}/upgrade", get().to(endpoints::upgrade::show))
        .route("/endpoints/{uuid}/upgrade", post().to(endpoints::upgrade::begin))
        .route("/endpoints/{uuid}/upgrade/findings", get().to(endpoints::upgrade::show_findings))
        .route("/endpoints/{uuid}/upgrade/types/{type}", get().to(endpoints::upgrade::show_type))
        .route("/endpoints/{uuid}/upgrade/try", post().to(endpoints::upgrade::try_handlers))
        .route("/endpoints/{uuid}/upgrade/swap", get().to(endpoints::upgrade_end::ask_swap))
        .route("/endpoints/{uuid}/upgrade/swap", post().to(endpoints::upgrade_end::swap))
        .route("/endpoints/{uuid}/upgrade/abandon", get().to(endpoints::upgrade_end::ask_abandon))
        .route("/endpoints/{uuid}/upgrade/abandon", post().to(endpoints::upgrade_end::abandon))
        .route("/endpoints/{uuid}/ping", post().to(endpoints::ping::ping))
        .route("/endpoints/{uuid}/{action}", get().to(endpoints::actions::ask))
        .route("/endpoints/{uuid}/{action}", post().to(endpoints::actions::act))
        .route("/handlers", get().to(handlers_page::show))
        .route("/objects", get().to(objects::types::show))
        .route("/objects/{type}", get().to(objects::list::show))
        .route("/objects/{type}/{id}", get().to(objects::page::show))
        .route("/objects/{type}/{id}/history", get().to(objects::history::show))
        .route("/keys", get().to(keys::show))
        .route("/keys", post().to(keys::add))
        .route("/keys/{id}/default", post().to(keys::make_default))
        .route("/keys/{id}/delete", get().to(keys::ask))
        .route("/keys/{id}/delete", post().to(keys::delete))
        .route("/users", get().to(people::list))
        .route("/sessions", get().to(people::own_sessions))
        .route("/sessions/end-others", post().to(people::end_others))
        .route("/sessions/{id}/end", post().to(people::end))
        .route("/audit", get().to(audit_log::show))
        .default_service(web::to(nothing_here));
}

/// Any other address.
async fn nothing_here() -> Result<actix_web::HttpResponse, page_error::PageError> {
    Err(crate::Error::NotFound("there is no such page".to_owned()).into())
}

#[cfg(test)]
mod tests;
