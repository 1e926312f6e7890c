//! `/v2/core/event_destinations`.

use serde_json::{Value, json};

use crate::support::{Answer, Api, builder, start};

const PATH: &str = "/v2/core/event_destinations";
const SECRET: &str = "webhook_endpoint.signing_secret";
const URL: &str = "webhook_endpoint.url";

/// What creates a destination, with some parameters changed; null takes one away.
fn body(changes: Value) -> String {
    let mut body = json!({
        "name": "Shop", "type": "webhook_endpoint", "event_payload": "thin",
        "enabled_events": ["v1.customer.created"], "webhook_endpoint": {"url": "https://shop.example/hook"},
    });
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body.to_string()
}

async fn create(api: &Api, changes: Value) -> Value {
    let made = api.post(PATH, &body(changes)).await;
    assert_eq!(made.status, 200, "{}", made.body);
    made.body
}

/// Code and message of a refusal.
fn refusal(answer: &Answer) -> (u16, &str, &str) {
    let (status, code, message, param) = answer.refusal();
    assert_eq!(param, None, "version 2 names no param");
    (status, code.unwrap(), message)
}

#[tokio::test]
async fn secret_and_url_are_shown_only_when_asked_for_and_the_secret_only_at_creation() {
    let (sim, api) = start().await;
    let api = api.v2();
    let more = json!({"description": "Note", "metadata": {"uuid": "u-1"}, "include": [SECRET, URL]});
    let made = create(&api, more).await;
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("ed_test_"), "{id}");
    let secret = sim.endpoint_secret(id).unwrap();
    let mut expected = json!({
        "id": id,
        "object": "v2.core.event_destination",
        "created": "2026-09-21T14:13:20Z",
        "description": "Note",
        "enabled_events": ["v1.customer.created"],
        "event_payload": "thin",
        "events_from": ["@self"],
        "livemode": false,
        "metadata": {"uuid": "u-1"},
        "name": "Shop",
        "snapshot_api_version": null,
        "status": "enabled",
        "status_details": null,
        "type": "webhook_endpoint",
        "updated": "2026-09-21T14:13:20Z",
        "webhook_endpoint": {"signing_secret": secret, "url": "https://shop.example/hook"},
    });
    assert_eq!(made, expected);
    expected["webhook_endpoint"] = json!({"signing_secret": null, "url": "https://shop.example/hook"});
    let path = format!("{PATH}/{id}");
    assert_eq!(api.get(&format!("{path}?include[0]={URL}")).await.body, expected);
    assert_eq!(api.get(&format!("{PATH}?include[0]={URL}")).await.body["data"], json!([expected]));
    expected["webhook_endpoint"] = json!({"signing_secret": null, "url": null});
    assert_eq!(api.get(&path).await.body, expected);
    let asked = api.get(&format!("{path}?include[0]={SECRET}")).await;
    assert_eq!((refusal(&asked).0, refusal(&asked).1), (400, "invalid_fields"), "nobody reads it again");
    assert_eq!(create(&api, json!({})).await["webhook_endpoint"], json!({"signing_secret": null, "url": null}));
}

#[tokio::test]
async fn snapshots_have_a_version_and_thin_events_have_none() {
    let (_sim, api) = start().await;
    let api = api.v2();
    let snapshot = json!({"event_payload": "snapshot", "enabled_events": ["*"]});
    assert_eq!(create(&api, snapshot.clone()).await["snapshot_api_version"], "2026-10-28.endive");
    let mut old = snapshot;
    old["snapshot_api_version"] = json!("2024-09-30.acacia");
    assert_eq!(create(&api, old).await["snapshot_api_version"], "2024-09-30.acacia");
    let thin = api.post(PATH, &body(json!({"snapshot_api_version": "2024-09-30.acacia"}))).await;
    assert_eq!(refusal(&thin).0, 400);
}

#[tokio::test]
async fn bad_parameters_are_refused_in_the_form_of_version_2() {
    let sim = builder().allow_loopback_urls(false).start().await.unwrap();
    let api = Api::of(&sim).v2();
    let fields = "invalid_fields";
    let cases = [
        (json!({"name": null}), fields, "Missing required param: name."),
        (json!({"type": "amazon_eventbridge"}), fields, "Invalid type"),
        (json!({"event_payload": "fat"}), fields, "Invalid event_payload: must be one of snapshot or thin"),
        (json!({"webhook_endpoint": null}), fields, "Missing required param: webhook_endpoint."),
        (json!({"webhook_endpoint": {}}), fields, "Missing required param: webhook_endpoint[url]."),
        (
            json!({"webhook_endpoint": {"url": "https://a.example", "x": "y"}}),
            fields,
            "Received unknown parameter: webhook_endpoint[x]",
        ),
        (json!({"webhook_endpoint": "https://a.example"}), fields, "Invalid object (webhook_endpoint)"),
        (json!({"webhook_endpoint": {"url": "a.example"}}), "url_invalid", "Invalid URL: An explicit scheme"),
        (json!({"webhook_endpoint": {"url": "http://127.0.0.1/"}}), "url_invalid", "Invalid URL: URL must be publicly"),
        (json!({"enabled_events": null}), fields, "Missing required param: enabled_events."),
        (json!({"enabled_events": []}), fields, "Missing required param: enabled_events."),
        (json!({"enabled_events": "*"}), fields, "Invalid array (enabled_events)"),
        (json!({"enabled_events": [["*"]]}), fields, "Invalid value in array"),
        (json!({"enabled_events": ["customer.created"]}), fields, "Invalid enabled_events[0]: must be one of *, v1."),
        (json!({"enabled_events": ["v1.customer"]}), fields, "Invalid enabled_events[0]"),
        (json!({"enabled_events": ["v1.treasury.received_debit.created"]}), fields, "Invalid enabled_events[0]"),
        (json!({"event_payload": "snapshot"}), fields, "Invalid enabled_events[0]: must be one of *, account."),
        (json!({"events_from": ["self"]}), fields, "Invalid events_from: self"),
        (json!({"include": ["url"]}), fields, "Invalid include: url"),
        (json!({"metadata": {"k": 5}}), fields, "Metadata values must be strings"),
        (json!({"description": 5}), fields, "Invalid string (description)"),
        (json!({"colour": "red"}), fields, "Received unknown parameter: colour"),
    ];
    for (changes, code, message) in cases {
        let answer = api.post(PATH, &body(changes.clone())).await;
        let (status, got_code, got) = refusal(&answer);
        assert_eq!((status, got_code), (400, code), "{changes}");
        assert!(got.starts_with(message), "{got}");
        assert_eq!(answer.body["error"]["user_message"].is_string(), code == "url_invalid");
    }
    for text in ["name=Shop", "[]", "{", "null", "\u{feff}{}"] {
        assert_eq!(refusal(&api.post(PATH, text).await).2, "The request body is not a JSON object.", "{text}");
    }
    assert!(sim.endpoints().is_empty());
}

#[tokio::test]
async fn version_2_demands_a_version_and_one_account_header() {
    let (sim, api) = start().await;
    assert_eq!(refusal(&api.get(PATH).await).2, "The Stripe-Version header is required.");
    let branch = sim.create_account("Branch");
    let both = api.v2().header("stripe-context", &branch).header("stripe-account", &branch);
    assert_eq!(refusal(&both.get(PATH).await).0, 400);
    let lost = Api::of(&sim).v2().header("stripe-context", "acct_none").get(PATH).await;
    assert_eq!((refusal(&lost).0, refusal(&lost).1), (403, "account_invalid"));
    let no_key = Api::with_key(&sim, "").v2().get(PATH).await;
    assert_eq!((refusal(&no_key).0, refusal(&no_key).1), (401, "invalid_request_error"));
    let nowhere = Api::of(&sim).v2().get("/v2/core/unicorns").await;
    assert_eq!(refusal(&nowhere).0, 404);
    assert_ne!(refusal(&nowhere).1, "not_found", "that would be a missing object");
}

#[tokio::test]
async fn an_update_changes_only_what_it_names() {
    let (sim, api) = start().await;
    let api = api.v2();
    let made = create(&api, json!({"description": "Note", "metadata": {"a": "1", "b": "2"}})).await;
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    sim.clock().advance(5);
    let changes = json!({"name": "New", "metadata": {"a": null, "b": "", "c": "3"}});
    let changed = api.post(&path, &changes.to_string()).await.body;
    assert_eq!((&changed["name"], &changed["metadata"]), (&json!("New"), &json!({"c": "3"})));
    assert_eq!((&changed["description"], &changed["enabled_events"]), (&made["description"], &made["enabled_events"]));
    assert_eq!((&changed["created"], &changed["updated"]), (&made["created"], &json!("2026-09-21T14:13:25Z")));
    let changes = json!({
        "webhook_endpoint": {"url": "https://new.example/"}, "enabled_events": ["*"], "description": "",
        "include": [URL],
    });
    let changed = api.post(&path, &changes.to_string()).await.body;
    assert_eq!(changed["webhook_endpoint"], json!({"signing_secret": null, "url": "https://new.example/"}));
    assert_eq!((&changed["enabled_events"], &changed["description"]), (&json!(["*"]), &json!("")));
    for fixed in ["event_payload", "events_from", "snapshot_api_version", "type"] {
        let answer = api.post(&path, &json!({ fixed: "x" }).to_string()).await;
        assert_eq!(refusal(&answer).2, format!("Received unknown parameter: {fixed}"));
    }
}

#[tokio::test]
async fn a_destination_is_switched_off_and_on_and_deleted() {
    let (sim, api) = start().await;
    let api = api.v2();
    let id = create(&api, json!({})).await["id"].as_str().unwrap().to_owned();
    let path = format!("{PATH}/{id}");
    let off = api.post(&format!("{path}/disable"), "").await.body;
    assert_eq!(
        (&off["status"], &off["status_details"]),
        (&json!("disabled"), &json!({"disabled": {"reason": "user"}}))
    );
    api.post(&path, &json!({"name": "x"}).to_string()).await;
    assert_eq!(sim.endpoints()[0].status, "disabled", "a change does not enable it again");
    let on = api.post(&format!("{path}/enable"), "{}").await.body;
    assert_eq!((&on["status"], &on["status_details"]), (&json!("enabled"), &Value::Null));
    assert_eq!(api.delete(&path).await.body, json!({"id": id, "object": "v2.core.event_destination"}));
    for (method, path) in
        [("GET", path.clone()), ("POST", path.clone()), ("DELETE", path.clone()), ("POST", path + "/ping")]
    {
        let answer = api.call(method, &path, "").await.unwrap();
        let expected = format!("No such event destination: '{id}'");
        assert_eq!(refusal(&answer), (404, "not_found", expected.as_str()), "{method} {path}");
    }
}

#[tokio::test]
async fn pages_are_led_to_by_whole_addresses() {
    let (sim, api) = start().await;
    let api = api.v2();
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(create(&api, json!({})).await["id"].as_str().unwrap().to_owned());
    }
    made.reverse();
    Api::of(&sim).register("https://shop.example/v1", "*", "").await;
    let first = api.get(&format!("{PATH}?limit=2&include[0]={URL}")).await;
    assert_eq!((first.ids(), &first.body["previous_page_url"]), (vec![made[0].as_str(), &made[1]], &Value::Null));
    let second = api.get(first.body["next_page_url"].as_str().unwrap()).await;
    assert_eq!(second.ids(), [made[2].as_str(), &made[3]]);
    assert_eq!(
        second.body["data"][0]["webhook_endpoint"]["url"], "https://shop.example/hook",
        "what is asked for stays"
    );
    let last = api.get(second.body["next_page_url"].as_str().unwrap()).await;
    assert_eq!((last.ids(), &last.body["next_page_url"]), (vec![made[4].as_str()], &Value::Null));
    let back = api.get(last.body["previous_page_url"].as_str().unwrap()).await;
    assert_eq!(back.ids(), second.ids());
    assert_eq!(api.get(back.body["previous_page_url"].as_str().unwrap()).await.ids(), first.ids());
    assert_eq!(api.get(PATH).await.ids(), made);
    for query in ["limit=0", "limit=101", "page=ed_none", "starting_after=x", "expand[]=data"] {
        assert_eq!(refusal(&api.get(&format!("{PATH}?{query}")).await).1, "invalid_fields", "{query}");
    }
}

#[tokio::test]
async fn both_versions_share_the_cap_and_nothing_else() {
    let sim = builder().endpoint_cap(2).start().await.unwrap();
    let (v1, v2) = (Api::of(&sim), Api::of(&sim).v2());
    let ed = create(&v2, json!({})).await["id"].as_str().unwrap().to_owned();
    let we = v1.register("https://shop.example/hook", "*", "").await["id"].as_str().unwrap().to_owned();
    let full = v2.post(PATH, &body(json!({}))).await;
    assert_eq!(refusal(&full).2, "You have reached the maximum of 2 test webhook endpoints.");
    assert_eq!(v1.post("/v1/webhook_endpoints", "url=https://a.example&enabled_events[]=*").await.status, 400);
    assert_eq!((v1.get("/v1/webhook_endpoints").await.ids(), v2.get(PATH).await.ids()), (vec![&*we], vec![&*ed]));
    assert_eq!(v1.get(&format!("/v1/webhook_endpoints/{ed}")).await.status, 404);
    assert_eq!(v2.get(&format!("{PATH}/{we}")).await.status, 404);
    let thin: Vec<_> = sim.endpoints().into_iter().map(|endpoint| (endpoint.id, endpoint.thin)).collect();
    assert_eq!(thin, [(ed, true), (we, false)]);
}

#[tokio::test]
async fn a_call_is_done_once_under_its_key_and_a_failed_one_again() {
    let sim = builder().endpoint_cap(1).start().await.unwrap();
    let plain = Api::of(&sim).v2();
    let keyed = Api::of(&sim).v2().header("idempotency-key", "k1");
    let other = create(&plain, json!({})).await["id"].as_str().unwrap().to_owned();
    let asked = body(json!({"include": [SECRET]}));
    assert_eq!(keyed.post(PATH, &asked).await.status, 400, "the cap is reached");
    plain.delete(&format!("{PATH}/{other}")).await;
    let made = keyed.post(PATH, &asked).await;
    assert_eq!((made.status, made.header("idempotent-replayed")), (200, None), "a failed call is done again");
    let again = keyed.post(PATH, &asked).await;
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&made.body, Some("true")), "the secret included");
    let mismatch = keyed.post(PATH, &body(json!({"name": "x"}))).await;
    assert_eq!((refusal(&mismatch).0, refusal(&mismatch).1), (400, "idempotency_error"));

    let path = format!("{PATH}/{}", made.body["id"].as_str().unwrap());
    let delete = Api::of(&sim).v2().header("idempotency-key", "k2");
    let gone = delete.delete(&path).await;
    assert_eq!((delete.delete(&path).await.body, gone.status), (gone.body, 200), "DELETE has keys in version 2");
}

#[tokio::test]
async fn live_destinations_are_apart_and_demand_https() {
    let (sim, test) = start().await;
    let (test, live) = (test.v2(), Api::with_key(&sim, &sim.api_key(&sim.account(), true)).v2());
    let http = body(json!({"webhook_endpoint": {"url": "http://shop.example/"}}));
    assert_eq!((test.post(PATH, &http).await.status, refusal(&live.post(PATH, &http).await).1), (200, "url_invalid"));
    let made = create(&live, json!({})).await;
    let id = made["id"].as_str().unwrap();
    assert!(made["livemode"] == true && !id.starts_with("ed_test"), "{made}");
    assert_eq!(test.get(&format!("{PATH}/{id}")).await.status, 404);
}

#[tokio::test]
async fn a_restricted_key_needs_the_permission_for_webhooks() {
    let (sim, _) = start().await;
    sim.restrict_key("rk_test_narrow123", &["rak_webhook_read"]);
    let api = Api::with_key(&sim, "rk_test_narrow123").v2();
    assert_eq!(api.get(PATH).await.status, 200);
    assert!(refusal(&api.post(PATH, &body(json!({}))).await).2.contains("rak_webhook_write"));
    assert!(refusal(&api.get("/v2/core/events").await).2.contains("rak_event_read"));
}
