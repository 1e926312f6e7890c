//! The typed calls: what they send, and what they make of the answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate_stripe_client::catalogue::NEWEST;
use tollgate_stripe_client::resources::{subscriptions, v2_accounts};
use tollgate_stripe_client::{
    CreateWebhookEndpoint, Error, EventFilter, Form, Request, UpdateWebhookEndpoint, WebhookEndpoint,
};

use crate::server::{Answer, KEY, Server, builder};

fn endpoint(id: &str) -> Value {
    json!({
        "id": id, "object": "webhook_endpoint", "api_version": NEWEST, "application": null, "created": 1_700_000_000,
        "description": "Tollgate", "enabled_events": ["*"], "livemode": false, "metadata": {"uuid": "u-1"},
        "status": "enabled", "url": "https://example.com/stripe/webhooks/u-1",
    })
}

async fn sends(request: Request) -> crate::server::Seen {
    let server = Server::with([Answer::json(200, &json!({}))]).await;
    let client = builder(&server.url).app_info("Shop", "1.2", "https://shop.example").build().unwrap();
    client.with_account("acct_1").send(request).await.unwrap();
    server.seen().remove(0)
}

#[tokio::test]
async fn a_form_goes_with_key_version_account_and_agent() {
    let seen = sends(Request::post("/v1/customers").form(Form::new().with("a[b]", "c d")).idempotency_key("k-1")).await;
    assert_eq!(
        (seen.method.as_str(), seen.uri.as_str(), seen.body.as_str()),
        ("POST", "/v1/customers", "a%5Bb%5D=c+d")
    );
    let agent = concat!("Tollgate/", env!("CARGO_PKG_VERSION"), " Shop/1.2 (https://shop.example)");
    let bearer = format!("Bearer {KEY}");
    let expected = [
        ("authorization", bearer.as_str()),
        ("stripe-version", NEWEST),
        ("stripe-account", "acct_1"),
        ("idempotency-key", "k-1"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("user-agent", agent),
    ];
    for (name, value) in expected {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn json_goes_to_v2_and_a_context_takes_the_account_s_place() {
    let request = Request::post("/v2/core/event_destinations").json(json!({"name": "n"})).context("acct_2");
    let seen = sends(request).await;
    assert_eq!(seen.body, r#"{"name":"n"}"#);
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!((seen.header("stripe-context"), seen.header("stripe-account")), (Some("acct_2"), None));
}

#[tokio::test]
async fn named_calls_send_what_their_table_says() {
    let seen = sends(
        subscriptions::update("sub_1")
            .params(
                json!({"items": [{"id": "si_1", "quantity": 3}], "default_source": null, "cancel_at_period_end": true}),
            )
            .metadata("order", "7")
            .metadata("old", "")
            .expand("latest_invoice.payments"),
    )
    .await;
    assert_eq!((seen.method.as_str(), seen.uri.as_str()), ("POST", "/v1/subscriptions/sub_1"));
    let body: Vec<(String, String)> = url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
    let expected = [
        ("items[0][id]", "si_1"),
        ("items[0][quantity]", "3"),
        ("default_source", ""),
        ("cancel_at_period_end", "true"),
        ("metadata[order]", "7"),
        ("metadata[old]", ""),
        ("expand[]", "latest_invoice.payments"),
    ];
    assert_eq!(body, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));

    let seen = sends(subscriptions::cancel("sub/1").params(json!({"prorate": true}))).await;
    let told = (seen.method.as_str(), seen.uri.as_str(), seen.body.as_str());
    assert_eq!(told, ("DELETE", "/v1/subscriptions/sub%2F1?prorate=true", ""));
    let seen = sends(v2_accounts::close("acct_2").params(json!({"applied_configurations": ["customer"]}))).await;
    assert_eq!(
        (seen.uri.as_str(), seen.body.as_str()),
        ("/v2/core/accounts/acct_2/close", r#"{"applied_configurations":["customer"]}"#)
    );
    assert_eq!((seen.header("stripe-context"), seen.header("stripe-account")), (Some("acct_1"), None));
}

#[tokio::test]
async fn the_agent_names_an_application_with_what_is_known_of_it() {
    let cases = [
        ("Shop", "", "", " Shop"),
        ("Shop", "1", "", " Shop/1"),
        ("Shop", "", "https://s.example", " Shop (https://s.example)"),
    ];
    for (name, version, url, expected) in cases {
        let server = Server::with([Answer::json(200, &json!({}))]).await;
        let client = builder(&server.url).app_info(name, version, url).build().unwrap();
        client.send(Request::get("/v1/balance")).await.unwrap();
        let agent = format!("Tollgate/{}{expected}", env!("CARGO_PKG_VERSION"));
        assert_eq!(server.seen()[0].header("user-agent"), Some(agent.as_str()));
    }
}

#[tokio::test]
async fn fields_keep_stripe_s_order() {
    let server = Server::with([Answer::text(200, r#"{"z":1,"a":{"y":2,"b":3}}"#)]).await;
    let answer = server.client().send(Request::get("/v1/balance")).await.unwrap();
    assert_eq!(answer.to_string(), r#"{"z":1,"a":{"y":2,"b":3}}"#);
}

#[tokio::test]
async fn a_created_endpoint_brings_its_secret_once_and_shows_it_nowhere() {
    let mut created = endpoint("we_1");
    created["secret"] = json!("whsec_the_secret_of_we_1");
    let server = Server::with([Answer::json(200, &created)]).await;
    let create = CreateWebhookEndpoint {
        url: "https://example.com/stripe/webhooks/u-1".to_owned(),
        enabled_events: vec!["invoice.paid".to_owned(), "charge.failed".to_owned()],
        api_version: Some(NEWEST.to_owned()),
        connect: true,
        description: Some("Tollgate".to_owned()),
        metadata: BTreeMap::from([("uuid".to_owned(), "u-1".to_owned())]),
    };
    let made = server.client().create_webhook_endpoint(&create, "key-1").await.unwrap();
    assert_eq!(made.secret.as_ref().unwrap().expose(), "whsec_the_secret_of_we_1");
    assert!(!format!("{made:?} {}", made.raw).contains("the_secret"));
    assert_eq!((made.id.as_str(), made.created, made.is_enabled()), ("we_1", 1_700_000_000, true));
    assert_eq!(made.raw, endpoint("we_1"));

    let seen = server.seen().remove(0);
    assert_eq!((seen.uri.as_str(), seen.header("idempotency-key")), ("/v1/webhook_endpoints", Some("key-1")));
    let body: Vec<(String, String)> = url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
    let expected = [
        ("url", "https://example.com/stripe/webhooks/u-1"),
        ("enabled_events[0]", "invoice.paid"),
        ("enabled_events[1]", "charge.failed"),
        ("api_version", NEWEST),
        ("connect", "true"),
        ("description", "Tollgate"),
        ("metadata[uuid]", "u-1"),
    ];
    assert_eq!(body, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn an_update_sends_only_what_changes() {
    let answers = vec![Answer::json(200, &endpoint("we_1")); 2];
    let server = Server::with(answers).await;
    let client = server.client();
    let disable = UpdateWebhookEndpoint { disabled: Some(true), ..UpdateWebhookEndpoint::default() };
    client.update_webhook_endpoint("we_1", &disable).await.unwrap();
    let rename = UpdateWebhookEndpoint { description: Some(String::new()), ..UpdateWebhookEndpoint::default() };
    client.update_webhook_endpoint("we_1", &rename).await.unwrap();
    let seen = server.seen();
    assert_eq!((seen[0].uri.as_str(), seen[0].body.as_str()), ("/v1/webhook_endpoints/we_1", "disabled=true"));
    assert_eq!(seen[1].body, "description=");
}

#[tokio::test]
async fn endpoints_are_read_listed_and_deleted() {
    let list = |ids: [&str; 2], more| json!({"object": "list", "has_more": more, "data": ids.map(endpoint)});
    let server = Server::with([
        Answer::json(200, &endpoint("we_1")),
        Answer::json(200, &list(["we_4", "we_3"], true)),
        Answer::json(200, &list(["we_2", "we_1"], false)),
        Answer::json(200, &json!({"id": "we_1", "object": "webhook_endpoint", "deleted": true})),
    ])
    .await;
    let client = server.client();
    let one = client.retrieve_webhook_endpoint("we_1").await.unwrap();
    assert!(one.secret.is_none());
    assert_eq!((one.metadata["uuid"].as_str(), one.api_version.as_deref()), ("u-1", Some(NEWEST)));
    let all = client.list_webhook_endpoints().await.unwrap();
    assert_eq!(all.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["we_4", "we_3", "we_2", "we_1"]);
    client.delete_webhook_endpoint("we_1").await.unwrap();
    let last = server.seen().pop().unwrap();
    assert_eq!((last.method.as_str(), last.uri.as_str()), ("DELETE", "/v1/webhook_endpoints/we_1"));
}

#[test]
fn an_endpoint_that_lacks_what_it_must_have_is_refused() {
    for field in ["id", "url", "status"] {
        let mut object = endpoint("we_1");
        object[field] = Value::Null;
        assert!(matches!(WebhookEndpoint::from_value(object), Err(Error::Unexpected(_))), "{field}");
    }
    let mut blank = endpoint("we_1");
    blank["secret"] = json!(" ");
    assert!(WebhookEndpoint::from_value(blank).is_err());
    assert!(WebhookEndpoint::from_value(json!([])).is_err());
}

#[tokio::test]
async fn the_cap_on_endpoints_is_read_from_the_refusal() {
    let refusal = json!({"message": "You have reached the maximum of 16 test webhook endpoints."});
    let server = Server::with([Answer::error(400, &refusal)]).await;
    let error = server.client().create_webhook_endpoint(&CreateWebhookEndpoint::default(), "k").await.unwrap_err();
    assert_eq!(error.api().unwrap().endpoint_cap(), Some(16));
}

#[tokio::test]
async fn events_objects_and_the_account_are_fetched_by_their_paths() {
    let event = json!({"id": "evt_1", "object": "event", "type": "invoice.paid", "created": 5, "data": {"object": {}}});
    let list = json!({"object": "list", "has_more": false, "data": [event]});
    let server = Server::with([
        Answer::json(200, &event),
        Answer::json(200, &list),
        Answer::json(200, &json!({"id": "cs_1"})),
        Answer::json(200, &json!({"has_more": false, "data": []})),
        Answer::json(200, &json!({"id": "acct_1", "email": "a@example.com"})),
    ])
    .await;
    let client = server.client();
    assert_eq!(client.retrieve_event("evt_1").await.unwrap().type_(), "invoice.paid");
    let filter = EventFilter { created_gte: Some(4), ..EventFilter::default() };
    assert_eq!(client.list_events(&filter).unwrap().collect_all(10).await.unwrap(), [event]);
    assert_eq!(client.retrieve_object("checkout.session", "cs_1").await.unwrap()["id"], "cs_1");
    client.list_objects("subscription", Form::new()).unwrap().collect_all(10).await.unwrap();
    assert_eq!(client.retrieve_account().await.unwrap().name(), "a@example.com");
    let uris: Vec<String> = server.seen().into_iter().map(|seen| seen.uri).collect();
    let expected = [
        "/v1/events/evt_1",
        "/v1/events?created%5Bgte%5D=4&limit=100",
        "/v1/checkout/sessions/cs_1",
        "/v1/subscriptions?status=all&limit=100",
        "/v1/account",
    ];
    assert_eq!(uris, expected);
}

#[tokio::test]
async fn a_kind_without_a_path_is_refused_before_anything_is_sent() {
    let server = Server::with([]).await;
    let client = server.client();
    assert!(matches!(client.retrieve_object("discount", "di_1").await, Err(Error::InvalidRequest(_))));
    assert!(matches!(client.list_objects("subscription_item", Form::new()), Err(Error::InvalidRequest(_))));
    assert!(server.seen().is_empty());
}
