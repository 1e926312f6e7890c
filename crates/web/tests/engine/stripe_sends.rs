//! The simulated Stripe delivers to us as the real one does.

use serde_json::json;
use tollgate_stripe_sim::FaultPlan;

use crate::app::App;

#[actix_web::test]
async fn a_business_whose_events_come_twice_ends_with_a_mirror_that_equals_stripe() {
    let app = App::start().await;
    app.endpoint().await;
    app.sim.set_faults(FaultPlan { duplicate_every: 3, ..FaultPlan::default() });
    let business = app.sim.business();
    for _ in 0..40 {
        business.step().await;
    }
    app.sim.settled().await;
    app.run_workers().await;
    let mut compared = 0;
    for kind in [
        "customer",
        "product",
        "price",
        "subscription",
        "invoice",
        "payment_intent",
        "charge",
        "refund",
        "checkout.session",
    ] {
        for object in app.sim.objects(kind) {
            let id = object["id"].as_str().unwrap();
            // What existed before the endpoint did was never told.
            let Some(mirrored) = app.mirrored(kind, id).await else { continue };
            assert_eq!(mirrored, object, "{kind} {id}");
            compared += 1;
        }
    }
    assert!(compared > 50, "only {compared} objects");
}

#[actix_web::test]
async fn the_same_event_by_two_endpoints_is_one_event_and_two_deliveries() {
    let app = App::start().await;
    app.endpoint().await;
    let second = tollgate::endpoints::Draft::new(app.base.clone());
    tollgate::endpoints::create(&app.tollgate, second, &tollgate::audit::Actor::cli()).await.unwrap();
    let id = app.sim.emit("customer.created", json!({ "id": "cus_9", "object": "customer", "livemode": false }));
    app.sim.settled().await;
    assert_eq!(app.deliveries().await.len(), 2);
    assert_eq!(app.run_workers().await, 1);
    assert_eq!(app.event(&id).await.unwrap().status.as_str(), "processed");
}
