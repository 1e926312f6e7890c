//! A whole business at the simulated Stripe, delivered to us: the mirror ends equal to what Stripe has.

use tollgate::audit::Actor;
use tollgate::endpoints::{self, Draft};
use tollgate::keys;
use tollgate::models::mirror;
use tollgate_stripe_sim::{Clock, FaultPlan, Simulator};

use crate::support::{SECONDS, Setup};

const KINDS: [&str; 9] = [
    "customer",
    "product",
    "price",
    "subscription",
    "invoice",
    "payment_intent",
    "charge",
    "refund",
    "checkout.session",
];

#[tokio::test]
async fn a_business_whose_events_come_twice_leaves_a_mirror_that_equals_stripe() {
    // One delivery at a time, so that events of one second arrive in their order.
    let builder = Simulator::builder().seed(7).clock(Clock::manual(SECONDS)).retries([]).concurrency(1);
    let sim = builder.start().await.unwrap();
    let app = Setup::bare().stripe(&sim).start().await;
    let secret = sim.api_key(&sim.account(), false);
    keys::add(&app.tollgate, "Shop", &secret, &Actor::cli()).await.unwrap();
    endpoints::create(&app.tollgate, Draft::new(app.base()), &Actor::cli()).await.unwrap();
    sim.set_faults(FaultPlan { duplicate_every: 3, ..FaultPlan::default() });
    let business = sim.business();
    for _ in 0..40 {
        business.step().await;
    }
    sim.settled().await;
    app.run_workers().await;
    let mut compared = 0;
    for kind in KINDS {
        for object in sim.objects(kind) {
            let id = object["id"].as_str().unwrap().to_owned();
            // What existed before the endpoint did was never told.
            let Some(mirrored) = app.read(|conn| mirror::find(conn, kind, &id)) else { continue };
            assert_eq!(mirrored.json(), object, "{kind} {id}");
            compared += 1;
        }
    }
    assert!(compared > 50, "only {compared} objects");
}
