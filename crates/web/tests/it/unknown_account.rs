//! What comes while nobody can tell whose it is, and what becomes of it when a key tells.

use serde_json::{Value, json};
use tollgate::audit::Actor;
use tollgate::models::endpoints::Endpoint;
use tollgate::models::mirror::{self, Whose};
use tollgate::stripe::{ApiKey, WebhookSecret};
use tollgate::{keys, reconcile};
use tollgate_stripe_sim::{EmitOptions, Simulator};

use crate::support::{ENDPOINT, Payload, SECONDS, SECRET, Setup, TestApp, event, row, sign_at, simulator};

const LEGACY: &str = "whsec_it_legacy";

fn product(name: &str) -> Value {
    json!({"id": "prod_box", "object": "product", "created": 5, "name": name, "livemode": false})
}

/// An endpoint of which nobody knows whose it is, as one that was made by the key of the environment.
fn nobodys() -> Endpoint {
    Endpoint { account: None, ..row(ENDPOINT) }
}

async fn start(sim: &Simulator, environment: Option<String>) -> TestApp {
    let key = environment.map(|key| ApiKey::parse(&key).unwrap());
    let legacy = WebhookSecret::parse(LEGACY).unwrap();
    let setup = Setup::bare().endpoint(nobodys(), [SECRET]).stripe(sim);
    setup
        .config(|config| {
            config.stripe_api_key = key;
            config.legacy_webhook_secret = Some(legacy);
        })
        .start()
        .await
}

fn told(id: &str, name: &str, at: i64) -> Payload {
    let mut payload = event(id, "product.updated");
    payload["created"] = json!(at);
    payload["data"]["object"] = product(name);
    payload
}

async fn by_legacy(app: &TestApp, payload: &Payload) {
    let body = payload.to_string();
    let signature = sign_at(LEGACY, SECONDS, body.as_bytes());
    let answer = app.http.post("/stripe/webhooks", &[("stripe-signature", &signature)], body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// The accounts and names of the rows that there are for the product.
fn rows(app: &TestApp, sim: &Simulator) -> Vec<(Option<String>, Value)> {
    let found = |account: Option<String>| {
        let whose = Whose { account, livemode: Some(false) };
        app.read(|conn| mirror::find_of(conn, "product", "prod_box", &whose))
    };
    assert_eq!(found(Some(sim.account())).is_some() as i64, app.count("products WHERE account <> ''"));
    let of = |account: Option<String>| found(account).map(|row| (row.account.clone(), row.json()["name"].clone()));
    if app.count("products") == 0 { Vec::new() } else { of(None).into_iter().collect() }
}

async fn add(app: &TestApp, sim: &Simulator) {
    keys::add(&app.tollgate, "Shop", &sim.api_key(&sim.account(), false), &Actor::cli()).await.unwrap();
}

#[tokio::test]
async fn what_came_before_a_key_told_its_account_is_not_kept_twice() {
    for by_old_url in [true, false] {
        let sim = simulator().await;
        let environment = (!by_old_url).then(|| sim.api_key(&sim.account(), false));
        let app = start(&sim, environment).await;
        let first = told("evt_1", "Small box", SECONDS - 500);
        if by_old_url {
            by_legacy(&app, &first).await
        } else {
            app.deliver(&first).await
        }
        app.run_workers().await;
        // One is not worked on yet when the key comes.
        app.deliver(&told("evt_2", "Box", SECONDS - 400)).await;
        // So are copies that came by the shadow of an upgrade, as long as it is open what becomes of them.
        for (id, settled) in [("evt_open", "NULL"), ("evt_settled", "1")] {
            app.execute(&format!(
                "INSERT INTO shadow_events (endpoint_uuid, event_id, type, kind, created, received_at, livemode, settled_at) \
                 VALUES ('shadow', '{id}', 'product.updated', 'snapshot', 1, 1, FALSE, {settled})"
            ));
        }
        add(&app, &sim).await;
        app.run_workers().await;
        assert_eq!(rows(&app, &sim), [(Some(sim.account()), json!("Box"))]);
        assert_eq!(app.count("shadow_events WHERE account IS NULL AND event_id <> 'evt_settled'"), 0);
        let missed = EmitOptions { created: Some(SECONDS - 300), ..EmitOptions::default() };
        sim.emit_with("product.updated", product("Big box"), missed);
        reconcile::run(&app.tollgate, Some(SECONDS - 1000), &Actor::cli(), |_| {}).await.unwrap();
        app.run_workers().await;
        let last = told("evt_3", "Huge box", SECONDS - 200);
        if by_old_url {
            by_legacy(&app, &last).await
        } else {
            app.deliver(&last).await
        }
        app.run_workers().await;
        assert_eq!((app.count("products"), rows(&app, &sim)), (1, vec![(Some(sim.account()), json!("Huge box"))]));
    }
}

#[tokio::test]
async fn of_two_contents_the_newer_stays_and_other_modes_and_accounts_keep_theirs() {
    let sim = simulator().await;
    for (unknown, known, stays) in [(400, 300, "known"), (300, 400, "unknown")] {
        let app = start(&sim, None).await;
        let mut own = told("evt_known", "known", SECONDS - known);
        own["account"] = json!(sim.account());
        let mut live = told("evt_live", "live", SECONDS - 100);
        live["livemode"] = json!(true);
        for payload in [&told("evt_unknown", "unknown", SECONDS - unknown), &own, &live] {
            by_legacy(&app, payload).await;
        }
        app.run_workers().await;
        assert_eq!(app.count("products"), 3);
        add(&app, &sim).await;
        let of_test = app.count("products WHERE NOT livemode");
        assert_eq!((app.count("products"), of_test), (2, 1));
        assert_eq!(rows(&app, &sim)[0].1, json!(stays));
    }
}

#[tokio::test]
async fn what_may_be_anothers_is_left_alone() {
    let sim = simulator().await;
    let other = sim.create_account("Another shop");
    let app = start(&sim, Some(sim.api_key(&other, false))).await;
    app.deliver(&told("evt_1", "Box", SECONDS - 500)).await;
    app.run_workers().await;
    add(&app, &sim).await;
    assert_eq!(app.count("products WHERE account = ''"), 1, "the key of the environment is another account's");
    assert_eq!(app.count("endpoints WHERE account IS NULL"), 1);
}
