//! Secrets: whose key it is, what is stored, what is shown, and what happens with another root key.

use std::sync::{Arc, Mutex};

use diesel::prelude::*;
use secrecy::SecretString;
use tollgate::audit::Actor;
use tollgate::keyring::Keyring;
use tollgate::models::AnyConnection;
use tollgate::{Config, Error, Tollgate, keys, rekey};

use crate::app::{App, config, customer_event};

#[actix_web::test]
async fn a_key_is_added_once_and_only_if_stripe_takes_it() {
    let app = App::start().await;
    let secret = app.sim.api_key(&app.sim.account(), false);
    let actor = Actor::cli();
    let key = keys::add(&app.tollgate, " Shop ", &format!(" {secret}\n"), &actor).await.unwrap();
    assert_eq!(
        (key.name.as_str(), key.account.as_deref(), key.is_default),
        ("Shop", Some(app.sim.account().as_str()), true)
    );
    assert!(matches!(keys::add(&app.tollgate, "Again", &secret, &actor).await, Err(Error::Conflict(_))));
    for wrong in ["", "pk_test_51abcdefghijklmnopqrstuvwx", "whsec_abc", "sk_test_with space", "sk_test_ü"] {
        assert!(matches!(keys::add(&app.tollgate, "", wrong, &actor).await, Err(Error::BadRequest(_))), "{wrong}");
    }
    let revoked = app.sim.api_key(&app.sim.create_account("Other"), false);
    app.sim.revoke_key(&revoked);
    let refused = keys::add(&app.tollgate, "", &revoked, &actor).await.unwrap_err().to_string();
    assert!(refused.contains("Stripe does not take this key") && !refused.contains(&revoked), "{refused}");
}

#[actix_web::test]
async fn a_restricted_key_that_may_not_read_its_account_is_taken() {
    let app = App::start().await;
    let secret = "rk_test_51restrictedrestricted";
    app.sim.restrict_key(secret, &["rak_webhook_write"]);
    let key = keys::add(&app.tollgate, "", secret, &Actor::cli()).await.unwrap();
    assert_eq!((key.kind.as_str(), key.account), ("restricted", None));
}

#[actix_web::test]
async fn the_database_holds_no_secret_that_can_be_read() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let body = customer_event("evt_1", 1, "a@example.com").to_string();
    app.post_signed(&endpoint, body.as_bytes()).await;
    let planted = [
        app.sim.api_key(&app.sim.account(), false),
        app.sim.endpoint_secret(endpoint.stripe_id.as_deref().unwrap()).unwrap(),
    ];
    let dump = dump(&mut app.database.connect());
    assert!(dump.contains("evt_1") && dump.contains(&endpoint.uuid));
    for secret in planted {
        assert!(!dump.contains(&secret) && !dump.contains(secret.trim_start_matches("whsec_")), "{secret}");
    }
}

// Every table as text.
fn dump(conn: &mut AnyConnection) -> String {
    #[derive(QueryableByName)]
    struct Text {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let tables = [
        "api_keys",
        "endpoints",
        "endpoint_secrets",
        "events",
        "event_payloads",
        "deliveries",
        "settings",
        "audit_entries",
    ];
    let mut dump = String::new();
    for table in tables {
        let sql = match conn {
            AnyConnection::Postgres(_) => format!("SELECT t::text AS text FROM {table} t"),
            AnyConnection::Sqlite(_) => {
                let columns: Vec<Text> =
                    diesel::sql_query(format!("SELECT name AS text FROM pragma_table_info('{table}')"))
                        .load(conn)
                        .unwrap();
                let columns: Vec<String> =
                    columns.iter().map(|column| format!("coalesce(cast(\"{}\" AS TEXT), '')", column.text)).collect();
                format!("SELECT {} AS text FROM {table}", columns.join(" || ' ' || "))
            }
        };
        for row in diesel::sql_query(sql).load::<Text>(conn).unwrap() {
            dump.push_str(&row.text);
        }
    }
    dump
}

#[actix_web::test]
async fn another_root_key_does_not_open_the_database_and_says_so() {
    let app = App::start().await;
    app.endpoint().await;
    let (_, other) = Keyring::generate();
    let config = Config { secret_key: Some(other), ..config(&app.database, &app.sim) };
    let refused = Tollgate::builder(config.clone()).without_workers().build().await.err().unwrap().to_string();
    assert!(refused.contains("sealed with key") && refused.contains("configured"), "{refused}");
    let config = Config { secret_key: Some(SecretString::from("too short")), ..config };
    let refused = Tollgate::builder(config).without_workers().build().await.err().unwrap().to_string();
    assert!(refused.contains("32 random bytes"), "{refused}");
}

#[actix_web::test]
async fn after_a_rekey_only_the_new_root_key_opens_the_database() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let (new, text) = Keyring::generate();
    assert_eq!(rekey::rekey(&app.tollgate, &new, &Actor::cli()).unwrap(), 2);
    let old = config(&app.database, &app.sim);
    assert!(Tollgate::builder(old.clone()).without_workers().build().await.is_err());
    let config = Config { secret_key: Some(text), ..old };
    let again = Tollgate::builder(config).without_workers().build().await.unwrap();
    let disabled = tollgate::endpoints::set_enabled(&again, &endpoint.uuid, false, &Actor::cli()).await.unwrap();
    assert_eq!(disabled.status.as_str(), "disabled");
}

#[actix_web::test]
async fn nothing_that_is_logged_holds_a_secret() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Log(Arc::clone(&lines));
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    app.post(&endpoint, b"{}", &[("Stripe-Signature", "t=1,v1=00")]).await;
    let shown = format!("{:?} {:?} {:?}", app.tollgate.config(), app.tollgate.keyring(), endpoint);
    let text = String::from_utf8_lossy(&lines.lock().unwrap()).into_owned() + &shown;
    let key = app.sim.api_key(&app.sim.account(), false);
    let secret = app.sim.endpoint_secret(endpoint.stripe_id.as_deref().unwrap()).unwrap();
    for planted in [key.as_str(), secret.as_str(), crate::app::ROOT_KEY] {
        assert!(!text.contains(planted), "{planted}");
    }
}

#[derive(Clone)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
