//! Taking over endpoints that exist at Stripe already.

use std::collections::BTreeMap;

use serde_json::json;
use tollgate::audit::Actor;
use tollgate::endpoints::{self, Field, Import};
use tollgate::models::endpoints::Status;
use tollgate::stripe::{ApiKey, Client, CreateWebhookEndpoint, WebhookEndpoint, WebhookSecret};
use url::Url;
use uuid::Uuid;

use crate::support::{Shop, refusals};

async fn made_by_hand(shop: &Shop, url: String) -> WebhookEndpoint {
    let key = ApiKey::parse(&shop.sim.api_key(&shop.sim.account(), false)).unwrap();
    let client = Client::builder(key).base_url(shop.sim.url().clone()).build().unwrap();
    let create = CreateWebhookEndpoint {
        url,
        enabled_events: vec!["customer.created".to_owned()],
        description: Some("By hand".to_owned()),
        metadata: BTreeMap::new(),
        ..CreateWebhookEndpoint::default()
    };
    client.create_webhook_endpoint(&create, "by-hand").await.unwrap()
}

fn import_of(made: &WebhookEndpoint, base_url: Option<&str>) -> Import {
    Import {
        stripe_id: made.id.clone(),
        secret: made.secret.clone().unwrap(),
        api_key_id: None,
        livemode: false,
        base_url: base_url.map(|base| Url::parse(base).unwrap()),
    }
}

#[tokio::test]
async fn an_imported_endpoint_is_pointed_here_and_takes_events() {
    let shop = Shop::start().await;
    let made = made_by_hand(&shop, "https://old.example.com/hooks".to_owned()).await;
    let import = import_of(&made, None);
    let refused = refusals(endpoints::import(&shop.app.tollgate, import, &Actor::cli()).await);
    assert_eq!(refused[0].field, Some(Field::BaseUrl));
    let import = import_of(&made, Some(shop.app.base()));
    let endpoint = endpoints::import(&shop.app.tollgate, import, &Actor::cli()).await.unwrap();
    assert_eq!((endpoint.status, endpoint.description.as_str()), (Status::Enabled, "By hand"));
    assert_eq!(shop.sim.endpoints()[0].url, endpoint.url);
    let id = shop.sim.emit("customer.created", json!({ "id": "cus_1", "object": "customer", "created": 1 }));
    shop.sim.settled().await;
    assert!(shop.app.find_event(&id).is_some(), "{:?}", shop.sim.deliveries());

    let again = import_of(&made, Some(shop.app.base()));
    let error = endpoints::import(&shop.app.tollgate, again, &Actor::cli()).await.unwrap_err();
    assert!(error.to_string().contains("here already"), "{error}");
}

#[tokio::test]
async fn an_endpoint_with_a_url_of_ours_keeps_it() {
    let shop = Shop::start().await;
    let uuid = Uuid::new_v4();
    let made = made_by_hand(&shop, format!("{}/stripe/webhooks/{uuid}", shop.app.base())).await;
    let endpoint = endpoints::import(&shop.app.tollgate, import_of(&made, None), &Actor::cli()).await.unwrap();
    assert_eq!((endpoint.uuid, endpoint.url), (uuid.to_string(), made.url));
    assert!(shop.writes().iter().all(|call| !call.path.contains(&made.id)));
}

#[tokio::test]
async fn a_uuid_in_another_spelling_is_no_url_of_ours() {
    let shop = Shop::start().await;
    let uuid = Uuid::new_v4().to_string().to_uppercase();
    let made = made_by_hand(&shop, format!("{}/stripe/webhooks/{uuid}", shop.app.base())).await;
    let refused = refusals(endpoints::import(&shop.app.tollgate, import_of(&made, None), &Actor::cli()).await);
    assert_eq!(refused[0].field, Some(Field::BaseUrl));
}

#[tokio::test]
async fn an_endpoint_that_stripe_does_not_have_cannot_be_imported() {
    let shop = Shop::start().await;
    let import = Import {
        stripe_id: "we_none".to_owned(),
        secret: WebhookSecret::parse("whsec_x").unwrap(),
        api_key_id: None,
        livemode: false,
        base_url: None,
    };
    let error = endpoints::import(&shop.app.tollgate, import, &Actor::cli()).await.unwrap_err();
    assert!(error.to_string().contains("we_none"), "{error}");
    assert!(shop.rows().is_empty());
}
