//! Secrets rotated in both ways while events keep coming: none is lost, handled twice, or refused where it should not be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tollgate::audit::Actor;
use tollgate::models::endpoints as rows;
use tollgate::stripe::WebhookSecret;
use tollgate::{Clock, Handlers, endpoints};
use tollgate_stripe_sim::Simulator;

use crate::support::{Setup, Shop, until};

async fn start(retries: &[u64]) -> (Shop, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let handlers = Handlers::new().on_as("count", "customer", move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let retries: Vec<Duration> = retries.iter().map(|millis| Duration::from_millis(*millis)).collect();
    let sim = Simulator::builder().seed(7).retries(retries).start().await.unwrap();
    (Shop::start_at(sim, Setup::bare().handlers(handlers).live()).await, runs)
}

/// Lets events happen for as long as the operator works, and until all of them are delivered and handled.
async fn under_load(shop: &Shop, operate: impl Future<Output = ()>) {
    let load = async {
        let mut pace = tokio::time::interval(Duration::from_millis(3));
        for number in 0.. {
            pace.tick().await;
            let object = json!({ "id": format!("cus_{number}"), "object": "customer", "created": 1 });
            shop.sim.emit("customer.created", object);
        }
    };
    tokio::select! {
        () = load => {}
        () = operate => {}
    }
    shop.sim.settled().await;
    let waiting = || shop.app.count("events WHERE status <> 'processed'");
    until("all is handled", async || (waiting() == 0).then_some(())).await;
}

/// Waits until a hundred more rows are there.
async fn more(shop: &Shop, from: &str) {
    let wanted = shop.app.count(from) + 100;
    until("deliveries arrive", async || (shop.app.count(from) >= wanted).then_some(())).await;
}

#[tokio::test]
async fn a_new_endpoint_takes_over_and_the_workers_retire_the_old_one() {
    let (shop, runs) = start(&[50, 200, 1000, 2000]).await;
    let old = shop.create().await;
    under_load(&shop, async {
        more(&shop, "events").await;
        let overlap = Duration::from_secs(1);
        endpoints::rotate(&shop.app.tollgate, &old.uuid, overlap, &Actor::cli()).await.unwrap();
        until("the old one is retired", async || (shop.sim.endpoints().len() == 1).then_some(())).await;
        more(&shop, "events").await;
    })
    .await;
    let happened = shop.sim.event_ids().len();
    assert_eq!((shop.app.count("events"), runs.load(Ordering::SeqCst)), (happened as i64, happened));
    let refused = format!("deliveries WHERE outcome = 'refused' AND endpoint_uuid = '{}'", old.uuid);
    assert_eq!(shop.app.count(&refused), 0, "the old one refuses nothing");
    assert!(shop.app.count("deliveries WHERE outcome = 'duplicate'") > 0, "during the overlap events come twice");
    assert_eq!(shop.rows().len(), 1);
}

#[tokio::test]
async fn while_a_secret_is_rolled_no_genuine_delivery_is_refused() {
    // Without retries: whatever is refused once is seen.
    let (shop, runs) = start(&[]).await;
    let endpoint = shop.create().await;
    let id = endpoint.stripe_id.clone().unwrap();
    let first = shop.app.read(|conn| rows::secrets(conn, &endpoint.uuid))[0].id;
    let signed_with = |secret: i64| format!("deliveries WHERE secret_id = {secret}");
    let tollgate = &shop.app.tollgate;
    under_load(&shop, async {
        more(&shop, &signed_with(first)).await;
        let new = shop.sim.roll_secret(&id, Duration::from_secs(2)).unwrap();
        let ends = Clock::System.now_millis() + 2500;
        more(&shop, &signed_with(first)).await;
        let new = WebhookSecret::parse(&new).unwrap();
        let day = Duration::from_secs(24 * 3600);
        let second = endpoints::add_secret(tollgate, &endpoint.uuid, new, day, &Actor::cli()).await.unwrap().number;
        more(&shop, &signed_with(second)).await;
        let over = || Clock::System.now_millis() > ends;
        until("Stripe signs with the new one alone", async || over().then_some(())).await;
        more(&shop, &signed_with(second)).await;
        endpoints::retire_secret(tollgate, &endpoint.uuid, first, &Actor::cli()).await.unwrap();
        more(&shop, &signed_with(second)).await;
    })
    .await;
    let sent = shop.sim.deliveries();
    let refused: Vec<_> = sent.iter().filter(|delivery| !delivery.result.accepted()).collect();
    assert!(sent.len() >= 500 && refused.is_empty(), "{} of {}: {:?}", refused.len(), sent.len(), refused.first());
    assert_eq!(shop.app.count("deliveries WHERE outcome = 'refused'"), 0);
    let happened = shop.sim.event_ids().len();
    assert_eq!((shop.app.count("events"), runs.load(Ordering::SeqCst)), (happened as i64, happened));
}
