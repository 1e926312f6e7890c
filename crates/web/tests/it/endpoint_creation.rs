//! Creating endpoints on Stripe and here, whatever Stripe answers.

use std::time::Duration;

use serde_json::json;
use tollgate::endpoints::{Draft, EndpointError, Field};
use tollgate::models::endpoints::Status;
use tollgate_stripe_sim::ApiFault;
use uuid::Uuid;

use crate::support::{ATTEMPTS, PATH, Setup, Shop, refusals};

#[tokio::test]
async fn an_endpoint_that_was_created_takes_stripes_events_at_once() {
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    assert_eq!((endpoint.status, endpoint.account), (Status::Enabled, Some(shop.sim.account())));
    let there = shop.sim.endpoints().remove(0);
    assert_eq!(endpoint.url, format!("{}/stripe/webhooks/{}", shop.app.base(), endpoint.uuid));
    assert_eq!((Some(&there.id), &there.url), (endpoint.stripe_id.as_ref(), &endpoint.url));
    assert_eq!(there.metadata["tollgate_uuid"], json!(endpoint.uuid));
    assert_eq!(Uuid::parse_str(&endpoint.uuid).unwrap().get_version_num(), 4);

    let id = shop.sim.emit("customer.created", json!({ "id": "cus_1", "object": "customer", "created": 1 }));
    shop.sim.settled().await;
    assert_eq!(shop.sim.deliveries()[0].result.status, Some(200));
    let event = shop.app.event(&id);
    assert_eq!(event.endpoint_uuid.as_ref(), Some(&endpoint.uuid));
    let delivery = shop.app.only_delivery();
    assert_eq!((delivery.outcome.as_str(), delivery.secret_id.is_some()), ("accepted", true));
    shop.app.run_workers().await;
    assert!(shop.app.object("cus_1").is_some());
}

#[tokio::test]
async fn a_draft_that_is_posted_twice_makes_one_endpoint() {
    let shop = Shop::start().await;
    let draft = shop.draft();
    let first = shop.try_create(draft.clone()).await.unwrap();
    let second = shop.try_create(draft).await.unwrap();
    assert_eq!((&first, shop.sim.endpoints().len()), (&second, 1));

    let draft = shop.draft();
    let (one, two) = tokio::join!(shop.try_create(draft.clone()), shop.try_create(draft));
    assert_eq!(one.unwrap().uuid, two.unwrap().uuid);
    assert_eq!((shop.sim.endpoints().len(), shop.rows().len()), (2, 2));
    assert!(shop.rows().iter().all(|row| row.status == Status::Enabled));
}

#[tokio::test]
async fn what_can_be_judged_here_is_refused_before_stripe_is_asked() {
    let shop = Shop::start().await;
    let live = Draft { livemode: true, ..shop.draft() };
    assert_eq!(refusals(shop.try_create(live).await)[0].field, Some(Field::BaseUrl));
    let live = Draft { livemode: true, base_url: "https://pay.example.com".to_owned(), ..shop.draft() };
    let refused = refusals(shop.try_create(live).await);
    assert_eq!(refused[0].field, Some(Field::Key));
    assert!(refused[0].message.contains("test mode key"), "{refused:?}");
    let unknown = Draft { api_key_id: Some(99), ..shop.draft() };
    assert_eq!(refusals(shop.try_create(unknown).await)[0].field, Some(Field::Key));
    let misspelt = Draft { enabled_events: vec!["invoice.payed".to_owned()], ..shop.draft() };
    assert!(refusals(shop.try_create(misspelt).await)[0].message.contains("invoice.paid"));
    assert!(shop.writes().is_empty() && shop.rows().is_empty());
}

#[tokio::test]
async fn stripes_refusal_lands_at_the_field_it_names_and_leaves_nothing() {
    let error = |code: &str, param: &str, message: &str| json!({ "error": { "type": "invalid_request_error", "code": code, "param": param, "message": message } });
    let permission = "The provided key 'rk_test_*********abcd' does not have the required permissions for this endpoint \
                      on account 'acct_1'. Having the 'rak_webhook_write' permission would allow this request to continue.";
    let cases = [
        (
            400,
            error("url_invalid", "url", "Invalid URL: URL must be publicly accessible."),
            Some(Field::BaseUrl),
            "Invalid",
        ),
        (400, error("", "enabled_events[3]", "Invalid enabled_events[3]"), Some(Field::EnabledEvents), "Invalid"),
        (400, error("", "api_version", "Invalid api_version"), Some(Field::ApiVersion), "Invalid"),
        (400, error("", "", "You have reached the maximum of 16 test webhook endpoints."), None, "16 endpoints"),
        (401, error("api_key_expired", "", "Expired API Key provided"), Some(Field::Key), "does not take this key"),
        (403, error("", "", permission), Some(Field::Key), "rak_webhook_write"),
    ];
    let shop = Shop::start().await;
    for (status, body, field, text) in cases {
        shop.sim.fail_next("POST", PATH, ApiFault::Status(status, body), 1);
        let refused = refusals(shop.try_create(shop.draft()).await);
        assert_eq!(refused[0].field, field, "{refused:?}");
        assert!(refused[0].message.contains(text), "{refused:?}");
        assert!(shop.rows().is_empty() && shop.sim.endpoints().is_empty());
    }
}

#[tokio::test]
async fn the_cap_and_the_reachable_address_are_stripes_to_judge() {
    let shop = Shop::start().await;
    for _ in 0..16 {
        shop.create().await;
    }
    let refused = refusals(shop.try_create(shop.draft()).await);
    assert!(refused[0].message.contains("16 endpoints"), "{refused:?}");
    assert_eq!(shop.rows().len(), 16);
}

#[tokio::test]
async fn an_answer_that_is_of_no_use_leaves_a_pending_row_or_nothing() {
    let faults = [
        ApiFault::RateLimited { retry_after: None },
        ApiFault::Error500,
        ApiFault::Html(502),
        ApiFault::Html(200),
        ApiFault::Truncated,
        ApiFault::Status(409, json!({ "error": { "type": "idempotency_error", "code": "idempotency_key_in_use" } })),
        ApiFault::Status(200, json!({ "object": "list" })),
    ];
    for fault in faults {
        let shop = Shop::start().await;
        shop.sim.fail_next("POST", PATH, fault.clone(), ATTEMPTS);
        let error = shop.try_create(shop.draft()).await.unwrap_err();
        let EndpointError::Pending { uuid, problem } = error else { panic!("{fault:?}: {error:?}") };
        let row = shop.row(&uuid);
        assert_eq!((row.status, row.last_error), (Status::Pending, Some(problem)), "{fault:?}");
        assert_eq!(shop.app.count("endpoint_secrets"), 0);
    }
}

#[tokio::test]
async fn an_answer_that_takes_too_long_leaves_a_pending_row() {
    let shop =
        Shop::start_with(Setup::bare().config(|config| config.stripe_timeout = Duration::from_millis(300))).await;
    shop.sim.fail_next("POST", PATH, ApiFault::Timeout(Duration::from_secs(60)), ATTEMPTS);
    let error = shop.try_create(shop.draft()).await.unwrap_err();
    assert!(matches!(&error, EndpointError::Pending { problem, .. } if problem.contains("in time")), "{error:?}");
    assert_eq!((shop.sim.endpoints().len(), shop.rows().len()), (1, 1));
    let pending = shop.rows().remove(0);
    let endpoint = tollgate::endpoints::retry(&shop.app.tollgate, &pending.uuid, &tollgate::audit::Actor::cli()).await;
    assert_eq!(endpoint.unwrap().stripe_id.as_ref(), Some(&shop.sim.endpoints()[0].id));
}

#[tokio::test]
async fn a_stripe_that_is_not_there_leaves_a_pending_row() {
    let shop = Shop::start_with(Setup::bare()).await;
    let draft = shop.draft();
    let Shop { sim, app, .. } = shop;
    sim.stop().await;
    let error = tollgate::endpoints::create(&app.tollgate, draft, &tollgate::audit::Actor::cli()).await.unwrap_err();
    assert!(matches!(error, EndpointError::Pending { .. }), "{error:?}");
    assert_eq!(app.count("endpoints WHERE status = 'pending'"), 1);
}
