//! `tollgate endpoints` with destinations, as an operator types them.

use serde_json::{Value, json};
use tollgate_stripe_sim::Simulator;

use crate::support::{Cli, simulator};

struct Desk {
    sim: Simulator,
    cli: Cli,
}

impl Desk {
    async fn new() -> Self {
        let sim = simulator().await;
        Self::with(sim).await
    }

    async fn with(sim: Simulator) -> Self {
        let cli = Cli::new().stripe(&sim);
        let key = sim.api_key(&sim.account(), false);
        assert_eq!(cli.run_with(&["keys", "add", "--name", "Shop"], &key).await.status, 0);
        Self { sim, cli }
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        self.cli.run(&[arguments, &["--json"]].concat()).await.json().remove(0)
    }

    async fn create(&self, more: &[&str]) -> Value {
        let create = ["endpoints", "create", "--base-url", "http://127.0.0.1:9"];
        self.json(&[&create[..], more].concat()).await
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

#[tokio::test]
async fn destinations_are_made_listed_pinged_and_imported() {
    let desk = Desk::new().await;
    let thin = desk.create(&["--thin", "--events", "v1.customer, v1.invoice.paid"]).await;
    assert_eq!((&thin["object"], &thin["payload"]), (&json!("v2.core.event_destination"), &json!("thin")));
    assert_eq!((&thin["api_version"], thin["enabled_events"].as_array().unwrap().len() > 10), (&Value::Null, true));
    let snapshot = desk.create(&["--destination", "--events", "invoice.paid"]).await;
    assert_eq!((&snapshot["payload"], &snapshot["api_version"]), (&json!("snapshot"), &json!("2026-10-28.endive")));
    let both = desk.create(&["--destination", "--thin"]).await;
    assert_eq!(both["payload"], "thin");
    let list = desk.cli.run(&["endpoints", "list"]).await.out;
    assert!(list.contains("Event destination: thin") && list.contains("Event destination: snapshot"), "{list}");
    let pinged = desk.json(&["endpoints", "ping", text(&thin, "uuid")]).await;
    assert!(desk.sim.thin_event_ids().contains(&text(&pinged, "event").to_owned()));
    let doctor = desk.cli.run(&["doctor"]).await;
    assert!(doctor.out.contains("event destination: thin") && doctor.out.contains("no delivery yet"), "{doctor:?}");
    let disabled = desk.json(&["endpoints", "disable", text(&thin, "stripe_id")]).await;
    assert_eq!(disabled["status"], "disabled");

    let other = Cli::new().stripe(&desk.sim);
    let key = desk.sim.api_key(&desk.sim.account(), false);
    assert_eq!(other.run_with(&["keys", "add"], &key).await.status, 0);
    let id = text(&both, "stripe_id");
    let secret = desk.sim.endpoint_secret(id).unwrap();
    let imported = other.run_with(&["endpoints", "import", id, "--json"], &secret).await.json().remove(0);
    assert_eq!((&imported["uuid"], &imported["payload"]), (&both["uuid"], &json!("thin")));
}

#[tokio::test]
async fn wrong_flags_are_told() {
    let desk = Desk::new().await;
    let base = ["endpoints", "create", "--base-url", "http://127.0.0.1:9"];
    let with = |more: &[&'static str]| [&base[..], more].concat();
    let failing = [
        (with(&["--thin", "--events", "customer.created"]), "v1.customer.created"),
        (with(&["--thin", "--events", "v1.custmer.created"]), "did you mean v1.customer.created?"),
        (with(&["--thin", "--events", ","]), "at least one event type"),
        (with(&["--destination", "--events", "v1.customer.created"]), "customer.created is meant"),
        (with(&["--destination", "--api-version", "2020"]), "no API version"),
    ];
    for (arguments, text) in failing {
        let ended = desk.cli.run(&arguments).await;
        assert!(ended.status == 1 && ended.err.contains(text), "{arguments:?}: {ended:?}");
    }
    let both = desk.cli.run(&with(&["--thin", "--api-version", "2026-10-28.endive"])).await;
    assert!(both.status == 2 && desk.sim.endpoints().is_empty(), "{both:?}");
}
