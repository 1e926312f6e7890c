//! A clock of ours that is wrong: what is fetched counts by Stripe's.

use serde_json::{Value, json};
use tollgate::audit::Actor;
use tollgate::models::mirror::Subject;
use tollgate::sync::{self, Request};
use tollgate::{keys, refetch};
use tollgate_stripe_sim::{Clock, Simulator};

use crate::support::{Cli, NOW, Payload, Setup, TestApp, event};

const HOUR: i64 = 3600;
const CUSTOMER: Subject<'_> = Subject { object: "customer", id: "cus_1", livemode: false, account: None };

fn customer(name: &str) -> Value {
    json!({"id": "cus_1", "object": "customer", "created": 1_700_000_000, "livemode": false, "name": name})
}

/// Stripe, whose time is so many seconds before ours, with one customer.
async fn stripe(behind: i64) -> Simulator {
    let sim = Simulator::builder().seed(7).clock(Clock::manual(NOW.div_euclid(1000) - behind)).start().await.unwrap();
    sim.put_object(customer("Ada"));
    sim
}

async fn app(sim: &Simulator) -> TestApp {
    let app = Setup::new().stripe(sim).start().await;
    keys::add(&app.tollgate, "Shop", &sim.api_key(&sim.account(), false), &Actor::cli()).await.unwrap();
    app
}

fn renamed(name: &str, at: i64) -> Payload {
    let mut payload = event("evt_renamed", "customer.updated");
    payload["created"] = json!(at);
    payload["data"] = json!({"object": customer(name), "previous_attributes": {"name": "Ada"}});
    payload
}

fn name(app: &TestApp) -> String {
    let row = app.read(|conn| tollgate::models::mirror::find(conn, "customer", "cus_1")).unwrap();
    row.json()["name"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_clock_that_is_ahead_keeps_no_newer_event_out_of_what_was_fetched() {
    for (behind, fetches_one) in [(HOUR, true), (HOUR, false), (0, true), (-HOUR, true)] {
        let sim = stripe(behind).await;
        let app = app(&sim).await;
        if fetches_one {
            assert!(refetch::now(&app.tollgate, CUSTOMER, &Actor::cli()).await.unwrap().stored);
        } else {
            let request = Request { types: vec!["customer".to_owned()], since: None };
            let id = sync::begin(&app.tollgate, &request, &Actor::cli()).await.unwrap();
            sync::work_off(&app.tollgate, id, |_| {}).await.unwrap();
        }
        assert_eq!(name(&app), "Ada");
        app.deliver(&renamed("Bo", sim.clock().now() + 5)).await;
        app.run_workers().await;
        assert_eq!(name(&app), "Bo", "{behind} s");
    }
}

#[tokio::test]
async fn doctor_tells_of_a_clock_that_is_wrong() {
    let right = Simulator::builder().start().await.unwrap();
    let text = async |sim: &Simulator| {
        let cli = Cli::new().stripe(sim);
        let key = sim.api_key(&sim.account(), false);
        assert_eq!(cli.run_with(&["keys", "add", "--name", "Shop"], &key).await.status, 0);
        cli.run(&["doctor"]).await.out
    };
    assert!(text(&right).await.contains("it agrees with Stripe's"));
    let wrong = stripe(0).await;
    let ahead = right.clock().now() - wrong.clock().now();
    let said = text(&wrong).await;
    let side = if ahead > 0 { "s ahead of Stripe's: set this machine's clock" } else { "s behind Stripe's" };
    assert!(said.contains(side), "{said}");
}
