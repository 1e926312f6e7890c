//! `tollgate listen`, with programs in the place of Stripe's CLI that behave badly, and what is left when it ends.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::Value;
use tollgate::audit::Actor;
use tollgate::endpoints::{self, Draft, LISTENING_LASTS};
use tollgate::keys;
use tollgate_stripe_client::webhook::WebhookSecret;

use crate::support::{Cli, Ended, SECRET, Setup, end, simulator};

/// A database with a key, and a program that is run as `stripe`.
async fn desk(script: &str) -> (Cli, String) {
    let sim = simulator().await;
    let cli = Cli::new().stripe(&sim);
    let key = sim.api_key(&sim.account(), false);
    assert_eq!(cli.run_with(&["keys", "add", "--name", "Shop"], &key).await.status, 0);
    let program = cli.folder.path().join("stripe");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    (cli, program.to_str().unwrap().to_owned())
}

async fn listen(cli: &Cli, arguments: &[&str]) -> Ended {
    cli.run(&[&["listen"], arguments].concat()).await
}

async fn endpoints_of(cli: &Cli) -> Vec<Value> {
    cli.run(&["endpoints", "list", "--json"]).await.json()
}

#[tokio::test]
async fn a_cli_that_is_not_there_or_says_something_else_is_told_of() {
    let (cli, _) = desk("").await;
    let missing = listen(&cli, &["--program", "/nowhere/stripe"]).await;
    assert_eq!(missing.status, 1);
    assert!(missing.err.contains("install it as https://docs.stripe.com/stripe-cli says"), "{missing:?}");
    for (script, said) in [
        ("echo 'not logged in' >&2; exit 1", "refuses to listen: not logged in"),
        ("echo hello", "something else than its signing secret"),
        ("", "something else than its signing secret"),
        ("echo whsec_", "something else than its signing secret"),
        ("kill -9 $$", "refuses to listen"),
    ] {
        let (cli, program) = desk(script).await;
        let ended = listen(&cli, &["--program", &program]).await;
        assert!(ended.status == 1 && ended.err.contains(said), "{script}: {ended:?}");
        assert!(!ended.err.contains("sk_test_"), "{ended:?}");
        assert!(endpoints_of(&cli).await.is_empty(), "{script}");
    }
}

#[tokio::test]
async fn wrong_usage_is_refused_before_anything_is_registered() {
    let (cli, program) = desk(&format!("echo {SECRET}")).await;
    for (arguments, said) in [
        (&["--forward-to", "here"][..], "this is no URL"),
        (&["--forward-to", "ftp://127.0.0.1"], "must start with https://"),
        (&["--events", "custmer.created"], "customer.created"),
        (&["--thin", "--events", "customer.created"], "v1.customer.created"),
        (&["--mode", "half"], "--mode must be test or live"),
        (&["--mode", "live"], "there is no live mode key"),
        (&["--account", "acct_none"], "there is no test mode key of acct_none"),
    ] {
        let ended = listen(&cli, &[&["--program", &program], arguments].concat()).await;
        assert!(ended.status != 0 && ended.err.contains(said), "{arguments:?}: {ended:?}");
        assert!(endpoints_of(&cli).await.is_empty(), "{arguments:?}");
    }
}

#[tokio::test]
async fn the_endpoint_is_gone_when_the_cli_ends_by_itself() {
    let script = format!("case \"$*\" in *--print-secret*) echo {SECRET};; *) echo \"$*\"; env; exit 3;; esac");
    let (cli, program) = desk(&script).await;
    let ended = listen(&cli, &["--program", &program, "--forward-to", "http://127.0.0.1:8123"]).await;
    assert!(ended.status == 1 && ended.err.contains("Stripe's CLI ended with exit status: 3"), "{ended:?}");
    assert!(endpoints_of(&cli).await.is_empty());
    let url = ended.out.strip_prefix("deliveries go to ").and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(url.starts_with("http://127.0.0.1:8123/stripe/webhooks/"), "{url}");
    assert!(ended.out.contains(&format!("--all-snapshot --events-from @self --forward-to {url}")), "{}", ended.out);
    let said = ended.out.lines().find(|line| line.contains("--forward-to")).unwrap();
    assert!(!said.contains("sk_test_"), "the key is among the arguments, where everyone sees it: {said}");
    assert!(ended.out.contains("STRIPE_API_KEY=sk_test_"), "{}", ended.out);
}

#[tokio::test]
async fn ctrl_c_ends_it_whether_the_cli_heeds_it_or_not() {
    let script = format!(
        "case \"$*\" in *--print-secret*) echo {SECRET};; *) trap '' INT TERM; echo listening; exec sleep 600;; esac"
    );
    let (cli, program) = desk(&script).await;
    let mut command = cli.command(&["listen", "--program", &program]);
    let mut child = command.stdin(Stdio::null()).spawn().unwrap();
    let mut said = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    assert!(said.any(|line| line.unwrap() == "listening"));
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ended = end(child).await;
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(endpoints_of(&cli).await.is_empty());
}

#[tokio::test]
async fn an_endpoint_where_nobody_listens_any_more_is_removed() {
    let sim = simulator().await;
    let app = Setup::new().stripe(&sim).start().await;
    let actor = Actor::cli();
    keys::add(&app.tollgate, "Shop", &sim.api_key(&sim.account(), false), &actor).await.unwrap();
    let secret = WebhookSecret::parse(SECRET).unwrap();
    let draft = || Draft { api_key_id: None, ..Draft::new(app.base()) };
    let kept = endpoints::listen(&app.tollgate, draft(), &secret, &actor).await.unwrap();
    let left = endpoints::listen(&app.tollgate, draft(), &secret, &actor).await.unwrap();
    app.advance(LISTENING_LASTS - 1000);
    endpoints::go_on_listening(&app.tollgate, &kept.uuid).await.unwrap();
    assert_eq!(endpoints::retire_due(&app.tollgate).await.unwrap().retired, 0);
    app.advance(2000);
    assert_eq!(endpoints::retire_due(&app.tollgate).await.unwrap().retired, 1);
    assert!(endpoints::find(&app.tollgate, &left.uuid).await.is_err(), "nobody told it to go on");
    endpoints::find(&app.tollgate, &kept.uuid).await.unwrap();
    endpoints::stop_listening(&app.tollgate, &kept.uuid, &actor).await.unwrap();
    assert!(endpoints::stop_listening(&app.tollgate, &kept.uuid, &actor).await.is_err(), "it is gone already");
}
