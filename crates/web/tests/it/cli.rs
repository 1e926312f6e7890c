//! The commands, one after the other as a newcomer uses them, and everything they refuse.

use std::io::{BufRead, BufReader};

use serde_json::json;
use tollgate::stripe::WebhookSecret;
use tollgate::{Clock, Config, Handlers};
use tollgate_stripe_sim::{ApiFault, Simulator};

use crate::support::{
    ATTEMPTS, Cli, Ended, Http, NOW, PASSWORD, PATH, SECONDS, SECRET, Server, build, cli_key, end, event, sign_at,
    simulator,
};

async fn shop() -> (Simulator, Cli) {
    let sim = simulator().await;
    let cli = Cli::new().stripe(&sim);
    let key = sim.api_key(&sim.account(), false);
    assert_eq!(cli.run_with(&["keys", "add", "--name", "Shop", "--json"], &key).await.json()[0]["default"], true);
    (sim, cli)
}

/// Puts events into the database as a server does.
async fn with_events(cli: &Cli, count: usize) {
    let mut config = Config::for_database(&cli.db.url_text()).unwrap();
    config.secret_key = cli_key(cli);
    config.legacy_webhook_secret = Some(WebhookSecret::parse(SECRET).unwrap());
    let handlers = Handlers::new().on_as("fails", "customer.deleted", |_, _| Err("no".into()));
    let tollgate = build(config, Clock::fixed(NOW), handlers, false).await;
    let server = Server::start(tollgate.clone(), tollgate.routes());
    let http = Http::new(&server.base);
    for number in 0..count {
        let event_type = if number == 0 { "customer.deleted" } else { "customer.created" };
        let body = event(&format!("evt_{number:04}"), event_type).to_string();
        let signature = sign_at(SECRET, SECONDS, body.as_bytes());
        let answer = http.post("/stripe/webhooks", &[("stripe-signature", &signature)], body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    tokio::task::spawn_blocking(move || tollgate.workers().run_until_idle()).await.unwrap().unwrap();
}

#[tokio::test]
async fn migrate_is_repeatable_and_says_what_it_ran() {
    let cli = Cli::new();
    let first = cli.run(&["migrate", "--json"]).await.json();
    assert!(!first[0]["migrations"].as_array().unwrap().is_empty());
    assert_eq!(cli.run(&["migrate", "--json"]).await.json(), [json!({ "migrations": [] })]);
    assert_eq!(cli.run(&["migrate"]).await.out, "the database is up to date\n");
}

#[tokio::test]
async fn endpoints_go_through_their_whole_life() {
    let (sim, cli) = shop().await;
    let create = ["endpoints", "create", "--base-url", "http://127.0.0.1:9", "--description", "Shop", "--json"];
    let made = cli.run(&create).await.json().remove(0);
    let (uuid, stripe_id) = (made["uuid"].as_str().unwrap(), made["stripe_id"].as_str().unwrap());
    assert_eq!((&made["status"], &made["url"]), (&json!("enabled"), &json!(sim.endpoints()[0].url)));
    assert!(!made.to_string().contains("whsec_"));
    let update =
        ["endpoints", "update", uuid, "--events", "invoice.paid, charge.refunded", "--tolerance", "60", "--json"];
    let changed = cli.run(&update).await.json().remove(0);
    assert_eq!(changed["enabled_events"], json!(["invoice.paid", "charge.refunded"]));
    assert_eq!((&changed["tolerance_seconds"], sim.endpoints()[0].enabled_events.len()), (&json!(60), 2));
    let inline = ["endpoints", "update", uuid, "--inline", "invoice, checkout", "--json"];
    assert_eq!(cli.run(&inline).await.json()[0]["inline_events"], json!(["checkout", "invoice"]));
    for (order, status) in [("disable", "disabled"), ("enable", "enabled")] {
        assert_eq!(cli.run(&["endpoints", order, stripe_id, "--json"]).await.json()[0]["status"], status);
        assert_eq!(sim.endpoints()[0].status, status);
    }
    let doctor = cli.run(&["doctor"]).await;
    assert!(doctor.out.contains("no delivery yet") && doctor.out.contains("nobody can sign in"), "{doctor:?}");
    assert_eq!(doctor.status, 1);
    assert_eq!(cli.run(&["endpoints", "delete", uuid]).await.status, 0);
    assert!(sim.endpoints().is_empty());
    assert!(cli.run(&["endpoints", "list", "--json"]).await.json().is_empty());
}

#[tokio::test]
async fn an_endpoint_without_an_answer_is_reported_and_retried() {
    let (sim, cli) = shop().await;
    sim.fail_next("POST", PATH, ApiFault::Truncated, ATTEMPTS);
    let failed = cli.run(&["endpoints", "create", "--base-url", "http://127.0.0.1:9"]).await;
    assert!(failed.status == 1 && failed.err.contains("pending"), "{failed:?}");
    let listed = cli.run(&["endpoints", "list", "--json"]).await.json();
    let uuid = listed[0]["uuid"].as_str().unwrap();
    assert!(listed[0]["status"] == "pending" && failed.err.contains(uuid));
    let doctor = cli.run(&["doctor"]).await;
    assert!(doctor.out.contains(&format!("tollgate endpoints retry {uuid}")), "{doctor:?}");
    assert_eq!(cli.run(&["endpoints", "retry", uuid, "--json"]).await.json()[0]["status"], "enabled");
    assert_eq!(sim.endpoints().len(), 1);
}

#[tokio::test]
async fn an_existing_endpoint_is_imported_with_its_secret() {
    let (sim, cli) = shop().await;
    let made = cli.run(&["endpoints", "create", "--base-url", "http://127.0.0.1:9", "--json"]).await.json().remove(0);
    let stripe_id = made["stripe_id"].as_str().unwrap();
    let secret = sim.endpoint_secret(stripe_id).unwrap();
    let here = cli.run_with(&["endpoints", "import", stripe_id], &secret).await;
    assert!(here.status == 1 && here.err.contains("here already"), "{here:?}");
    for input in ["", "   \n"] {
        assert_eq!(cli.run_with(&["endpoints", "import", stripe_id], input).await.status, 2, "{input:?}");
    }
    let other = Cli::new().stripe(&sim);
    let key = sim.api_key(&sim.account(), false);
    assert_eq!(other.run_with(&["keys", "add"], &key).await.status, 0);
    let imported = other.run_with(&["endpoints", "import", stripe_id, "--json"], &secret).await.json().remove(0);
    assert_eq!((&imported["uuid"], &imported["url"]), (&made["uuid"], &made["url"]));
    assert!(!imported.to_string().contains(&secret));
}

#[tokio::test]
async fn events_and_objects_are_listed_shown_and_replayed() {
    let cli = Cli::new();
    with_events(&cli, 5).await;
    let all = cli.run(&["events", "list", "--limit", "0", "--json"]).await.json();
    assert_eq!(all.len(), 5);
    assert_eq!((&all[0]["id"], &all[0]["status"]), (&json!("evt_0004"), &json!("processed")));
    assert!(["type", "endpoint", "received_at"].iter().all(|name| all[0].get(name).is_some()), "{}", all[0]);
    let some =
        async |arguments: &[&str]| cli.run(&[&["events", "list", "--json"], arguments].concat()).await.json().len();
    assert_eq!(some(&["--limit", "2"]).await, 2);
    assert_eq!(some(&["--status", "failed"]).await, 1);
    assert_eq!(some(&["--type", "customer"]).await, 5);
    assert_eq!(some(&["--type", "customer.created"]).await, 4);
    assert_eq!(some(&["--since", "2020-01-01T00:00:00Z"]).await, 5);

    let shown = cli.run(&["events", "show", "evt_0000", "--json"]).await.json().remove(0);
    assert_eq!((&shown["payload"]["id"], &shown["runs"][0]["outcome"]), (&json!("evt_0000"), &json!("failed")));
    assert_eq!(shown["deliveries"][0]["outcome"], "accepted");
    assert_eq!(
        cli.run(&["events", "replay", "evt_0001", "--json"]).await.json(),
        [json!({ "replayed": 1, "skipped": 0 })]
    );
    assert_eq!(
        cli.run(&["events", "replay", "--failed", "--json"]).await.json(),
        [json!({ "replayed": 1, "skipped": 0 })]
    );
    assert_eq!(
        cli.run(&["events", "replay", "--type", "customer", "--json"]).await.json(),
        [json!({ "replayed": 5, "skipped": 0 })]
    );
    assert_eq!(some(&["--status", "pending"]).await, 5);

    assert_eq!(cli.run(&["objects", "list", "customer", "--json"]).await.json().len(), 4);
    let object = cli.run(&["objects", "show", "cus_evt_0001", "--json"]).await.json().remove(0);
    assert_eq!(
        (&object["id"], &object["object"], &object["deleted"]),
        (&json!("cus_evt_0001"), &json!("customer"), &json!(false))
    );
    assert!(object["as_of"].is_i64() && object["data"]["name"] == "evt_0001");
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_failure() {
    let cli = Cli::new();
    with_events(&cli, 300).await;
    let mut child = cli.command(&["events", "list", "--limit", "0", "--json"]).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    output.read_line(&mut first).unwrap();
    drop(output);
    let Ended { status, err, .. } = end(child).await;
    assert!(first.contains("evt_0299"), "{first}");
    assert_eq!((status, err.as_str()), (0, ""));
}

#[tokio::test]
async fn wrong_usage_is_status_2_and_failure_is_status_1() {
    let cli = Cli::new();
    let wrong: [&[&str]; 16] = [
        &[],
        &["frobnicate"],
        &["serve", "--no-workers", "--workers-only"],
        &["--database-url", "mysql://x/y", "migrate"],
        &["--database-url", "", "migrate"],
        &["users", "add", "ann@example.com"],
        &["users", "add", "ann@example.com", "--role", "king", "--password-stdin"],
        &["endpoints", "create"],
        &["endpoints", "create", "--base-url", "https://a.example", "--mode", "both"],
        &["endpoints", "update", "x", "--validation", "perhaps"],
        &["endpoints", "update", "x", "--tolerance", "-1"],
        &["events", "list", "--status", "lost"],
        &["events", "list", "--since", "yesterday"],
        &["events", "list", "--limit", "many"],
        &["events", "replay"],
        &["events", "replay", "evt_1", "--failed"],
    ];
    for arguments in wrong {
        let ended = cli.run_with(arguments, PASSWORD).await;
        assert_eq!(ended.status, 2, "{arguments:?}: {ended:?}");
        assert!(!ended.err.is_empty() && ended.out.is_empty(), "{arguments:?}: {ended:?}");
    }
    let failing: [&[&str]; 8] = [
        &["events", "show", "evt_none"],
        &["events", "replay", "evt_none"],
        &["objects", "show", "cus_none"],
        &["objects", "list", "unicorn"],
        &["endpoints", "disable", "00000000-0000-4000-8000-000000000000"],
        &["endpoints", "create", "--base-url", "https://pay.example.com"],
        &["endpoints", "create", "--base-url", "https://pay.example.com", "--account", "acct_none"],
        &["endpoints", "create", "--base-url", "http://localhost:8000"],
    ];
    for arguments in failing {
        let ended = cli.run(arguments).await;
        assert_eq!(ended.status, 1, "{arguments:?}: {ended:?}");
        assert!(ended.err.starts_with("tollgate: ") && ended.err.lines().count() == 1, "{arguments:?}: {ended:?}");
    }
}

#[tokio::test]
async fn secrets_are_read_from_standard_input_and_an_empty_one_is_wrong_usage() {
    let cli = Cli::new();
    for arguments in
        [&["keys", "add"][..], &["users", "add", "ann@example.com", "--role", "viewer", "--password-stdin"], &["rekey"]]
    {
        for input in ["", "\n", "\r\n"] {
            let ended = cli.run_with(arguments, input).await;
            assert!(ended.status == 2 && ended.err.contains("standard input"), "{arguments:?}: {ended:?}");
        }
    }
    let add = ["users", "add", " Ann@Example.com ", "--role", "viewer", "--password-stdin", "--json"];
    assert_eq!(cli.run_with(&add, &format!("{PASSWORD}\r\n")).await.status, 0);
    let twice = cli.run_with(&add, PASSWORD).await;
    assert!(twice.status == 1 && twice.err.contains("already"), "{twice:?}");
    let weak =
        cli.run_with(&["users", "add", "bob@example.com", "--role", "viewer", "--password-stdin"], "short").await;
    assert!(weak.status == 1 && weak.err.contains("15 characters"), "{weak:?}");
    let users = cli.run(&["users", "list", "--json"]).await.json();
    assert_eq!((users.len(), &users[0]["email"], &users[0]["role"]), (1, &json!("ann@example.com"), &json!("viewer")));
}

#[tokio::test]
async fn a_bad_setting_or_file_is_named() {
    let cli = Cli::new();
    for (name, value) in [
        ("TOLLGATE_LISTEN", "8000"),
        ("TOLLGATE_WORKERS", "0"),
        ("STRIPE_API_KEY", "pk_test_51abc"),
        ("DATABASE_URL", "x"),
    ] {
        let mut command = cli.command(&["users", "list"]);
        command.env(name, value);
        let ended = end(command.spawn().unwrap()).await;
        assert!(ended.status == 1 && ended.err.contains(name), "{ended:?}");
    }
    std::fs::write(cli.folder.path().join("tollgate.toml"), "lisen = '127.0.0.1:1'").unwrap();
    let ended = cli.run(&["users", "list"]).await;
    assert!(ended.status == 1 && ended.err.contains("tollgate.toml") && ended.err.contains("lisen"), "{ended:?}");
    std::fs::write(cli.folder.path().join("tollgate.toml"), "workers = 2").unwrap();
    assert_eq!(cli.run(&["users", "list"]).await.status, 0);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_said_in_one_line() {
    let cli = Cli::new().with("TOLLGATE_SECRET_KEY", "dGhlIHJvb3Qga2V5IG9mIHRoZSB0ZXN0cyEhISEhISE=");
    for url in ["sqlite:///nowhere/at/all/tollgate.db", "postgres://me:hunter2@127.0.0.1:1/x"] {
        let ended = cli.run(&["--database-url", url, "users", "list"]).await;
        assert_eq!(ended.status, 1, "{ended:?}");
        assert!(ended.err.starts_with("tollgate: ") && !ended.err.contains("hunter2"), "{ended:?}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_ends_the_server_with_a_reason() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let cli = Cli::new().with("TOLLGATE_LISTEN", &taken.local_addr().unwrap().to_string());
    let ended = cli.run(&["serve"]).await;
    assert!(ended.status == 1 && ended.err.contains("could not listen on"), "{ended:?}");
}

#[tokio::test]
async fn two_who_add_the_same_user_at_once_make_one() {
    let cli = Cli::new();
    assert_eq!(cli.run(&["migrate"]).await.status, 0);
    let add = ["users", "add", "ann@example.com", "--role", "viewer", "--password-stdin"];
    let (one, two) = tokio::join!(cli.run_with(&add, PASSWORD), cli.run_with(&add, PASSWORD));
    assert_eq!(one.status + two.status, 1, "{one:?} {two:?}");
    assert!((one.err + &two.err).contains("already"));
    assert_eq!(cli.run(&["users", "list", "--json"]).await.json().len(), 1);
}
