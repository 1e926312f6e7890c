//! Secrets that were rolled in Stripe's dashboard: added, used beside the old ones, which end, and the evidence of it all.

use std::sync::Arc;
use std::time::Duration;

use tollgate::audit::Actor;
use tollgate::endpoints::{self, EndpointError, Field, NewSecret};
use tollgate::models::endpoints::{self as rows, Endpoint, Secret};
use tollgate::stripe::WebhookSecret;

use crate::support::{NOW, SECONDS, Shop, event, refusals, sign_at, until};

const DAY: i64 = 24 * 3600 * 1000;
const OVERLAP: Duration = Duration::from_secs(3600);

async fn add(shop: &Shop, uuid: &str, secret: &str, overlap: Duration) -> Result<NewSecret, EndpointError> {
    let secret = WebhookSecret::parse(secret).unwrap();
    endpoints::add_secret(&shop.app.tollgate, uuid, secret, overlap, &Actor::cli()).await
}

async fn retire(shop: &Shop, uuid: &str, number: i64) -> Result<(), EndpointError> {
    endpoints::retire_secret(&shop.app.tollgate, uuid, number, &Actor::cli()).await
}

/// Newest first.
fn secrets(shop: &Shop, endpoint: &Endpoint) -> Vec<Secret> {
    shop.app.read(|conn| rows::secrets(conn, &endpoint.uuid))
}

/// Posts an event that is signed with these secrets, as Stripe does while one is rolled.
async fn post(shop: &Shop, endpoint: &Endpoint, id: &str, signed_with: &[&str]) -> u16 {
    let body = event(id, "customer.created").to_string();
    let seconds = SECONDS + shop.app.elapsed() / 1000;
    let signatures = signed_with.iter().map(|secret| {
        let header = sign_at(secret, seconds, body.as_bytes());
        header.split_once(',').unwrap().1.to_owned()
    });
    let header = format!("t={seconds},{}", signatures.collect::<Vec<_>>().join(","));
    let path = format!("/stripe/webhooks/{}", endpoint.uuid);
    shop.app.http.post(&path, &[("stripe-signature", &header)], body).await.status
}

#[tokio::test]
async fn a_rolled_secret_is_taken_beside_the_old_one_which_ends_to_the_millisecond() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    let id = endpoint.stripe_id.clone().unwrap();
    let old = shop.sim.endpoint_secret(&id).unwrap();
    let new = shop.sim.roll_secret(&id, OVERLAP).unwrap();
    // Stripe signs with both; here only the old one is known.
    assert_eq!(post(&shop, &endpoint, "evt_0", &[&new, &old]).await, 200);
    assert_eq!(post(&shop, &endpoint, "evt_1", &[&new]).await, 400);
    let added = add(&shop, &endpoint.uuid, &new, OVERLAP).await.unwrap();
    let rows = secrets(&shop, &endpoint);
    assert_eq!(added, NewSecret { number: rows[0].id, others_end_at: NOW + 3_600_000, others: 1 });
    assert_eq!((rows[0].expires_at, rows[1].expires_at), (None, Some(NOW + 3_600_000)));
    for signed_with in [&[new.as_str(), &old][..], &[&old], &[&new]] {
        assert_eq!(post(&shop, &endpoint, "evt_2", signed_with).await, 200);
    }
    shop.app.advance(3_600_000 - 1);
    assert_eq!(post(&shop, &endpoint, "evt_3", &[&old]).await, 200);
    shop.app.advance(1);
    assert_eq!(post(&shop, &endpoint, "evt_4", &[&old]).await, 400);
    assert_eq!(post(&shop, &endpoint, "evt_5", &[&new]).await, 200);
    let said: Vec<_> = shop.audit(&endpoint.uuid).into_iter().map(|(_, action)| action).collect();
    assert_eq!(said, ["endpoint.secret_added", "endpoint.created"]);
}

#[tokio::test]
async fn it_is_told_which_secret_matched_and_when_each_last_did() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    let old = shop.sim.endpoint_secret(endpoint.stripe_id.as_deref().unwrap()).unwrap();
    assert_eq!(post(&shop, &endpoint, "evt_1", &[&old]).await, 200);
    let first = secrets(&shop, &endpoint).remove(0);
    assert_eq!((first.last_used_at, shop.app.only_delivery().secret_id), (Some(NOW), Some(first.id)));
    let new = "whsec_rolled";
    let second = add(&shop, &endpoint.uuid, new, OVERLAP).await.unwrap().number;
    shop.app.advance(120_000);
    // Where both signed, the newest counts: so it shows when the old one falls out of use.
    assert_eq!(post(&shop, &endpoint, "evt_2", &[&old, new]).await, 200);
    let used = |shop: &Shop| secrets(shop, &endpoint).iter().map(|secret| secret.last_used_at).collect::<Vec<_>>();
    assert_eq!((shop.app.deliveries()[0].secret_id, used(&shop)), (Some(second), vec![Some(NOW + 120_000), Some(NOW)]));
    shop.app.advance(60_000);
    assert_eq!(post(&shop, &endpoint, "evt_3", &[&old]).await, 200);
    assert_eq!(shop.app.deliveries()[0].secret_id, Some(first.id));
    assert_eq!(used(&shop), [Some(NOW + 120_000), Some(NOW + 180_000)]);
}

#[tokio::test]
async fn an_overlap_of_nothing_and_a_second_roll_end_the_others_at_once() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    let first = shop.sim.endpoint_secret(endpoint.stripe_id.as_deref().unwrap()).unwrap();
    add(&shop, &endpoint.uuid, "whsec_second", Duration::from_secs(30 * 24 * 3600)).await.unwrap();
    add(&shop, &endpoint.uuid, "whsec_third", Duration::ZERO).await.unwrap();
    for (number, secret) in [first.as_str(), "whsec_second"].into_iter().enumerate() {
        assert_eq!(post(&shop, &endpoint, &format!("evt_{number}"), &[secret]).await, 400);
    }
    assert_eq!(post(&shop, &endpoint, "evt_3", &["whsec_third"]).await, 200);
}

#[tokio::test]
async fn a_secret_that_is_known_is_refused_whoever_has_it() {
    let shop = Shop::start().await;
    let (endpoint, other) = (shop.create().await, shop.create().await);
    let secret = |endpoint: &Endpoint| shop.sim.endpoint_secret(endpoint.stripe_id.as_deref().unwrap()).unwrap();
    let refused = async |secret: &str| {
        let refused = refusals(add(&shop, &endpoint.uuid, secret, OVERLAP).await).remove(0);
        assert_eq!(refused.field, Some(Field::Secret));
        assert!(!refused.message.contains(secret), "{refused:?}");
        refused.message
    };
    assert!(refused(&secret(&endpoint)).await.contains("which is here already"));
    assert!(refused(&secret(&other)).await.contains(&other.uuid));
    add(&shop, &endpoint.uuid, "whsec_second", Duration::ZERO).await.unwrap();
    assert!(refused(&secret(&endpoint)).await.contains("which has ended"));
    assert_eq!(shop.app.count("endpoint_secrets"), 3);
    // At the same moment, one of two.
    let (one, two) = tokio::join!(
        add(&shop, &endpoint.uuid, "whsec_third", OVERLAP),
        add(&shop, &endpoint.uuid, "whsec_third", OVERLAP)
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert_eq!(shop.app.count("endpoint_secrets"), 4);

    let pending = shop.create_with_lost_answer().await;
    assert!(add(&shop, &pending.uuid, "whsec_x", OVERLAP).await.unwrap_err().to_string().contains("pending"));
    assert!(add(&shop, "none", "whsec_x", OVERLAP).await.unwrap_err().to_string().contains("no endpoint"));
}

#[tokio::test]
async fn a_secret_that_is_not_the_newest_is_retired_at_once_and_for_good() {
    let shop = Shop::start().await;
    let (endpoint, other) = (shop.create().await, shop.create().await);
    let old = shop.sim.endpoint_secret(endpoint.stripe_id.as_deref().unwrap()).unwrap();
    let first = secrets(&shop, &endpoint)[0].id;
    let of_other = secrets(&shop, &other)[0].id;
    let second = add(&shop, &endpoint.uuid, "whsec_second", OVERLAP).await.unwrap().number;
    for (number, text) in
        [(second, "is the newest"), (of_other, "no secret"), (0, "no secret"), (i64::MAX, "no secret")]
    {
        let error = retire(&shop, &endpoint.uuid, number).await.unwrap_err();
        assert!(error.to_string().contains(text), "{number}: {error}");
    }
    assert_eq!(post(&shop, &endpoint, "evt_1", &[&old]).await, 200);
    retire(&shop, &endpoint.uuid, first).await.unwrap();
    assert_eq!(post(&shop, &endpoint, "evt_2", &[&old]).await, 400);
    assert_eq!(post(&shop, &endpoint, "evt_2", &["whsec_second"]).await, 200);
    let error = retire(&shop, &endpoint.uuid, first).await.unwrap_err();
    assert!(error.to_string().contains("ended already"), "{error}");
    assert_eq!(shop.audit(&endpoint.uuid)[0].1, "endpoint.secret_retired");
}

#[tokio::test]
async fn secrets_that_ended_are_removed_after_a_week_and_those_of_deleted_endpoints_too() {
    let shop = Shop::start().await;
    let (endpoint, gone) = (shop.create().await, shop.create().await);
    add(&shop, &endpoint.uuid, "whsec_second", Duration::ZERO).await.unwrap();
    endpoints::delete(&shop.app.tollgate, &gone.uuid, &Actor::cli()).await.unwrap();
    let tidy = async |after: i64| {
        shop.app.advance(after);
        endpoints::retire_due(&shop.app.tollgate).await.unwrap();
        shop.app.count("endpoint_secrets")
    };
    assert_eq!((tidy(7 * DAY - 1).await, tidy(1).await), (3, 1));
    assert_eq!(post(&shop, &endpoint, "evt_1", &["whsec_second"]).await, 200);
    assert_eq!(tidy(1000 * DAY).await, 1, "what is taken stays");
}

#[tokio::test]
async fn another_process_takes_a_new_secret_within_a_moment() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    let sealed = {
        let place = tollgate::keyring::Place { table: "endpoint_secrets", column: "sealed", row: &endpoint.uuid };
        shop.app.tollgate.keyring().seal(place, "whsec_elsewhere").unwrap()
    };
    let database = Arc::new(shop.app.db.open());
    let write = |work: &dyn Fn(&mut tollgate::AnyConnection) -> tollgate::models::QueryResult<()>| {
        database.write(tollgate::models::Lane::Ordinary, work).unwrap();
    };
    write(&|conn| rows::insert_secret(conn, &endpoint.uuid, &sealed, NOW).map(drop));
    until("it is taken", async || (post(&shop, &endpoint, "evt_1", &["whsec_elsewhere"]).await == 200).then_some(()))
        .await;
    let first = secrets(&shop, &endpoint)[1].id;
    let old = shop.sim.endpoint_secret(endpoint.stripe_id.as_deref().unwrap()).unwrap();
    write(&|conn| rows::expire_secret(conn, first, NOW));
    until("the old one is not", async || (post(&shop, &endpoint, "evt_1", &[&old]).await == 400).then_some(())).await;
}
