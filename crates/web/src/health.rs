//! Health checks for load balancers: alive, and ready to take events.

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::Tollgate;

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// `GET /readyz`: the database answers, its migrations are done, and the workers that should be there are alive.
pub(crate) async fn ready(tollgate: web::Data<Tollgate>) -> HttpResponse {
    let database = tollgate.db().blocking().clone();
    let pending = web::block(move || database.ping().and_then(|()| database.pending_migrations())).await;
    let database = match &pending {
        Ok(Ok(pending)) if pending.is_empty() => "ready",
        Ok(Ok(_)) => "migrations are missing",
        Ok(Err(_)) | Err(_) => "does not answer",
    };
    let workers = if tollgate.workers().are_alive() { "ready" } else { "have stopped" };
    let ready = database == "ready" && workers == "ready";
    let body = json!({ "status": if ready { "ready" } else { "not ready" }, "database": database, "workers": workers });
    if ready { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}
