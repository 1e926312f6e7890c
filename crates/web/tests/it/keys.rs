//! Stripe API keys: added once, only if Stripe takes them, and shown masked.

use tollgate::audit::Actor;
use tollgate::models::api_keys::{self, ApiKey};
use tollgate::{Error, endpoints, keys};
use tollgate_stripe_sim::ApiFault;

use crate::support::{Setup, Shop, TestApp, simulator};

async fn add(app: &TestApp, secret: &str) -> Result<ApiKey, Error> {
    keys::add(&app.tollgate, "", secret, &Actor::cli()).await
}

#[tokio::test]
async fn a_key_is_stored_with_its_account_and_the_first_of_a_mode_is_the_default() {
    let sim = simulator().await;
    let app = Setup::bare().stripe(&sim).start().await;
    let other = sim.create_account("Other shop");
    let first = add(&app, &sim.api_key(&sim.account(), false)).await.unwrap();
    assert_eq!((first.account.as_ref(), first.is_default, first.livemode), (Some(&sim.account()), true, false));
    assert_eq!(first.account_name.as_deref(), Some("Harbour Coffee Roasters"));
    assert!(first.name.starts_with("Test key sk_test_…") && first.masked.starts_with("sk_test_…"));
    let second = add(&app, &format!("  {}\r\n", sim.api_key(&other, false))).await.unwrap();
    assert_eq!((second.account, second.is_default), (Some(other), false));
    let live = add(&app, &sim.api_key(&sim.account(), true)).await.unwrap();
    assert!(live.livemode && live.is_default);
}

#[tokio::test]
async fn the_same_key_twice_is_one_key() {
    let sim = simulator().await;
    let app = Setup::bare().stripe(&sim).start().await;
    let secret = sim.api_key(&sim.account(), false);
    let (one, two) = tokio::join!(add(&app, &secret), add(&app, &secret));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert!(matches!(one.and(two), Err(Error::Conflict(_))));
    assert_eq!(app.count("api_keys"), 1);
}

#[tokio::test]
async fn what_is_no_secret_key_is_refused_without_asking_stripe() {
    let sim = simulator().await;
    let app = Setup::bare().stripe(&sim).start().await;
    for secret in
        ["", " ", "pk_test_51abcdefghij", "whsec_abcdefghij", "sk_test_", "sk_test_a b", "hunter2", "sk_test_é"]
    {
        let error = add(&app, secret).await.unwrap_err();
        assert!(matches!(error, Error::BadRequest(_)), "{secret}: {error}");
        assert!(
            secret.trim().len() < 4 || !error.to_string().contains(&secret[4..]) || secret == "sk_test_",
            "{error}"
        );
    }
    assert!(sim.requests().is_empty() && app.count("api_keys") == 0);
}

#[tokio::test]
async fn a_key_that_stripe_does_not_take_or_cannot_judge_is_not_stored() {
    let sim = simulator().await;
    let app = Setup::bare().stripe(&sim).start().await;
    let secret = sim.api_key(&sim.account(), false);
    for fault in
        [ApiFault::Html(502), ApiFault::Truncated, ApiFault::Error500, ApiFault::RateLimited { retry_after: None }]
    {
        sim.fail_next("GET", "/v1/account", fault.clone(), crate::support::ATTEMPTS);
        let error = add(&app, &secret).await.unwrap_err();
        assert!(matches!(error, Error::Stripe(_)), "{fault:?}: {error}");
        // What the client did not use up would befall the next one.
        while add(&app, &secret).await.is_err() {}
        let id = app.read(api_keys::list)[0].id;
        keys::delete(&app.tollgate, id, &Actor::cli()).await.unwrap();
    }
    sim.revoke_key(&secret);
    let error = add(&app, &secret).await.unwrap_err();
    assert!(matches!(error, Error::BadRequest(_)) && error.to_string().contains("does not take this key"), "{error}");
    assert!(!error.to_string().contains(&secret[12..]), "{error}");
    assert_eq!(app.count("api_keys"), 0);
}

#[tokio::test]
async fn a_restricted_key_may_lack_the_right_to_read_its_account_and_says_what_it_lacks_for_more() {
    let sim = simulator().await;
    let app = Setup::bare().stripe(&sim).start().await;
    let secret = "rk_test_51abcdefghijklmnop";
    sim.restrict_key(secret, &["rak_webhook_read"]);
    let key = add(&app, secret).await.unwrap();
    assert_eq!((key.kind.as_str(), key.account), ("restricted", None));
    let draft = endpoints::Draft { api_key_id: Some(key.id), ..endpoints::Draft::new(app.base()) };
    let error = endpoints::create(&app.tollgate, draft, &Actor::cli()).await.unwrap_err();
    assert!(error.to_string().contains("rak_webhook_write"), "{error}");
    assert_eq!(app.count("endpoints"), 0);
}

#[tokio::test]
async fn a_key_that_manages_an_endpoint_stays_until_the_endpoint_is_deleted() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    let refused = keys::delete(&shop.app.tollgate, shop.key.id, &Actor::cli()).await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    endpoints::delete(&shop.app.tollgate, &endpoint.uuid, &Actor::cli()).await.unwrap();
    keys::delete(&shop.app.tollgate, shop.key.id, &Actor::cli()).await.unwrap();
    assert_eq!(shop.app.count("api_keys"), 0);
    let gone = keys::delete(&shop.app.tollgate, shop.key.id, &Actor::cli()).await;
    assert!(matches!(gone, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_key_tells_when_it_was_last_used() {
    let shop = Shop::start().await;
    let last_used = || shop.app.read(|conn| api_keys::find(conn, shop.key.id)).unwrap().last_used_at;
    let added = last_used().expect("Stripe was asked when it was added");
    shop.app.advance(5_000);
    shop.create().await;
    assert_eq!(last_used(), Some(added + 5_000));
}
