//! `tollgate sync` and `tollgate objects fetch`, as an operator types them.

use std::time::Duration;

use serde_json::{Value, json};
use tollgate_stripe_sim::{ApiFault, Simulator};

use crate::support::{Cli, SECONDS, end, simulator, until};

const LIST: &str = "/v1/payment_methods";

async fn shop() -> (Simulator, Cli) {
    let sim = simulator().await;
    let cli = Cli::new().stripe(&sim);
    let key = sim.api_key(&sim.account(), false);
    assert_eq!(cli.run_with(&["keys", "add", "--name", "Shop"], &key).await.status, 0);
    (sim, cli)
}

fn fill(sim: &Simulator, kind: &str, count: i64) {
    for number in (0..count).rev() {
        let created = SECONDS - 86_400 - number * 60;
        sim.put_object(json!({ "id": format!("{kind}_{number}"), "object": kind, "created": created, "metadata": {} }));
    }
}

fn pages(sim: &Simulator) -> usize {
    sim.requests().iter().filter(|request| request.path == LIST).count()
}

#[tokio::test]
async fn a_backfill_tells_what_it_listed_of_each_type() {
    let (sim, cli) = shop().await;
    fill(&sim, "customer", 5);
    fill(&sim, "product", 2);
    let told = cli.run(&["sync", "product", "customer", "--since", "2030-01-01T00:00:00Z"]).await;
    assert!(told.status == 0 && told.out.contains("0 objects listed"), "{told:?}");
    let told = cli.run(&["sync"]).await;
    assert_eq!(told.status, 0, "{told:?}");
    assert!(told.out.contains("7 objects listed, 7 of them were not here as they are"), "{told:?}");
    let listed = cli.run(&["sync", "customer", "--json"]).await.json().remove(0);
    assert_eq!((&listed["status"], &listed["types"][0]["objects"]), (&json!("done"), &json!(5)));
    assert_eq!(listed["types"][0]["stored"], 0, "they are here already");
}

#[tokio::test]
async fn a_backfill_that_was_killed_goes_on_where_it_was() {
    let (sim, cli) = shop().await;
    fill(&sim, "payment_method", 1500);
    sim.fail_next("GET", LIST, ApiFault::Timeout(Duration::from_millis(150)), 8);
    let mut killed = cli.command(&["sync", "payment_method"]).spawn().unwrap();
    until("some pages are listed", || async { (pages(&sim) >= 6).then_some(()) }).await;
    killed.kill().unwrap();
    assert_eq!(end(killed).await.status, -1);
    let before = pages(&sim);
    assert!(before < 15, "{before} pages: it was too late to kill it");
    // Its hold on the work ends by itself.
    let report = cli.run(&["sync", "payment_method", "--json"]).await.json().remove(0);
    let listed: &Value = &report["types"][0];
    assert_eq!((&report["status"], &listed["objects"], &listed["pages"]), (&json!("done"), &json!(1500), &json!(15)));
    assert!(pages(&sim) <= 16, "only the page under way is listed twice: {}", pages(&sim));
}

#[tokio::test]
async fn what_cannot_be_backfilled_says_what_to_do() {
    let (sim, cli) = shop().await;
    for (arguments, told) in [
        (vec!["sync", "weather"], "Stripe does not list"),
        (vec!["sync", "customer", "--since", "yesterday"], "--since must be like"),
        (vec!["sync", "--stop", "7"], "is not under way"),
        (vec!["objects", "fetch", "weather", "x"], "weather"),
        (vec!["objects", "fetch", "customer", "cus_1", "--mode", "prod"], "--mode must be"),
        (vec!["objects", "fetch", "customer", "cus_1", "--mode", "live"], "tollgate keys add"),
    ] {
        let ended = cli.run(&arguments).await;
        assert!(ended.status != 0 && ended.err.contains(told), "{arguments:?}: {ended:?}");
    }
    sim.revoke_key(&sim.api_key(&sim.account(), false));
    let ended = cli.run(&["sync", "customer"]).await;
    assert!(ended.status == 1 && ended.err.contains("is failed"), "{ended:?}");
}

#[tokio::test]
async fn one_object_is_fetched_and_told_of() {
    let (sim, cli) = shop().await;
    fill(&sim, "customer", 1);
    let fetch = ["objects", "fetch", "customer", "customer_0"];
    assert_eq!(cli.run(&fetch).await.out, "customer_0: it is here as at Stripe\n");
    sim.put_object(json!({ "id": "customer_0", "object": "customer", "created": 5, "name": "new", "metadata": {} }));
    let told = cli.run(&[&fetch[..], &["--json"]].concat()).await.json().remove(0);
    assert_eq!((&told["status"], &told["differing"]), (&json!("done"), &json!(["created", "name"])));
    let gone = cli.run(&["objects", "fetch", "customer", "cus_unknown"]).await;
    assert!(gone.out.contains("no longer has it"), "{gone:?}");
}
