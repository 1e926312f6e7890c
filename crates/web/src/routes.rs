//! Every route on one page, in scopes of our own, so that a host's routes, state and error pages stay untouched.

use actix_web::web;

use crate::{Tollgate, admin, health, intake, metrics};

/// Everything.
pub(crate) fn all(tollgate: Tollgate) -> impl FnOnce(&mut web::ServiceConfig) + Clone {
    move |routes| {
        webhooks(routes, &tollgate);
        admin_scope(routes, &tollgate);
        health_checks(routes, &tollgate);
        // On a listener that everybody reaches, there are none without a token.
        if tollgate.config().metrics_token.is_some() {
            scrapes(routes, &tollgate);
        }
    }
}

/// What Stripe and load balancers need.
pub(crate) fn public(tollgate: Tollgate) -> impl FnOnce(&mut web::ServiceConfig) + Clone {
    move |routes| {
        webhooks(routes, &tollgate);
        health_checks(routes, &tollgate);
    }
}

/// What operators need.
pub(crate) fn admin(tollgate: Tollgate) -> impl FnOnce(&mut web::ServiceConfig) + Clone {
    move |routes| {
        admin_scope(routes, &tollgate);
        health_checks(routes, &tollgate);
        scrapes(routes, &tollgate);
    }
}

/// What whoever watches the process needs.
pub(crate) fn metrics(tollgate: Tollgate) -> impl FnOnce(&mut web::ServiceConfig) + Clone {
    move |routes| {
        health_checks(routes, &tollgate);
        scrapes(routes, &tollgate);
    }
}

fn webhooks(routes: &mut web::ServiceConfig, tollgate: &Tollgate) {
    routes.service(
        web::scope("/stripe/webhooks")
            .app_data(web::Data::new(tollgate.clone()))
            .service(
                web::resource("/{uuid}")
                    .route(web::post().to(intake::receive))
                    .default_service(web::to(intake::method_not_allowed)),
            )
            .service(
                web::resource("")
                    .route(web::post().to(intake::receive_legacy))
                    .default_service(web::to(intake::method_not_allowed)),
            )
            .default_service(web::to(intake::not_found)),
    );
}

fn admin_scope(routes: &mut web::ServiceConfig, tollgate: &Tollgate) {
    routes.service(web::scope("/admin").app_data(web::Data::new(tollgate.clone())).configure(admin::configure));
}

fn health_checks(routes: &mut web::ServiceConfig, tollgate: &Tollgate) {
    routes.service(
        web::resource("/healthz").app_data(web::Data::new(tollgate.clone())).route(web::get().to(health::alive)),
    );
    routes.service(
        web::resource("/readyz").app_data(web::Data::new(tollgate.clone())).route(web::get().to(health::ready)),
    );
}

fn scrapes(routes: &mut web::ServiceConfig, tollgate: &Tollgate) {
    routes.service(
        web::resource("/metrics").app_data(web::Data::new(tollgate.clone())).route(web::get().to(metrics::serve)),
    );
}
