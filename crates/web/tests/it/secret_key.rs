//! The root of all encryption: where it comes from, and what happens without it or with another one.

use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use tollgate::audit::Actor;
use tollgate::keyring::Keyring;
use tollgate::{Clock, Handlers, Tollgate, endpoints, rekey};

use crate::support::{Cli, PASSWORD, Shop, build, event, sign_at};

#[tokio::test]
async fn sqlite_gets_a_key_file_for_its_owner_alone_and_postgresql_refuses_without_a_key() {
    let cli = Cli::new().without("TOLLGATE_SECRET_KEY");
    let listed = cli.run(&["users", "list"]).await;
    let Some(path) = cli.key_file() else {
        assert_eq!(listed.status, 1);
        assert!(listed.err.contains("TOLLGATE_SECRET_KEY") && listed.err.contains("openssl rand"), "{listed:?}");
        return;
    };
    assert_eq!(listed.status, 0, "{listed:?}");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(STANDARD.decode(text.trim()).unwrap().len(), 32);
    let database = std::fs::metadata(cli.db.url().file().unwrap()).unwrap();
    assert_eq!(database.permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = cli.run(&["users", "list"]).await;
    assert!(open.status == 1 && open.err.contains("chmod 600"), "{open:?}");
}

#[tokio::test]
async fn a_lost_key_file_is_not_replaced_by_a_new_one() {
    let cli = Cli::new();
    let Some(path) = cli.key_file() else { return };
    cli.add_user().await;
    let kept = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let without = cli.run(&["users", "list"]).await;
    assert_eq!(without.status, 1);
    assert!(without.err.contains(path.to_str().unwrap()) && without.err.contains("restore"), "{without:?}");
    assert!(!path.exists(), "a new key would hide that the old one is missing");
    std::fs::write(&path, kept).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(cli.run(&["users", "list"]).await.status, 0);
}

#[tokio::test]
async fn another_key_is_refused_by_every_command_that_needs_one() {
    let cli = Cli::new();
    cli.add_user().await;
    let cli = cli.with("TOLLGATE_SECRET_KEY", &STANDARD.encode([7; 32]));
    for arguments in [&["serve"][..], &["users", "list"], &["endpoints", "list"], &["doctor"]] {
        let ended = cli.run(arguments).await;
        assert_eq!(ended.status, 1, "{ended:?}");
        let said = ended.out + &ended.err;
        assert!(said.contains("sealed with key") && said.contains("configure the right one"), "{said}");
        assert!(!said.contains(&STANDARD.encode([7; 32])), "{said}");
    }
    let cli = cli.with("TOLLGATE_SECRET_KEY", "hunter2");
    let ended = cli.run(&["users", "list"]).await;
    assert!(ended.status == 1 && ended.err.contains("openssl rand -base64 32"), "{ended:?}");
    assert!(!ended.err.contains("hunter2"), "{ended:?}");
}

#[tokio::test]
async fn after_a_rekey_only_the_new_key_opens_and_everything_works_with_it() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    let (new, text) = Keyring::generate();
    assert_eq!(rekey::rekey(&shop.app.tollgate, &new, &Actor::cli()).unwrap(), 2);
    let old = shop.app.tollgate.config().clone();
    let refused = Tollgate::builder(old.clone()).without_workers().build().await.err().unwrap().to_string();
    assert!(refused.contains(new.key_id()), "{refused}");

    let mut config = old;
    config.secret_key = Some(text);
    let clock = shop.app.tollgate.clock().clone();
    let renewed = build(config, clock, Handlers::new(), false).await;
    // The key that was stored still manages, and its fingerprint still tells that it is here.
    endpoints::set_enabled(&renewed, &endpoint.uuid, false, &Actor::cli()).await.unwrap();
    let secret = shop.sim.api_key(&shop.sim.account(), false);
    let again = tollgate::keys::add(&renewed, "Again", &secret, &Actor::cli()).await.unwrap_err();
    assert!(again.to_string().contains("here already"), "{again}");
}

#[tokio::test]
async fn a_secret_that_does_not_open_stops_the_rekey_and_changes_nothing() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    shop.app.execute(
        "INSERT INTO endpoint_secrets (endpoint_uuid, sealed, created_at) SELECT uuid, 'v1.x.y.z', 1 FROM endpoints",
    );
    let (new, _) = Keyring::generate();
    assert!(rekey::rekey(&shop.app.tollgate, &new, &Actor::cli()).is_err());
    let config = shop.app.tollgate.config().clone();
    let same = build(config, Clock::System, Handlers::new(), false).await;
    endpoints::refresh(&same, &endpoint.uuid).await.unwrap();
    assert_eq!(shop.app.count("audit_entries WHERE action = 'secrets.rekeyed'"), 0);
    // The damaged one does not keep the good one from its work.
    let secret = shop.sim.endpoint_secret(endpoint.stripe_id.as_deref().unwrap()).unwrap();
    let body = event("evt_1", "customer.created").to_string();
    let signature = sign_at(&secret, crate::support::SECONDS, body.as_bytes());
    let path = format!("/stripe/webhooks/{}", endpoint.uuid);
    assert_eq!(shop.app.http.post(&path, &[("stripe-signature", &signature)], body).await.status, 200);
}

#[tokio::test]
async fn the_command_rekeys_and_says_what_to_do_next() {
    let cli = Cli::new();
    cli.add_user().await;
    let new = STANDARD.encode([9; 32]);
    for input in ["", "\n", "short"] {
        assert_eq!(cli.run_with(&["rekey"], input).await.status, 2, "{input:?}");
    }
    let done = cli.run_with(&["rekey"], &new).await;
    assert!(done.status == 0 && done.out.contains("restart"), "{done:?}");
    assert_eq!(cli.run(&["users", "list"]).await.status, 1);
    let cli = cli.with("TOLLGATE_SECRET_KEY", &new);
    let users = cli.run(&["users", "list", "--json"]).await.json();
    assert_eq!(users[0]["email"], "ann@example.com");
    assert!(!format!("{users:?}").contains(PASSWORD));
}

#[tokio::test]
async fn a_root_key_never_shows() {
    let (keyring, text) = Keyring::generate();
    let shown = format!("{keyring:?} {:?}", SecretString::from(secrecy::ExposeSecret::expose_secret(&text)));
    assert!(!shown.contains(secrecy::ExposeSecret::expose_secret(&text)), "{shown}");
}
