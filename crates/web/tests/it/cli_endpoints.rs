//! `tollgate endpoints rotate-secret`, `retire`, `secrets`, `ping`, and destinations, as an operator types them.

use std::time::Duration;

use diesel::RunQueryDsl;
use serde_json::{Value, json};
use tollgate_stripe_sim::{ApiFault, Simulator};

use crate::support::{ATTEMPTS, Cli, PATH, Served, simulator, until};

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
async fn a_secret_is_rotated_by_a_new_endpoint_and_the_old_one_retired() {
    let desk = Desk::new().await;
    let old = desk.create(&["--description", "Shop"]).await;
    let (old_uuid, old_id) = (text(&old, "uuid"), text(&old, "stripe_id"));
    let new = desk.json(&["endpoints", "rotate-secret", old_id, "--overlap", "2h"]).await;
    assert_eq!(
        (&new["status"], &new["replaces"], &new["description"]),
        (&json!("enabled"), &json!(old_uuid), &json!("Shop"))
    );
    assert!(text(&new, "old_retire_at") > "2026" && text(&new, "uuid") != old_uuid);
    // Twice is the same, and says so to people too.
    let again = desk.cli.run(&["endpoints", "rotate-secret", old_uuid]).await;
    assert!(again.out.contains(text(&new, "url")) && again.out.contains("is deleted after"), "{again:?}");
    assert_eq!(desk.sim.endpoints().len(), 2);
    let listed = desk.cli.run(&["endpoints", "list", "--json"]).await.json();
    let retires: Vec<bool> = listed.iter().map(|endpoint| endpoint["retire_at"].is_string()).collect();
    assert_eq!(retires.iter().filter(|retires| **retires).count(), 1);
    let doctor = desk.cli.run(&["doctor"]).await;
    assert!(doctor.out.contains("is retired after"), "{doctor:?}");
    assert_eq!(desk.json(&["endpoints", "retire", old_uuid]).await["status"], "retired");
    assert_eq!(desk.sim.endpoints()[0].id, text(&new, "stripe_id"));
}

#[tokio::test]
async fn a_rolled_secret_is_read_from_standard_input_and_the_evidence_is_listed() {
    let desk = Desk::new().await;
    let endpoint = desk.create(&[]).await;
    let (uuid, id) = (text(&endpoint, "uuid"), text(&endpoint, "stripe_id"));
    let old = desk.sim.endpoint_secret(id).unwrap();
    let new = desk.sim.roll_secret(id, Duration::from_secs(3600)).unwrap();
    let rotate = ["endpoints", "rotate-secret", uuid, "--secret-stdin", "--overlap", "1h", "--json"];
    let added = desk.cli.run_with(&rotate, &format!("{new}\n")).await.json().remove(0);
    assert_eq!((text(&added, "uuid"), added["secret"].is_i64()), (uuid, true));
    let listed = desk.cli.run(&["endpoints", "secrets", id, "--json"]).await.json();
    assert_eq!((listed.len(), &listed[0]["number"], &listed[0]["ends_at"]), (2, &added["secret"], &Value::Null));
    assert_eq!(listed[1]["ends_at"], added["others_end_at"]);
    let table = desk.cli.run(&["endpoints", "secrets", uuid]).await.out;
    assert!(table.starts_with("NUMBER") && table.contains("not yet"), "{table}");
    let number = listed[1]["number"].to_string();
    assert_eq!(desk.cli.run(&["endpoints", "retire", uuid, "--secret", &number]).await.status, 0);
    let newest = added["secret"].to_string();
    let refused = desk.cli.run(&["endpoints", "retire", uuid, "--secret", &newest]).await;
    assert!(refused.status == 1 && refused.err.contains("is the newest"), "{refused:?}");
    for (input, status, says) in [
        ("", 2, "was empty"),
        ("  \t \n", 2, "is empty"),
        ("sk_live_51Habcdefghijk", 2, "API key"),
        ("whsec_with space", 2, "no signing secret"),
        (new.as_str(), 1, "here already"),
        (old.as_str(), 1, "has ended"),
    ] {
        let ended = desk.cli.run_with(&rotate, input).await;
        assert!(ended.status == status && ended.err.contains(says), "{input:?}: {ended:?}");
        assert!(input.trim().is_empty() || !ended.err.contains(input), "{ended:?}");
    }
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
    let rotated = desk.json(&["endpoints", "rotate-secret", text(&snapshot, "uuid")]).await;
    assert_eq!(rotated["object"], "v2.core.event_destination");

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
    let endpoint = desk.create(&[]).await;
    let uuid = text(&endpoint, "uuid");
    let base = ["endpoints", "create", "--base-url", "http://127.0.0.1:9"];
    let with = |more: &[&'static str]| [&base[..], more].concat();
    let usage = [
        vec!["endpoints", "rotate-secret"],
        vec!["endpoints", "rotate-secret", uuid, "--overlap", "soon"],
        vec!["endpoints", "rotate-secret", uuid, "--overlap", "-1h"],
        vec!["endpoints", "rotate-secret", uuid, "--overlap", "31d"],
        vec!["endpoints", "rotate-secret", uuid, "--overlap", ""],
        vec!["endpoints", "retire", uuid, "--secret", "first"],
        with(&["--thin", "--api-version", "2026-10-28.endive"]),
    ];
    for arguments in usage {
        let ended = desk.cli.run(&arguments).await;
        assert_eq!(ended.status, 2, "{arguments:?}: {ended:?}");
    }
    let failing = [
        (vec!["endpoints", "rotate-secret", "we_none"], "no endpoint"),
        (vec!["endpoints", "retire", uuid], "no other endpoint takes the place"),
        (vec!["endpoints", "retire", uuid, "--secret", "99"], "no secret 99"),
        (vec!["endpoints", "secrets", "nobody"], "no endpoint"),
        (vec!["endpoints", "ping", uuid], "event destinations only"),
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
    assert_eq!(desk.sim.endpoints().len(), 1);
}

#[tokio::test]
async fn a_rotation_whose_process_is_killed_while_it_asks_stripe_is_finished_by_the_same_command() {
    let desk = Desk::new().await;
    let old = desk.create(&[]).await;
    let uuid = text(&old, "uuid");
    desk.sim.fail_next("POST", PATH, ApiFault::Timeout(Duration::from_secs(600)), ATTEMPTS);
    let mut child = desk.cli.command(&["endpoints", "rotate-secret", uuid]).spawn().unwrap();
    until("Stripe has made it", async || (desk.sim.endpoints().len() == 2).then_some(())).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let listed = desk.cli.run(&["endpoints", "list", "--json"]).await.json();
    let statuses: Vec<&str> = listed.iter().map(|endpoint| text(endpoint, "status")).collect();
    assert_eq!(statuses, ["pending", "enabled"]);
    let new = desk.json(&["endpoints", "rotate-secret", uuid]).await;
    assert_eq!((&new["uuid"], &new["status"]), (&listed[0]["uuid"], &json!("enabled")));
    assert_eq!((desk.sim.endpoints().len(), desk.sim.endpoints()[1].id.as_str()), (2, text(&new, "stripe_id")));
}

#[tokio::test]
async fn a_server_that_is_killed_while_it_retires_an_endpoint_does_so_after_it_is_started_again() {
    let desk = Desk::with(Simulator::builder().seed(7).retries([]).start().await.unwrap()).await;
    let server = Served::start(&desk.cli, &[]);
    let create = ["endpoints", "create", "--base-url", &server.base];
    let old = desk.json(&create).await;
    let uuid = text(&old, "uuid");
    desk.sim.fail_next("DELETE", PATH, ApiFault::Timeout(Duration::from_secs(600)), 1);
    let new = desk.json(&["endpoints", "rotate-secret", uuid, "--overlap", "0"]).await;
    until("Stripe has deleted it", async || (desk.sim.endpoints().len() == 1).then_some(())).await;
    server.kill();
    let listed = desk.cli.run(&["endpoints", "list", "--json"]).await.json();
    assert_eq!(listed.len(), 2, "here nothing is known of it: {listed:?}");
    // As if the time had passed for which the killed one was to do this work.
    diesel::sql_query("DELETE FROM leases").execute(&mut desk.cli.db.connect()).unwrap();
    let server = Served::start(&desk.cli, &[]);
    until("it is retired here too", async || {
        let listed = desk.cli.run(&["endpoints", "list", "--json"]).await.json();
        (listed.len() == 1 && listed[0]["uuid"] == new["uuid"]).then_some(())
    })
    .await;
    assert_eq!(desk.sim.endpoints()[0].id, text(&new, "stripe_id"));
    assert_eq!(server.stop().await.0, Some(0));
}

#[tokio::test]
async fn a_newer_api_version_is_tried_and_swapped_or_given_up() {
    let desk = Desk::new().await;
    let live = desk.create(&["--api-version", "2024-12-18.acacia"]).await;
    let (uuid, id) = (text(&live, "uuid"), text(&live, "stripe_id"));
    let upgrade = ["endpoints", "upgrade", uuid];
    let with = |more: &[&'static str]| [&upgrade[..], more].concat();
    let none = desk.cli.run(&upgrade).await;
    assert!(none.status == 1 && none.err.contains("no upgrade"), "{none:?}");
    for (arguments, status, said) in [
        (&["--api-version", "2099-01-01.zulu"][..], 1, "no API version"),
        (&["--api-version", "2024-12-18.acacia"], 1, "already"),
        (&["--swap"], 1, "no upgrade"),
        (&["--abandon"], 1, "no upgrade"),
        (&["--swap", "--abandon"], 2, "cannot be used with"),
    ] {
        let ended = desk.cli.run(&with(arguments)).await;
        assert!(ended.status == status && ended.err.contains(said), "{arguments:?} {ended:?}");
    }
    let begun = desk.json(&with(&["--api-version", "2026-10-28.endive"])).await;
    assert_eq!((&begun["status"], &begun["from_version"]), (&json!("comparing"), &json!("2024-12-18.acacia")));
    let told = desk.cli.run(&["endpoints", "upgrade", id]).await;
    assert!(told.status == 0 && told.out.contains("comparing") && told.out.contains("FAILING HANDLERS"), "{told:?}");
    let told = desk.json(&["endpoints", "upgrade", text(&begun, "shadow"), "--status"]).await;
    assert_eq!((&told["uuid"], &told["types"], &told["obstacle"]), (&json!(uuid), &json!([]), &json!(null)));
    let listed = desk.cli.run(&["endpoints", "list", "--json"]).await.json();
    assert_eq!(listed.iter().filter(|endpoint| endpoint["shadow"] == true).count(), 1);
    assert!(desk.cli.run(&["endpoints", "list"]).await.out.contains("enabled, shadow"));
    let doctor = desk.cli.run(&["doctor"]).await;
    assert!(doctor.out.contains("to 2026-10-28.endive is compared"), "{doctor:?}");
    let disabled = desk.cli.run(&["endpoints", "disable", uuid]).await;
    assert!(disabled.status == 1 && disabled.err.contains("swap it or abandon it first"), "{disabled:?}");
    assert_eq!(desk.json(&with(&["--abandon"])).await["status"], "abandoned");
    assert_eq!(desk.sim.endpoints().len(), 1);
    desk.json(&with(&["--api-version", "2025-03-31.basil"])).await;
    assert_eq!(desk.json(&with(&["--swap"])).await["status"], "swapped");
    let states: Vec<String> = desk.sim.endpoints().into_iter().map(|endpoint| endpoint.status).collect();
    assert_eq!(states, ["disabled", "enabled"]);
}
