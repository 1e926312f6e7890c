//! Faults in deliveries.

use std::time::Duration;

use serde_json::json;
use tollgate_stripe_sim::{FaultPlan, Simulator};

use crate::support::{Api, NOW, Receiver, builder};

async fn emit_six(plan: FaultPlan, retries: &[Duration]) -> (Simulator, Receiver, String, Vec<String>) {
    let sim = builder().retries(retries).start().await.unwrap();
    let receiver = Receiver::start().await;
    let endpoint = Api::of(&sim).register(&receiver.url, "*", "").await;
    sim.set_faults(plan);
    let ids = (0..6).map(|n| sim.emit("customer.updated", json!({"id": format!("cus_{n}"), "object": "customer"})));
    let ids = ids.collect();
    sim.settled().await;
    (sim, receiver, endpoint["secret"].as_str().unwrap().to_owned(), ids)
}

#[tokio::test]
async fn every_nth_delivery_is_made_twice_or_never() {
    let plan = FaultPlan { duplicate_every: 3, ..FaultPlan::default() };
    let (_sim, receiver, _, ids) = emit_six(plan, &[]).await;
    let twice = [0, 1, 2, 2, 3, 4, 5, 5].map(|n: usize| ids[n].clone());
    assert_eq!(receiver.ids(), twice);
    let plan = FaultPlan { drop_every: 2, ..FaultPlan::default() };
    let (sim, receiver, _, ids) = emit_six(plan, &[]).await;
    assert_eq!(receiver.ids(), [0, 2, 4].map(|n: usize| ids[n].clone()));
    assert_eq!(sim.event(&ids[1]).unwrap()["pending_webhooks"], 1, "Stripe still counts it as pending");
}

#[tokio::test]
async fn a_wrong_secret_is_put_right_by_the_retry() {
    let plan = FaultPlan { wrong_secret_every: 6, ..FaultPlan::default() };
    let (sim, receiver, secret, ids) = emit_six(plan.clone(), &[]).await;
    let bad: Vec<_> =
        receiver.received().iter().filter(|got| got.verify(&secret).is_err()).map(|got| got.id()).collect();
    assert_eq!(bad, [ids[5].clone()]);
    assert_eq!(sim.faults(), plan);
}

#[tokio::test]
async fn held_deliveries_come_in_another_order_that_the_seed_decides() {
    let plan = FaultPlan { hold: 6, ..FaultPlan::default() };
    let (_sim, receiver, _, ids) = emit_six(plan.clone(), &[]).await;
    let first = receiver.ids();
    assert_ne!(first, ids);
    let mut sorted = (first.clone(), ids);
    sorted.0.sort();
    sorted.1.sort();
    assert_eq!(sorted.0, sorted.1);
    let (_sim, receiver, _, _) = emit_six(plan, &[]).await;
    assert_eq!(receiver.ids(), first);
}

#[tokio::test]
async fn what_is_held_back_is_let_go_by_settled() {
    let plan = FaultPlan { hold: 4, ..FaultPlan::default() };
    let (_sim, receiver, _, ids) = emit_six(plan, &[]).await;
    assert_eq!(receiver.ids().len(), ids.len());
}

#[tokio::test]
async fn what_is_still_to_come_is_not_sent_to_an_endpoint_that_is_off_or_gone() {
    let sim = builder().start().await.unwrap();
    let (api, receiver) = (Api::of(&sim), Receiver::start().await);
    for end in ["POST", "DELETE"] {
        let endpoint = api.register(&receiver.url, "*", "").await;
        sim.set_faults(FaultPlan { hold: 9, ..FaultPlan::default() });
        sim.emit("customer.updated", json!({"id": "cus_1", "object": "customer"}));
        let path = format!("/v1/webhook_endpoints/{}", endpoint["id"].as_str().unwrap());
        let form = if end == "POST" { "disabled=true" } else { "" };
        assert_eq!(api.call(end, &path, form).await.unwrap().status, 200);
        sim.settled().await;
        assert!(receiver.received().is_empty(), "{end}");
    }
}

#[tokio::test]
async fn a_delay_keeps_deliveries_back() {
    let plan = FaultPlan { delay: Duration::from_millis(30), ..FaultPlan::default() };
    let start = std::time::Instant::now();
    let (_sim, receiver, _, ids) = emit_six(plan, &[]).await;
    assert_eq!(receiver.ids().len(), ids.len());
    assert!(start.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn ties_give_events_the_same_second() {
    let sim = builder().start().await.unwrap();
    sim.set_faults(FaultPlan { tie_seconds: 60, ..FaultPlan::default() });
    let mut seconds = Vec::new();
    for _ in 0..3 {
        let id = sim.emit("customer.updated", json!({"id": "cus_1", "object": "customer"}));
        seconds.push(sim.event(&id).unwrap()["created"].as_i64().unwrap());
        sim.clock().advance(3);
    }
    assert_eq!(seconds, [NOW - NOW % 60; 3]);
}
