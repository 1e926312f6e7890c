//! Endpoints on the simulated Stripe: whatever Stripe answers, there is never one whose secret is nowhere.

use std::time::Duration;

use serde_json::json;
use tollgate::audit::Actor;
use tollgate::endpoints::{self, Changes, Draft, EndpointError, Field, Import};
use tollgate::models::endpoints::{self as rows, Endpoint, Status};
use tollgate::stripe::WebhookSecret;
use tollgate_stripe_sim::ApiFault;

use crate::app::{App, customer_event};

const PATH: &str = "/v1/webhook_endpoints";

async fn create(app: &App) -> Result<Endpoint, EndpointError> {
    endpoints::create(&app.tollgate, Draft::new(app.base.clone()), &Actor::cli()).await
}

async fn all(app: &App) -> Vec<Endpoint> {
    app.tollgate.db().read(rows::list).await.unwrap()
}

fn fields(error: &EndpointError) -> Vec<Option<Field>> {
    match error {
        EndpointError::Refused(refusals) => refusals.iter().map(|refusal| refusal.field).collect(),
        other => panic!("not a refusal: {other}"),
    }
}

#[actix_web::test]
async fn a_created_endpoint_is_on_stripe_with_its_uuid_and_takes_events() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let there = app.sim.endpoints();
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].url, format!("{}/stripe/webhooks/{}", app.base, endpoint.uuid));
    assert_eq!(there[0].metadata["tollgate_uuid"], endpoint.uuid);
    assert_eq!((endpoint.status, endpoint.stripe_id.as_deref()), (Status::Enabled, Some(there[0].id.as_str())));
    let id = app.sim.emit("customer.created", json!({ "id": "cus_1", "object": "customer", "livemode": false }));
    app.sim.settled().await;
    assert!(app.event(&id).await.is_some());
}

#[actix_web::test]
async fn a_form_posted_twice_makes_one_endpoint() {
    let app = App::start().await;
    app.add_key().await;
    let draft = Draft::new(app.base.clone());
    let actor = Actor::cli();
    let both = futures_util::future::join(
        endpoints::create(&app.tollgate, draft.clone(), &actor),
        endpoints::create(&app.tollgate, draft.clone(), &actor),
    );
    let (first, second) = both.await;
    assert_eq!(first.unwrap().uuid, second.unwrap().uuid);
    endpoints::create(&app.tollgate, draft, &actor).await.unwrap();
    assert_eq!((app.sim.endpoints().len(), all(&app).await.len()), (1, 1));
}

#[actix_web::test]
async fn a_refusal_of_stripes_lands_at_its_field_and_leaves_nothing() {
    let app = App::start().await;
    app.add_key().await;
    let error = |code: &str, param: Option<&str>, message: &str| json!({ "error": { "type": "invalid_request_error", "code": code, "param": param, "message": message } });
    let cases = [
        (400, error("url_invalid", Some("url"), "Invalid URL: URL must be publicly accessible."), Some(Field::BaseUrl)),
        (400, error("", Some("enabled_events[3]"), "The event type is unknown"), Some(Field::EnabledEvents)),
        (400, error("", None, "You have reached the maximum of 16 test webhook endpoints."), None),
        (401, error("api_key_expired", None, "Expired API Key provided: sk_test_****abcd"), Some(Field::Key)),
        (
            403,
            error(
                "",
                None,
                "The provided key 'rk_test_x' does not have the required permissions for this endpoint on account 'acct_x'. Having the 'rak_webhook_write' permission would allow this request to continue.",
            ),
            Some(Field::Key),
        ),
    ];
    for (status, body, field) in cases {
        app.sim.fail_next("POST", PATH, ApiFault::Status(status, body.clone()), 1);
        let error = create(&app).await.unwrap_err();
        assert_eq!(fields(&error), [field], "{body}");
        assert_eq!((app.sim.endpoints().len(), all(&app).await.len()), (0, 0), "{body}");
    }
    assert!(create(&app).await.is_ok());
}

#[actix_web::test]
async fn an_answer_that_is_lost_leaves_a_pending_row_whose_retry_gets_the_same_endpoint() {
    let app = App::start().await;
    app.add_key().await;
    // The client tries twice by itself; each of these is lost on its way back.
    app.sim.fail_next("POST", PATH, ApiFault::Truncated, 2);
    let error = create(&app).await.unwrap_err();
    let EndpointError::Pending { uuid, .. } = error else { panic!("{error}") };
    let pending = all(&app).await.remove(0);
    assert_eq!((pending.status, app.sim.endpoints().len()), (Status::Pending, 1));
    assert!(pending.last_error.is_some());

    let endpoint = endpoints::retry(&app.tollgate, &uuid, &Actor::cli()).await.unwrap();
    assert_eq!((endpoint.status, app.sim.endpoints().len()), (Status::Enabled, 1));
    let body = customer_event("evt_1", 1, "a@example.com").to_string();
    assert_eq!(app.post_signed(&endpoint, body.as_bytes()).await.status, 200);
}

#[actix_web::test]
async fn a_retry_after_stripe_forgot_the_call_replaces_the_stray() {
    let app = App::start().await;
    app.add_key().await;
    app.sim.fail_next("POST", PATH, ApiFault::Truncated, 2);
    let Err(EndpointError::Pending { uuid, .. }) = create(&app).await else { panic!("not pending") };
    let stray = app.sim.endpoints()[0].id.clone();
    app.pass(Duration::from_secs(25 * 3600));
    let endpoint = endpoints::retry(&app.tollgate, &uuid, &Actor::cli()).await.unwrap();
    let there = app.sim.endpoints();
    assert_eq!(there.len(), 1);
    assert_ne!(there[0].id, stray);
    assert_eq!((endpoint.uuid, endpoint.status), (uuid, Status::Enabled));
}

#[actix_web::test]
async fn cleaning_up_removes_the_row_and_the_stray() {
    let app = App::start().await;
    app.add_key().await;
    app.sim.fail_next("POST", PATH, ApiFault::Truncated, 2);
    let Err(EndpointError::Pending { uuid, .. }) = create(&app).await else { panic!("not pending") };
    app.sim.fail_next("GET", PATH, ApiFault::Error500, 2);
    assert!(endpoints::discard(&app.tollgate, &uuid, &Actor::cli()).await.is_err());
    assert_eq!(all(&app).await.len(), 1, "while Stripe does not answer, nothing is forgotten");
    endpoints::discard(&app.tollgate, &uuid, &Actor::cli()).await.unwrap();
    assert_eq!((app.sim.endpoints().len(), all(&app).await.len()), (0, 0));
}

#[actix_web::test]
async fn stripe_out_of_order_leaves_a_pending_row_that_can_be_cleaned_up() {
    let late = ApiFault::Timeout(Duration::from_secs(60));
    for fault in [late, ApiFault::Error500, ApiFault::Html(502), ApiFault::RateLimited { retry_after: None }] {
        let app = App::start().await;
        app.add_key().await;
        app.sim.fail_next("POST", PATH, fault.clone(), 5);
        let error = create(&app).await.unwrap_err();
        assert!(matches!(error, EndpointError::Pending { .. }), "{fault:?}: {error}");
        assert_eq!(all(&app).await[0].status, Status::Pending);
        // An answer that is late was carried out all the same: whatever came of it is cleaned up.
        let uuid = all(&app).await[0].uuid.clone();
        endpoints::discard(&app.tollgate, &uuid, &Actor::cli()).await.unwrap();
        assert_eq!(app.sim.endpoints().len(), 0, "{fault:?}");
    }
}

#[actix_web::test]
async fn an_edit_sends_only_what_changed_and_leaves_a_disabled_endpoint_disabled() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let actor = Actor::cli();
    endpoints::set_enabled(&app.tollgate, &endpoint.uuid, false, &actor).await.unwrap();
    let changes =
        Changes { description: Some("Renamed".to_owned()), tolerance_seconds: Some(60), ..Changes::default() };
    let changed = endpoints::update(&app.tollgate, &endpoint.uuid, changes, &actor).await.unwrap();
    assert_eq!((changed.status, changed.tolerance_seconds), (Status::Disabled, 60));
    let there = &app.sim.endpoints()[0];
    assert_eq!((there.status.as_str(), there.description.as_deref()), ("disabled", Some("Renamed")));
    let sent = app.sim.requests().into_iter().rfind(|request| request.method == "POST").unwrap();
    assert_eq!(sent.params.as_object().unwrap().len(), 1, "{:?}", sent.params);

    let wrong = Changes { enabled_events: Some(vec!["invoice.payed".to_owned()]), ..Changes::default() };
    let error = endpoints::update(&app.tollgate, &endpoint.uuid, wrong, &actor).await.unwrap_err();
    assert_eq!(fields(&error), [Some(Field::EnabledEvents)]);
    assert_eq!(app.sim.endpoints()[0].enabled_events, ["*"]);
}

#[actix_web::test]
async fn what_changes_at_stripe_is_seen_here() {
    let app = App::start().await;
    let endpoint = app.endpoint().await;
    let id = endpoint.stripe_id.clone().unwrap();
    let key = tollgate::stripe::ApiKey::parse(&app.sim.api_key(&app.sim.account(), false)).unwrap();
    let stripe = tollgate::stripe::Client::builder(key).base_url(app.sim.url().clone()).build().unwrap();
    let disable = tollgate::stripe::UpdateWebhookEndpoint { disabled: Some(true), ..Default::default() };
    stripe.update_webhook_endpoint(&id, &disable).await.unwrap();
    assert_eq!(endpoints::refresh(&app.tollgate, &endpoint.uuid).await.unwrap().status, Status::Disabled);
    stripe.delete_webhook_endpoint(&id).await.unwrap();
    let gone = endpoints::refresh(&app.tollgate, &endpoint.uuid).await.unwrap();
    assert_eq!((gone.status, gone.last_error.as_deref()), (Status::Deleted, Some("deleted at Stripe")));
    assert!(endpoints::set_enabled(&app.tollgate, &endpoint.uuid, true, &Actor::cli()).await.is_err());
}

#[actix_web::test]
async fn an_existing_endpoint_is_taken_over_with_its_secret() {
    let app = App::start().await;
    app.add_key().await;
    let key = tollgate::stripe::ApiKey::parse(&app.sim.api_key(&app.sim.account(), false)).unwrap();
    let stripe = tollgate::stripe::Client::builder(key).base_url(app.sim.url().clone()).build().unwrap();
    let theirs = tollgate::stripe::CreateWebhookEndpoint {
        url: format!("{}/somewhere/else", app.base),
        enabled_events: vec!["customer.updated".to_owned()],
        ..Default::default()
    };
    let made = stripe.create_webhook_endpoint(&theirs, "a key").await.unwrap();
    let import = |base: Option<&str>| Import {
        stripe_id: made.id.clone(),
        secret: WebhookSecret::parse(made.secret.as_ref().unwrap().expose()).unwrap(),
        api_key_id: None,
        livemode: false,
        base_url: base.map(|base| base.parse().unwrap()),
    };
    let refused = endpoints::import(&app.tollgate, import(None), &Actor::cli()).await.unwrap_err();
    assert_eq!(fields(&refused), [Some(Field::BaseUrl)]);
    let endpoint = endpoints::import(&app.tollgate, import(Some(&app.base)), &Actor::cli()).await.unwrap();
    assert_eq!(app.sim.endpoints()[0].url, endpoint.url);
    let body = customer_event("evt_1", 1, "a@example.com").to_string();
    assert_eq!(app.post_signed(&endpoint, body.as_bytes()).await.status, 200);
    assert!(
        endpoints::import(&app.tollgate, import(Some(&app.base)), &Actor::cli()).await.is_err(),
        "it is here already"
    );
}
