//! The binary as a newcomer uses it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tollgate::models::testing::TestDb;
use tollgate_stripe_sim::Simulator;

struct Cli {
    database: TestDb,
    sim: Simulator,
}

impl Cli {
    async fn new() -> Self {
        Self { database: TestDb::new(), sim: Simulator::builder().seed(3).start().await.unwrap() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.args(["--database-url", &self.database.url_text()]).args(arguments);
        command.env("TOLLGATE_SECRET_KEY", crate::app::ROOT_KEY).env("STRIPE_API_BASE", self.sim.url().as_str());
        command.env_remove("STRIPE_API_KEY").env_remove("RUST_LOG").current_dir(std::env::temp_dir());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn run(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let mut child = self.command(arguments).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that reads nothing may be gone already.
        drop(stdin.write_all(input.as_bytes()));
        drop(stdin);
        let output: Output = actix_web::web::block(move || child.wait_with_output()).await.unwrap().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    async fn json(&self, arguments: &[&str], input: &str) -> Vec<Value> {
        let (status, out, err) = self.run(&[arguments, &["--json"]].concat(), input).await;
        assert_eq!(status, 0, "{arguments:?}: {out}{err}");
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[actix_web::test]
async fn a_newcomer_gets_from_nothing_to_an_endpoint() {
    let cli = Cli::new().await;
    cli.json(&["migrate"], "").await;
    cli.json(&["users", "add", "Me@Example.com", "--role", "admin", "--password-stdin"], "quiet rivers run far\n")
        .await;
    assert_eq!(cli.json(&["users", "list"], "").await[0]["email"], "me@example.com");
    let key = cli.sim.api_key(&cli.sim.account(), false);
    let added = cli.json(&["keys", "add", "--name", "Shop"], &key).await;
    assert_eq!(added[0]["account"], cli.sim.account().as_str());
    assert!(!added[0].to_string().contains(&key));
    let made = cli
        .json(
            &["endpoints", "create", "--base-url", "http://127.0.0.1:9", "--events", "invoice.paid,customer.created"],
            "",
        )
        .await;
    for field in ["uuid", "stripe_id", "url", "status"] {
        assert!(made[0][field].is_string(), "{field}: {}", made[0]);
    }
    let uuid = made[0]["uuid"].as_str().unwrap();
    assert_eq!(cli.sim.endpoints()[0].enabled_events, ["invoice.paid", "customer.created"]);
    assert_eq!(cli.json(&["endpoints", "disable", uuid], "").await[0]["status"], "disabled");
    assert_eq!(
        cli.json(&["endpoints", "enable", made[0]["stripe_id"].as_str().unwrap()], "").await[0]["status"],
        "enabled"
    );
    assert_eq!(cli.json(&["endpoints", "list"], "").await.len(), 1);
    let findings = cli.json(&["doctor"], "").await;
    assert!(findings.iter().all(|finding| finding["grade"] != "problem"), "{findings:?}");
    assert_eq!(cli.json(&["endpoints", "delete", uuid], "").await[0]["status"], "deleted");
    assert!(cli.sim.endpoints().is_empty());
    assert!(cli.json(&["events", "list", "--limit", "0"], "").await.is_empty());
}

#[actix_web::test]
async fn wrong_usage_ends_with_2_and_failure_with_1_and_both_say_what_to_do() {
    let cli = Cli::new().await;
    for (arguments, input, status, says) in [
        (vec!["frobnicate"], "", 2, "unrecognized"),
        (
            vec!["users", "add", "a@b.c", "--role", "king", "--password-stdin"],
            "quiet rivers run far",
            2,
            "viewer, operator or admin",
        ),
        (vec!["users", "add", "a@b.c", "--role", "admin", "--password-stdin"], "", 2, "standard input"),
        (vec!["users", "add", "a@b.c", "--role", "admin", "--password-stdin"], "short", 1, "at least 15"),
        (vec!["users", "add", "nobody", "--role", "admin", "--password-stdin"], "quiet rivers run far", 1, "email"),
        (vec!["keys", "add"], "pk_test_51abcdefghijklmnopqrstuvwx", 1, "publishable"),
        (vec!["endpoints", "create", "--base-url", "http://127.0.0.1:9"], "", 1, "keys add"),
        (vec!["endpoints", "create"], "", 2, "--base-url"),
        (vec!["endpoints", "create", "--base-url", "http://127.0.0.1:9", "--mode", "both"], "", 2, "test or live"),
        (vec!["endpoints", "disable", "nothing"], "", 1, "no endpoint"),
        (vec!["events", "list", "--status", "lost"], "", 2, "pending"),
        (vec!["events", "list", "--since", "yesterday"], "", 2, "24h"),
        (vec!["events", "show", "evt_none"], "", 1, "no event"),
        (vec!["events", "replay"], "", 2, "required"),
        (vec!["objects", "show", "cus_none"], "", 1, "cus_none"),
        (vec!["rekey"], "short", 2, "32 random bytes"),
    ] {
        let (code, out, err) = cli.run(&arguments, input).await;
        assert_eq!(code, status, "{arguments:?}: {out}{err}");
        assert!(err.contains(says), "{arguments:?} does not say {says:?}: {err}");
        assert!(out.is_empty(), "{arguments:?} prints {out}");
    }
    for url in ["tollgate.db", "mysql://localhost/x", "sqlite://:memory:"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        let output = command.args(["--database-url", url, "migrate"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{url}");
    }
}

#[actix_web::test]
async fn postgresql_without_a_secret_key_is_refused() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.args(["--database-url", "postgres://127.0.0.1:1/x", "users", "list"]).env_remove("TOLLGATE_SECRET_KEY");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("TOLLGATE_SECRET_KEY"), "{said}");
}
