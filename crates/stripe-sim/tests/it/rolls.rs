//! Rolled secrets.

use std::time::Duration;

use serde_json::json;
use tollgate_stripe_sim::DeliverOptions;

use crate::support::{Receiver, start};

#[tokio::test]
async fn a_rolled_secret_lives_on_for_the_time_given_and_each_live_one_signs() {
    let (sim, api) = start().await;
    let receiver = Receiver::start().await;
    let endpoint = api.register(&receiver.url, "*", "").await;
    let (id, first) = (endpoint["id"].as_str().unwrap(), endpoint["secret"].as_str().unwrap());
    let event = sim.emit("customer.created", json!({"id": "cus_1", "object": "customer"}));
    sim.settled().await;

    let second = sim.roll_secret(id, Duration::from_secs(100)).unwrap();
    let third = sim.roll_secret(id, Duration::from_secs(60)).unwrap();
    assert_eq!(sim.endpoint_secret(id).as_deref(), Some(third.as_str()));
    assert!(second.starts_with("whsec_") && second.len() == first.len() && second != third && second != first);
    // By now: which of first, second and third sign.
    let steps =
        [(0, [true, true, true]), (59, [true, true, true]), (1, [true, false, true]), (40, [false, false, true])];
    for (wait, expected) in steps {
        sim.clock().advance(wait);
        sim.deliver(&event, DeliverOptions::to(id)).await;
        let got = receiver.received().pop().unwrap();
        let signs = [first, &second, &third].map(|secret| got.verify(secret).is_ok());
        assert_eq!(signs, expected, "after {wait} s more");
        let signatures = got.header("stripe-signature").unwrap().matches(",v1=").count();
        assert_eq!(signatures, expected.iter().filter(|signs| **signs).count());
    }
}

#[tokio::test]
async fn without_an_overlap_the_old_secret_is_dead_at_once() {
    let (sim, api) = start().await;
    let receiver = Receiver::start().await;
    let endpoint = api.v2().register_destination(&receiver.url, "thin", &["*"], json!({})).await;
    let old = endpoint["webhook_endpoint"]["signing_secret"].as_str().unwrap();
    let new = sim.roll_secret(endpoint["id"].as_str().unwrap(), Duration::ZERO).unwrap();
    sim.emit("customer.created", json!({"id": "cus_1", "object": "customer"}));
    sim.settled().await;
    let got = receiver.received().pop().unwrap();
    assert!(got.verify(&new).is_ok() && got.verify(old).is_err());
    assert_eq!(sim.roll_secret("we_none", Duration::MAX), None);
}

#[tokio::test]
async fn no_secret_is_shown_by_debug() {
    let (sim, api) = start().await;
    let endpoint = api.register("https://shop.example/hook", "*", "").await;
    let new = sim.roll_secret(endpoint["id"].as_str().unwrap(), Duration::MAX).unwrap();
    let shown = format!("{:?} {sim:?}", sim.endpoints());
    assert!(!shown.contains(&new) && !shown.contains(endpoint["secret"].as_str().unwrap()), "{shown}");
}
