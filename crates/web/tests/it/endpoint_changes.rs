//! Changing, stopping and deleting endpoints on both sides, and noticing what was done at Stripe.

use serde_json::json;
use tollgate::audit::Actor;
use tollgate::endpoints::{self, Changes, Field};
use tollgate::models::endpoints::{Status, Validation};
use tollgate::stripe::{ApiKey, Client};
use tollgate_stripe_sim::ApiFault;

use crate::support::{ATTEMPTS, PATH, Shop, refusals, sign_at};

fn cli() -> Actor {
    Actor::cli()
}

/// Somebody at Stripe's dashboard.
fn dashboard(shop: &Shop) -> Client {
    let key = ApiKey::parse(&shop.sim.api_key(&shop.sim.account(), false)).unwrap();
    Client::builder(key).base_url(shop.sim.url().clone()).build().unwrap()
}

async fn post(shop: &Shop, uuid: &str, stripe_id: &str) -> (u16, String) {
    let secret = shop.sim.endpoint_secret(stripe_id).unwrap_or_else(|| "whsec_gone".to_owned());
    let body = crate::support::event("evt_1", "customer.created").to_string();
    let signature = sign_at(&secret, crate::support::SECONDS, body.as_bytes());
    let path = format!("/stripe/webhooks/{uuid}");
    let answer = shop.app.http.post(&path, &[("stripe-signature", &signature)], body).await;
    (answer.status, answer.json()["error"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn an_update_sends_only_what_differs_and_never_enables() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    endpoints::set_enabled(&shop.app.tollgate, &endpoint.uuid, false, &cli()).await.unwrap();
    let before = shop.writes().len();
    let changes = Changes {
        description: Some("Shop".to_owned()),
        enabled_events: Some(vec!["*".to_owned()]),
        base_url: Some(shop.app.base().to_owned()),
        tolerance_seconds: Some(60),
        ..Changes::default()
    };
    let after = endpoints::update(&shop.app.tollgate, &endpoint.uuid, changes.clone(), &cli()).await.unwrap();
    assert_eq!((after.status, after.tolerance_seconds), (Status::Disabled, 60));
    assert_eq!(shop.writes()[before].params, json!({ "description": "Shop" }));
    assert_eq!(shop.sim.endpoints()[0].status, "disabled");

    // The same once more changes nothing at Stripe.
    endpoints::update(&shop.app.tollgate, &endpoint.uuid, changes, &cli()).await.unwrap();
    assert_eq!(shop.writes().len(), before + 1);
}

#[tokio::test]
async fn what_is_answered_after_its_handlers_is_settled_here_alone() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    assert_eq!(endpoint.inline_types(), Vec::<String>::new());
    let before = shop.writes().len();
    let inline = |types: &[&str]| Changes {
        inline_events: Some(types.iter().map(|name| (*name).to_owned()).collect()),
        ..Changes::default()
    };
    let two = inline(&["invoice", "checkout.session.completed", "invoice"]);
    let after = endpoints::update(&shop.app.tollgate, &endpoint.uuid, two, &cli()).await.unwrap();
    assert_eq!(after.inline_types(), ["checkout.session.completed", "invoice"]);
    let refused =
        refusals(endpoints::update(&shop.app.tollgate, &endpoint.uuid, inline(&["invoice.payed"]), &cli()).await);
    assert_eq!(refused[0].field, Some(Field::InlineEvents));
    assert!(refused[0].message.contains("invoice.paid"), "{}", refused[0].message);
    let none = endpoints::update(&shop.app.tollgate, &endpoint.uuid, inline(&[]), &cli()).await.unwrap();
    assert_eq!(none.inline_types(), Vec::<String>::new());
    assert_eq!(shop.writes().len(), before);
}

#[tokio::test]
async fn a_refused_update_changes_nothing_here() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    let body =
        json!({ "error": { "type": "invalid_request_error", "param": "enabled_events[0]", "message": "Invalid" } });
    shop.sim.fail_next("POST", PATH, ApiFault::Status(400, body), 1);
    let events = Changes { enabled_events: Some(vec!["invoice.paid".to_owned()]), ..Changes::default() };
    let refused = refusals(endpoints::update(&shop.app.tollgate, &endpoint.uuid, events, &cli()).await);
    assert_eq!(refused[0].field, Some(Field::EnabledEvents));
    for fault in [ApiFault::Error500, ApiFault::Html(503), ApiFault::Truncated] {
        shop.sim.fail_next("POST", PATH, fault, ATTEMPTS);
        let description = Changes { description: Some("Other".to_owned()), ..Changes::default() };
        assert!(endpoints::update(&shop.app.tollgate, &endpoint.uuid, description, &cli()).await.is_err());
    }
    let wrong = Changes { tolerance_seconds: Some(0), base_url: Some("ftp://x".to_owned()), ..Changes::default() };
    let fields: Vec<_> = refusals(endpoints::update(&shop.app.tollgate, &endpoint.uuid, wrong, &cli()).await);
    assert_eq!(
        fields.iter().filter_map(|refusal| refusal.field).collect::<Vec<_>>(),
        [Field::BaseUrl, Field::Tolerance]
    );
    assert_eq!(shop.row(&endpoint.uuid), endpoint);
}

#[tokio::test]
async fn what_is_disabled_takes_nothing_until_it_is_enabled_again() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    let id = endpoint.stripe_id.clone().unwrap();
    endpoints::set_enabled(&shop.app.tollgate, &endpoint.uuid, false, &cli()).await.unwrap();
    assert_eq!(shop.sim.endpoints()[0].status, "disabled");
    assert_eq!(post(&shop, &endpoint.uuid, &id).await, (400, "endpoint_disabled".to_owned()));
    endpoints::set_enabled(&shop.app.tollgate, &endpoint.uuid, true, &cli()).await.unwrap();
    assert_eq!(shop.sim.endpoints()[0].status, "enabled");
    assert_eq!(post(&shop, &endpoint.uuid, &id).await.0, 200);

    shop.sim.fail_next("POST", PATH, ApiFault::Error500, ATTEMPTS);
    assert!(endpoints::set_enabled(&shop.app.tollgate, &endpoint.uuid, false, &cli()).await.is_err());
    assert_eq!(shop.row(&endpoint.uuid).status, Status::Enabled);
}

#[tokio::test]
async fn what_is_deleted_is_gone_on_both_sides_and_its_events_stay() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    let id = endpoint.stripe_id.clone().unwrap();
    assert_eq!(post(&shop, &endpoint.uuid, &id).await.0, 200);
    shop.sim.fail_next("DELETE", PATH, ApiFault::Error500, ATTEMPTS);
    assert!(endpoints::delete(&shop.app.tollgate, &endpoint.uuid, &cli()).await.is_err());
    assert_eq!(shop.row(&endpoint.uuid).status, Status::Enabled);
    endpoints::delete(&shop.app.tollgate, &endpoint.uuid, &cli()).await.unwrap();
    assert!(shop.sim.endpoints().is_empty() && shop.rows().is_empty());
    assert_eq!(post(&shop, &endpoint.uuid, &id).await, (404, "not_found".to_owned()));
    assert_eq!((shop.app.count("events"), shop.app.count("deliveries")), (1, 1));
    assert!(endpoints::delete(&shop.app.tollgate, &endpoint.uuid, &cli()).await.is_err());
}

#[tokio::test]
async fn what_was_done_at_stripe_is_noticed_when_asked() {
    let shop = Shop::start().await;
    let (gone, off) = (shop.create().await, shop.create().await);
    let dashboard = dashboard(&shop);
    dashboard.delete_webhook_endpoint(gone.stripe_id.as_deref().unwrap()).await.unwrap();
    let disable = tollgate::stripe::UpdateWebhookEndpoint {
        disabled: Some(true),
        description: Some("Turned off by hand".to_owned()),
        ..Default::default()
    };
    dashboard.update_webhook_endpoint(off.stripe_id.as_deref().unwrap(), &disable).await.unwrap();
    let gone = endpoints::refresh(&shop.app.tollgate, &gone.uuid).await.unwrap();
    assert_eq!((gone.status, gone.last_error.as_deref()), (Status::Deleted, Some("deleted at Stripe")));
    let off = endpoints::refresh(&shop.app.tollgate, &off.uuid).await.unwrap();
    assert_eq!((off.status, off.description.as_str()), (Status::Disabled, "Turned off by hand"));
    let again = endpoints::refresh(&shop.app.tollgate, &off.uuid).await.unwrap();
    assert_eq!(again, off);
}

#[tokio::test]
async fn changing_what_was_deleted_at_stripe_marks_it_so_here() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    dashboard(&shop).delete_webhook_endpoint(endpoint.stripe_id.as_deref().unwrap()).await.unwrap();
    let error = endpoints::set_enabled(&shop.app.tollgate, &endpoint.uuid, false, &cli()).await.unwrap_err();
    assert!(error.to_string().contains("deleted at Stripe"), "{error}");
    assert_eq!(shop.row(&endpoint.uuid).status, Status::Deleted);
}

#[tokio::test]
async fn another_validation_method_counts_from_the_next_delivery_on() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    let path = format!("/stripe/webhooks/{}", endpoint.uuid);
    let body = crate::support::event("evt_1", "customer.created").to_string();
    assert_eq!(shop.app.http.post(&path, &[], body.as_str()).await.status, 400);
    let open = Changes { validation: Some(Validation::None), ..Changes::default() };
    endpoints::update(&shop.app.tollgate, &endpoint.uuid, open, &cli()).await.unwrap();
    assert_eq!(shop.app.http.post(&path, &[], body.as_str()).await.status, 200);
}
