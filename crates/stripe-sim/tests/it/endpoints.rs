//! `/v1/webhook_endpoints`.

use serde_json::{Value, json};

use crate::support::{Api, NOW, builder, start};

const PATH: &str = "/v1/webhook_endpoints";
const GOOD: &str = "url=https://shop.example/hook&enabled_events[]=customer.created";

#[tokio::test]
async fn the_secret_is_in_the_answer_to_creation_alone() {
    let (_sim, api) = start().await;
    let form = format!(
        "{GOOD}&enabled_events[]=invoice.paid&description=Shop&metadata[uuid]=u-1&api_version=2025-03-31.basil"
    );
    let made = api.post(PATH, &form).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let id = made.body["id"].as_str().unwrap();
    let mut shown = made.body.clone();
    let secret = shown.as_object_mut().unwrap().shift_remove("secret").unwrap();
    assert!(secret.as_str().unwrap().starts_with("whsec_") && secret.as_str().unwrap().len() == 38);
    let expected = json!({
        "id": id,
        "object": "webhook_endpoint",
        "api_version": "2025-03-31.basil",
        "application": null,
        "created": NOW,
        "description": "Shop",
        "enabled_events": ["customer.created", "invoice.paid"],
        "livemode": false,
        "metadata": {"uuid": "u-1"},
        "status": "enabled",
        "url": "https://shop.example/hook",
    });
    assert_eq!(shown, expected);
    assert_eq!(api.get(&format!("{PATH}/{id}")).await.body, expected);
    assert_eq!(api.get(PATH).await.body["data"], json!([expected]));
}

#[tokio::test]
async fn bad_parameters_are_refused_in_stripes_words() {
    let sim = builder().allow_loopback_urls(false).start().await.unwrap();
    let api = Api::of(&sim);
    let local = "Invalid URL: URL must be publicly accessible. Consider using a tool like the Stripe CLI to test \
                 webhooks locally: https://github.com/stripe/stripe-cli";
    let scheme = "Invalid URL: An explicit scheme (such as https) must be provided.";
    let invalid = Some("url_invalid");
    let cases = [
        ("enabled_events[]=*", Some("parameter_missing"), "Missing required param: url.", Some("url")),
        (
            "url=https://a.example",
            Some("parameter_missing"),
            "Missing required param: enabled_events.",
            Some("enabled_events"),
        ),
        (
            "url=https://a.example&enabled_events[]=",
            Some("parameter_missing"),
            "Missing required param: enabled_events.",
            Some("enabled_events"),
        ),
        ("url=https://a.example&enabled_events=*", None, "Invalid array", Some("enabled_events")),
        ("url=shop.example/hook&enabled_events[]=*", invalid, scheme, Some("url")),
        ("url=ftp://shop.example&enabled_events[]=*", invalid, "Not a valid URL", Some("url")),
        ("url=https://&enabled_events[]=*", invalid, "Not a valid URL", Some("url")),
        ("url=http://localhost:8000/&enabled_events[]=*", invalid, local, Some("url")),
        ("url=http://127.0.0.1/&enabled_events[]=*", invalid, local, Some("url")),
        ("url=https://[::1]/&enabled_events[]=*", invalid, local, Some("url")),
        ("url=https://a.example&enabled_events[]=*&connect=maybe", None, "Invalid boolean: maybe", Some("connect")),
        (
            "url=https://a.example&enabled_events[]=*&api_version=2031-01-01.zebra",
            None,
            "Invalid api_version: 2031-01-01.zebra is not a known version",
            Some("api_version"),
        ),
        (
            "url=https://a.example&enabled_events[]=*&disabled=true",
            Some("parameter_unknown"),
            "Received unknown parameter: disabled",
            Some("disabled"),
        ),
    ];
    for (form, code, message, param) in cases {
        assert_eq!(api.post(PATH, form).await.refusal(), (400, code, message, param), "{form}");
    }
    let answer = api.post(PATH, &format!("{GOOD}&enabled_events[]=custmer.created")).await;
    let (status, _, message, param) = answer.refusal();
    assert_eq!((status, param), (400, Some("enabled_events[1]")));
    assert!(message.starts_with("Invalid enabled_events[1]: must be one of"), "{message}");
    assert!(sim.endpoints().is_empty());
}

#[tokio::test]
async fn live_mode_demands_https() {
    let (sim, _) = start().await;
    let api = Api::with_key(&sim, &sim.api_key(&sim.account(), true));
    let answer = api.post(PATH, "url=http://shop.example/&enabled_events[]=*").await;
    assert_eq!((answer.refusal().0, answer.refusal().3), (400, Some("url")));
    assert_eq!(api.post(PATH, "url=https://shop.example/&enabled_events[]=*").await.body["livemode"], true);
}

#[tokio::test]
async fn the_cap_is_per_account_and_mode() {
    let sim = builder().endpoint_cap(2).start().await.unwrap();
    let test = Api::of(&sim);
    let live = Api::with_key(&sim, &sim.api_key(&sim.account(), true));
    let other = Api::with_key(&sim, &sim.api_key(&sim.create_account("Branch"), false));
    for _ in 0..2 {
        assert_eq!(test.post(PATH, GOOD).await.status, 200);
    }
    let full = test.post(PATH, GOOD).await;
    assert_eq!(full.refusal(), (400, None, "You have reached the maximum of 2 test webhook endpoints.", None));
    assert_eq!((live.post(PATH, GOOD).await.status, other.post(PATH, GOOD).await.status), (200, 200));
}

#[tokio::test]
async fn an_update_changes_only_what_it_names() {
    let (sim, api) = start().await;
    let made = api.post(PATH, &format!("{GOOD}&description=Shop&metadata[a]=1&metadata[b]=2")).await.body;
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let changed = api.post(&path, "disabled=true&metadata[a]=&metadata[c]=3").await.body;
    assert_eq!((&changed["status"], &changed["metadata"]), (&json!("disabled"), &json!({"b": "2", "c": "3"})));
    assert_eq!((&changed["url"], &changed["description"]), (&made["url"], &json!("Shop")));
    assert_eq!(changed.get("secret"), None);
    let changed = api.post(&path, "url=https://new.example/&enabled_events[]=*&description=&metadata=").await.body;
    assert_eq!(changed["status"], "disabled", "a change of the URL does not enable it again");
    assert_eq!((&changed["url"], &changed["enabled_events"]), (&json!("https://new.example/"), &json!(["*"])));
    assert_eq!((&changed["description"], &changed["metadata"]), (&Value::Null, &json!({})));
    assert_eq!(api.post(&path, "disabled=false").await.body["status"], "enabled");
    for fixed in ["api_version=2025-03-31.basil", "connect=true"] {
        assert_eq!(api.post(&path, fixed).await.refusal().1, Some("parameter_unknown"), "{fixed}");
    }
    assert_eq!(sim.endpoints()[0].status, "enabled");
}

#[tokio::test]
async fn a_deleted_endpoint_is_gone() {
    let (sim, api) = start().await;
    let id = api.post(PATH, GOOD).await.body["id"].as_str().unwrap().to_owned();
    let path = format!("{PATH}/{id}");
    assert_eq!(api.delete(&path).await.body, json!({"id": id, "object": "webhook_endpoint", "deleted": true}));
    let missing = format!("No such webhook endpoint: '{id}'");
    for method in ["GET", "POST", "DELETE"] {
        let answer = api.call(method, &path, "").await.unwrap();
        assert_eq!(answer.refusal(), (404, Some("resource_missing"), missing.as_str(), Some("id")), "{method}");
    }
    assert!(sim.endpoints().is_empty());
}

#[tokio::test]
async fn the_other_modes_endpoint_is_named_as_such() {
    let (sim, api) = start().await;
    let live = Api::with_key(&sim, &sim.api_key(&sim.account(), true));
    let id = live.post(PATH, GOOD).await.body["id"].as_str().unwrap().to_owned();
    let answer = api.get(&format!("{PATH}/{id}")).await;
    let expected = format!(
        "No such webhook endpoint: '{id}'; a similar object exists in live mode, but a test mode key was used to make \
         this request."
    );
    assert_eq!(answer.refusal(), (404, Some("resource_missing"), expected.as_str(), Some("id")));
}

#[tokio::test]
async fn metadata_has_stripes_limits() {
    let (_sim, api) = start().await;
    let many: String = (0..51).map(|n| format!("&metadata[k{n}]=v")).collect();
    let cases = [
        (many, "Metadata can have up to 50 keys."),
        (format!("&metadata[{}]=v", "k".repeat(41)), "Metadata keys can have up to 40 characters."),
        (format!("&metadata[k]={}", "v".repeat(501)), "Metadata values can have up to 500 characters."),
        ("&metadata=text".to_owned(), "Invalid object"),
    ];
    for (more, message) in cases {
        assert_eq!(api.post(PATH, &format!("{GOOD}{more}")).await.refusal().2, message, "{message}");
    }
}

#[tokio::test]
async fn lists_are_newest_first_and_paged() {
    let (_sim, api) = start().await;
    let mut made = Vec::new();
    for _ in 0..12 {
        made.push(api.post(PATH, GOOD).await.body["id"].as_str().unwrap().to_owned());
    }
    made.reverse();
    let first = api.get(PATH).await;
    assert_eq!((first.ids(), &first.body["has_more"]), (made[..10].iter().map(String::as_str).collect(), &json!(true)));
    let second = api.get(&format!("{PATH}?starting_after={}", made[9])).await;
    assert_eq!((second.ids().len(), &second.body["has_more"]), (2, &json!(false)));
    let before = api.get(&format!("{PATH}?limit=3&ending_before={}", made[10])).await;
    assert_eq!(before.ids(), made[7..10].iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(api.get(&format!("{PATH}?limit=101")).await.refusal().3, Some("limit"));
    assert_eq!(api.get(&format!("{PATH}?starting_after=we_none")).await.refusal().1, Some("resource_missing"));
}
