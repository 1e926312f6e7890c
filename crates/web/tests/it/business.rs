//! A whole business at the simulated Stripe, told to an endpoint of each kind: the mirror ends equal to what Stripe has.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use tollgate::Handlers;
use tollgate::audit::Actor;
use tollgate::endpoints::{self, Draft, Kind};
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

/// A business of 40 steps, told to an endpoint of this kind; how many objects are in the mirror as Stripe has them.
async fn told_to(kind: Kind) -> usize {
    // One delivery at a time, so that events of one second arrive in their order.
    let builder = Simulator::builder().seed(7).clock(Clock::manual(SECONDS)).retries([]).concurrency(1);
    let sim = builder.start().await.unwrap();
    let seen = Arc::new(Mutex::new(HashSet::new()));
    let noted = Arc::clone(&seen);
    let handlers = Handlers::new().on_as("note", "*", move |event, _| {
        assert!(event.data_object().is_object(), "{}", event.id());
        assert!(noted.lock().unwrap().insert(event.id().to_owned()), "{} twice", event.id());
        Ok(())
    });
    let app = Setup::bare().handlers(handlers).stripe(&sim).start().await;
    let secret = sim.api_key(&sim.account(), false);
    keys::add(&app.tollgate, "Shop", &secret, &Actor::cli()).await.unwrap();
    let draft = Draft { kind, ..Draft::new(app.base()) };
    endpoints::create(&app.tollgate, draft, &Actor::cli()).await.unwrap();
    sim.set_faults(FaultPlan { duplicate_every: 3, ..FaultPlan::default() });
    let business = sim.business();
    for _ in 0..40 {
        business.step().await;
    }
    sim.settled().await;
    assert!(sim.deliveries().iter().all(|delivery| delivery.result.accepted()));
    app.run_workers().await;
    assert_eq!(app.count("events WHERE status <> 'processed'"), 0);
    let told: HashSet<String> = sim.deliveries().into_iter().map(|delivery| delivery.event).collect();
    assert_eq!((app.count("events"), &*seen.lock().unwrap()), (told.len() as i64, &told));
    let thin = format!("events WHERE kind = '{}'", kind.payload());
    assert_eq!(app.count(&thin), told.len() as i64);
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
    compared
}

#[tokio::test]
async fn a_business_whose_events_come_twice_leaves_a_mirror_that_equals_stripe() {
    let compared = told_to(Kind::WebhookEndpoint).await;
    assert!(compared > 50, "only {compared} objects");
}

#[tokio::test]
async fn a_business_told_to_a_snapshot_destination_leaves_a_mirror_that_equals_stripe() {
    let compared = told_to(Kind::SnapshotDestination).await;
    assert!(compared > 50, "only {compared} objects");
}

#[tokio::test]
async fn a_business_told_by_thin_events_leaves_a_mirror_that_equals_stripe() {
    let compared = told_to(Kind::ThinDestination).await;
    assert!(compared > 50, "only {compared} objects");
}
