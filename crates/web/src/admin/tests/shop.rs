//! A server whose key a simulated Stripe takes, and an endpoint that is made by its form.

use tollgate_models::audit;
use tollgate_models::endpoints::{self as rows, Endpoint};
use tollgate_models::page::Cursor;
use tollgate_stripe_sim::Simulator;

use super::browser::{Answer, Browser, Server};

/// The endpoint that the form makes.
pub(super) const UUID: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// A server whose key is of this mode.
pub(super) async fn start(mode: &str) -> (Simulator, Server) {
    let sim = Simulator::builder().seed(7).start().await.unwrap();
    let key = format!("sk_{mode}_51HabcdefghijklmnopQRST");
    let base = sim.url().to_string();
    let server = Server::start_at(&[("STRIPE_API_BASE", base.as_str()), ("STRIPE_API_KEY", key.as_str())]).await;
    (sim, server)
}

/// The address of an endpoint's page, and what is below it.
pub(super) fn page(uuid: &str, rest: &str) -> String {
    format!("/admin/endpoints/{uuid}{rest}")
}

/// Posts the form for a new endpoint, with some fields otherwise.
pub(super) async fn create(browser: &Browser<'_>, more: &[(&str, &str)]) -> Answer {
    let all =
        [("uuid", UUID), ("events_mode", "all"), ("tolerance_seconds", "300"), ("validation", "verify_signature")];
    let rest = [("base_url", "https://pay.example.com"), ("api_version", "2026-10-28.endive"), ("description", "Shop")];
    let given = |name: &str| more.iter().any(|(known, _)| *known == name);
    let fields: Vec<_> =
        all.into_iter().chain(rest).filter(|(name, _)| !given(name)).chain(more.iter().copied()).collect();
    browser.post("/admin/endpoints/new", "/admin/endpoints", &fields).await
}

/// The endpoints that are not deleted, newest first.
pub(super) async fn endpoints(server: &Server) -> Vec<Endpoint> {
    server.tollgate.db().read(rows::list).await.unwrap()
}

/// Who did what to something, newest first.
pub(super) async fn actions(server: &Server, subject: &'static str) -> Vec<String> {
    let page =
        server.tollgate.db().read(move |conn| audit::list(conn, Some(subject), Cursor::Newest, 50)).await.unwrap();
    page.rows.into_iter().map(|entry| format!("{} {}", entry.actor, entry.action)).collect()
}
