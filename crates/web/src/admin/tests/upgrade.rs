//! Trying a newer API version by the forms, against a simulated Stripe.

use actix_web::http::StatusCode;
use tollgate_models::endpoints::{Endpoint, Status};
use tollgate_models::users::Role;

use super::browser::Server;
use super::shop::{UUID, actions, create, endpoints, page, start};

const OLD: &str = "2024-12-18.acacia";
const NEW: &str = "2026-10-28.endive";

async fn shadow(server: &Server) -> Endpoint {
    endpoints(server).await.into_iter().find(|endpoint| endpoint.uuid != UUID).unwrap()
}

#[actix_web::test]
async fn a_newer_version_is_tried_swapped_and_abandoned_by_forms() {
    let (sim, server) = start("test").await;
    let browser = server.signed_in(Role::Operator).await;
    create(&browser, &[("api_version", OLD)]).await;
    let shown = browser.get(&page(UUID, "")).await;
    assert!(shown.body.contains("Try a newer API version"), "{}", shown.body);
    let upgrade = page(UUID, "/upgrade");
    let form = browser.get(&upgrade).await;
    assert!(form.body.contains(NEW) && !form.body.contains("value=\"2024-12-18.acacia\""), "{}", form.body);
    for version in ["", OLD, "2024-09-30.acacia", "<script>alert(1)</script>", "2099-01-01.zulu"] {
        let refused = browser.post(&upgrade, &upgrade, &[("api_version", version)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{version}");
        assert!(refused.body.contains("role=\"alert\"") && !refused.body.contains("<script>alert"), "{}", refused.body);
    }
    assert_eq!(sim.endpoints().len(), 1);
    let begun = browser.post(&upgrade, &upgrade, &[("api_version", NEW)]).await;
    assert_eq!((begun.status, begun.location()), (StatusCode::SEE_OTHER, upgrade.as_str()));
    let shadow_row = shadow(&server).await;
    let findings = browser.get(&upgrade).await;
    for part in ["Upgrade to 2026-10-28.endive", "comparing", "Nothing has come by the shadow yet", "Abandon", "Swap"] {
        assert!(findings.body.contains(part), "{part} in {}", findings.body);
    }
    // Both endpoints lead to it, and neither can be deleted meanwhile.
    for uuid in [UUID, shadow_row.uuid.as_str()] {
        let shown = browser.get(&page(uuid, "")).await;
        assert!(shown.body.contains("Look at the upgrade") && !shown.body.contains("/delete\""), "{}", shown.body);
        let delete = page(uuid, "/delete");
        browser.post(&delete, &delete, &[]).await;
    }
    assert_eq!(endpoints(&server).await.len(), 2);
    assert!(browser.get("/admin/endpoints").await.body.contains("shadow of an upgrade"));
    assert_eq!(browser.get(&page(UUID, "/upgrade/types/no.such")).await.status, StatusCode::NOT_FOUND);

    let abandon = page(UUID, "/upgrade/abandon");
    assert!(browser.get(&abandon).await.body.contains("Abandon the upgrade to"));
    let done = browser.post(&abandon, &abandon, &[]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, page(UUID, "").as_str()));
    assert_eq!(sim.endpoints().len(), 1);
    assert!(browser.get(&upgrade).await.body.contains("was tried before, and abandoned"));
    let found = browser.get(&page(UUID, "/upgrade/findings")).await;
    assert!(found.body.contains("abandoned") && !found.body.contains("/upgrade/swap"), "{}", found.body);

    browser.post(&upgrade, &upgrade, &[("api_version", NEW)]).await;
    let new = shadow(&server).await;
    let swap = page(UUID, "/upgrade/swap");
    let asked = browser.get(&swap).await;
    assert!(asked.body.contains("take the place of") && asked.body.contains(OLD), "{}", asked.body);
    let done = browser.post(&swap, &swap, &[]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, page(&new.uuid, "").as_str()));
    assert!(browser.get(done.location()).await.body.contains("Upgrade of"));
    let states: Vec<(bool, Status)> =
        endpoints(&server).await.into_iter().map(|row| (row.uuid == UUID, row.status)).collect();
    assert!(states.contains(&(true, Status::Disabled)) && states.contains(&(false, Status::Enabled)), "{states:?}");
    let did = actions(&server, UUID).await;
    let by = |action: &str| format!("operator@example.com endpoint.{action}");
    assert_eq!(did[..3], [by("disabled"), by("upgraded"), by("upgrade_started")]);
    assert_eq!(browser.get(&swap).await.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn viewers_look_at_an_upgrade_and_change_nothing() {
    let (sim, server) = start("test").await;
    let operator = server.signed_in(Role::Operator).await;
    create(&operator, &[("api_version", OLD)]).await;
    let viewer = server.signed_in(Role::Viewer).await;
    let upgrade = page(UUID, "/upgrade");
    assert!(!viewer.get(&page(UUID, "")).await.body.contains("Try a newer API version"));
    assert!(viewer.get(&upgrade).await.body.contains("No upgrade is under way"));
    assert_eq!(viewer.post("/admin", &upgrade, &[("api_version", NEW)]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(sim.endpoints().len(), 1);
    operator.post(&upgrade, &upgrade, &[("api_version", NEW)]).await;
    let shown = viewer.get(&upgrade).await;
    assert!(shown.body.contains("Upgrade to") && !shown.body.contains("/upgrade/swap"), "{}", shown.body);
    for path in ["/upgrade/swap", "/upgrade/abandon", "/upgrade/try"] {
        let path = page(UUID, path);
        assert_eq!(viewer.post("/admin", &path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/upgrade/swap", "/upgrade/abandon"] {
        assert_eq!(viewer.get(&page(UUID, path)).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(sim.endpoints().iter().filter(|endpoint| endpoint.status == "enabled").count(), 2);
}

#[actix_web::test]
async fn in_live_mode_each_step_asks_for_the_description() {
    let (sim, server) = start("live").await;
    let browser = server.signed_in(Role::Operator).await;
    create(&browser, &[("api_version", OLD), ("mode", "live")]).await;
    assert!(endpoints(&server).await[0].livemode);
    let upgrade = page(UUID, "/upgrade");
    let wrong = browser.post(&upgrade, &upgrade, &[("api_version", NEW), ("typed", "shop")]).await;
    assert_eq!((wrong.status, sim.endpoints().len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    browser.post(&upgrade, &upgrade, &[("api_version", NEW), ("typed", "Shop")]).await;
    assert_eq!(sim.endpoints().len(), 2);
    for path in ["/upgrade/swap", "/upgrade/abandon"] {
        let path = page(UUID, path);
        let wrong = browser.post(&path, &path, &[("typed", "")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
    assert_eq!(sim.endpoints().iter().filter(|endpoint| endpoint.status == "enabled").count(), 2);
    let swap = page(UUID, "/upgrade/swap");
    assert_eq!(browser.post(&swap, &swap, &[("typed", "Shop")]).await.status, StatusCode::SEE_OTHER);
}
