//! Objects in the current shape and in the one from before 2025-03-31.basil.

use serde_json::{Value, json};
use tollgate_stripe_sim::Simulator;

use crate::support::{Api, Receiver, start};

const OLD: &str = "2024-09-30.acacia";

/// Lets the business run until the receivers have seen these types, and gives both forms of the last event of `wanted`.
async fn both_forms(sim: &Simulator, api: &Api, wanted: &str) -> (Value, Value) {
    let (new, old) = (Receiver::start().await, Receiver::start().await);
    api.register(&new.url, wanted, "").await;
    api.register(&old.url, wanted, &format!("&api_version={OLD}")).await;
    let business = sim.business();
    for _ in 0..500 {
        business.step().await;
        sim.settled().await;
        if let (Some(new), Some(old)) = (new.received().last(), old.received().last()) {
            return (new.json(), old.json());
        }
    }
    panic!("the business never told of {wanted}");
}

#[tokio::test]
async fn the_period_moved_from_the_subscription_to_its_items() {
    let (sim, api) = start().await;
    let (new, old) = both_forms(&sim, &api, "customer.subscription.created").await;
    assert_eq!(
        (&new["id"], &new["api_version"], &old["api_version"]),
        (&old["id"], &json!("2026-10-28.endive"), &json!(OLD))
    );
    let (new, old) = (&new["data"]["object"], &old["data"]["object"]);
    let item = &new["items"]["data"][0];
    assert!(item["current_period_end"].is_i64() && new.get("current_period_end").is_none());
    assert_eq!(old["current_period_end"], item["current_period_end"]);
    assert_eq!(old["current_period_start"], item["current_period_start"]);
    assert_eq!(old["items"]["data"][0].get("current_period_end"), None);
    assert_eq!(old["discount"], Value::Null);
}

#[tokio::test]
async fn previous_attributes_follow_the_shape() {
    let (sim, api) = start().await;
    sim.business().step().await;
    while sim.objects("subscription").is_empty() {
        sim.business().step().await;
    }
    let (new, old) = (Receiver::start().await, Receiver::start().await);
    api.register(&new.url, "customer.subscription.updated", "").await;
    api.register(&old.url, "customer.subscription.updated", &format!("&api_version={OLD}")).await;
    let renewed =
        |got: &crate::support::Received| !got.json()["data"]["previous_attributes"]["latest_invoice"].is_null();
    for _ in 0..500 {
        sim.clock().advance(3600);
        sim.business().step().await;
        sim.settled().await;
        if new.received().iter().any(renewed) {
            break;
        }
    }
    let previous = |receiver: &Receiver| {
        receiver.received().iter().find(|got| renewed(got)).unwrap().json()["data"]["previous_attributes"].clone()
    };
    let (new, old) = (previous(&new), previous(&old));
    assert!(new["items"]["data"][0]["current_period_end"].is_i64(), "the whole array: {new}");
    assert_eq!(new["items"]["data"][0]["object"], "subscription_item");
    assert_eq!(old["current_period_end"], new["items"]["data"][0]["current_period_end"]);
    assert_eq!(old.get("items"), None, "{old}");
}

#[tokio::test]
async fn the_invoices_links_moved() {
    let (sim, api) = start().await;
    let (new, old) = both_forms(&sim, &api, "payment_intent.succeeded").await;
    assert_eq!((new["data"]["object"].get("invoice"), old["data"]["object"].get("invoice").is_some()), (None, true));
    let paid = |invoice: &&Value| invoice["status"] == "paid" && invoice["amount_paid"] != 0;
    while !sim.objects("invoice").iter().any(|invoice| paid(&invoice)) {
        sim.business().step().await;
    }
    let new = sim.objects("invoice").iter().find(paid).unwrap().clone();
    let path = format!("/v1/invoices/{}", new["id"].as_str().unwrap());
    let old = Api::of(&sim).header("stripe-version", OLD).get(&path).await.body;
    let payment = &new["payments"]["data"][0];
    assert_eq!((&payment["object"], &payment["status"]), (&json!("invoice_payment"), &json!("paid")));
    assert_eq!(old["subscription"], new["parent"]["subscription_details"]["subscription"]);
    assert_eq!(old["payment_intent"], payment["payment"]["payment_intent"]);
    assert_eq!((&old["paid"], &old["amount_paid"]), (&json!(true), &new["amount_paid"]));
    for gone in ["subscription", "charge", "payment_intent", "paid"] {
        assert_eq!((new.get(gone), old.get(gone).is_some()), (None, true), "{gone}");
    }
    assert!(old.get("parent").is_none() && old.get("payments").is_none());
    let charge = old["charge"].as_str().unwrap();
    assert_eq!(sim.object(charge).unwrap().get("invoice"), None);
    let old_api = Api::of(&sim).header("stripe-version", OLD);
    assert_eq!(old_api.get(&format!("/v1/charges/{charge}")).await.body["invoice"], new["id"]);
    let line = (&new["lines"]["data"][0], &old["lines"]["data"][0]);
    assert_eq!(line.1["price"]["id"], line.0["pricing"]["price_details"]["price"]);
    assert_eq!(line.1["subscription"], old["subscription"]);
    assert!(!format!("{new}{old}").contains("\"~"), "the simulator's notes stay inside");
}
