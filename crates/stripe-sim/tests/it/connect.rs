//! Connected accounts.

use serde_json::json;
use tollgate_stripe_sim::EmitOptions;

use crate::support::{Api, Receiver, start};

#[tokio::test]
async fn a_connected_accounts_events_go_to_connect_endpoints_and_its_own() {
    let (sim, platform) = start().await;
    let branch = sim.create_account("Branch");
    let own = Api::with_key(&sim, &sim.api_key(&branch, false));
    let (direct, connect, branch_hook) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    platform.register(&direct.url, "*", "").await;
    platform.register(&connect.url, "*", "&connect=true").await;
    own.register(&branch_hook.url, "*", "").await;
    let customer = json!({"id": "cus_1", "object": "customer"});
    let options = EmitOptions { account: Some(branch.clone()), ..EmitOptions::default() };
    let theirs = sim.emit_with("customer.created", customer.clone(), options);
    let ours = sim.emit("customer.created", customer);
    sim.settled().await;
    assert_eq!(
        (direct.ids(), connect.ids(), branch_hook.ids()),
        (vec![ours], vec![theirs.clone()], vec![theirs.clone()])
    );
    assert_eq!(connect.received()[0].json()["account"], branch.as_str());
    assert_eq!(branch_hook.received()[0].json().get("account"), None);
    let through = Api::of(&sim).header("stripe-account", &branch).get("/v1/events").await;
    assert_eq!(
        (through.ids(), through.body["data"][0]["account"].as_str()),
        (vec![theirs.as_str()], Some(branch.as_str()))
    );
}

#[tokio::test]
async fn a_platform_acts_for_its_accounts_and_nobody_else_does() {
    let (sim, platform) = start().await;
    let branch = sim.create_account("Branch");
    assert_eq!(platform.get("/v1/accounts").await.ids(), [branch.as_str()]);
    assert_eq!(platform.get(&format!("/v1/accounts/{branch}")).await.body["business_profile"]["name"], "Branch");
    let own = Api::with_key(&sim, &sim.api_key(&branch, false));
    assert_eq!(own.get("/v1/account").await.body["id"], branch.as_str());
    assert!(own.get("/v1/accounts").await.ids().is_empty());
    let refused = own.get(&format!("/v1/accounts/{}", sim.account())).await;
    assert_eq!((refused.refusal().0, refused.refusal().1), (403, Some("account_invalid")));
    let refused = own.header("stripe-account", &sim.account()).get("/v1/account").await;
    assert_eq!((refused.refusal().0, refused.refusal().1), (403, Some("account_invalid")));
    let acting = platform.header("stripe-account", &branch);
    assert_eq!(acting.get("/v1/account").await.body["id"], branch.as_str());
}
