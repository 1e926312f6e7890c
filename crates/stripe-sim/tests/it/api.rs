//! What holds for every call: keys, modes, unknown paths and parameters, headers.

use tollgate_stripe_sim::ApiFault;

use crate::support::{Api, builder, start};

#[tokio::test]
async fn a_call_without_a_good_key_is_refused() {
    let (sim, _) = start().await;
    let cases = [
        ("", 401, None, "You did not provide an API key."),
        ("hunter2", 401, None, "Invalid API Key provided: *******"),
        ("sk_staging_abcdefgh", 401, None, "Invalid API Key provided: sk_staging_****efgh"),
        ("pk_test_abcdefgh1234", 403, Some("secret_key_required"), "This API call cannot be made with a publishable"),
    ];
    for (key, status, code, message) in cases {
        let answer = Api::with_key(&sim, key).get("/v1/account").await;
        let (got_status, got_code, got, _) = answer.refusal();
        assert_eq!((got_status, got_code), (status, code), "{key}");
        assert!(got.starts_with(message), "{got}");
        assert_eq!(answer.body["error"]["type"], "invalid_request_error");
    }
}

#[tokio::test]
async fn any_test_key_opens_the_default_account() {
    let (sim, _) = start().await;
    for key in ["sk_test_anything", "rk_test_anything", "sk_live_anything"] {
        let answer = Api::with_key(&sim, key).get("/v1/account").await;
        assert_eq!((answer.status, answer.body["id"].as_str()), (200, Some(sim.account().as_str())), "{key}");
    }
}

#[tokio::test]
async fn a_revoked_key_is_expired() {
    let (sim, api) = start().await;
    sim.revoke_key(&api.key);
    let answer = api.get("/v1/account").await;
    let (status, code, message, _) = answer.refusal();
    assert_eq!((status, code), (401, Some("api_key_expired")));
    assert!(message.starts_with("Expired API Key provided: sk_test_****") && !message.contains(&api.key), "{message}");
}

#[tokio::test]
async fn a_restricted_key_is_told_which_permission_it_lacks() {
    let (sim, _) = start().await;
    sim.restrict_key("rk_test_narrow123", &["rak_webhook_write"]);
    let api = Api::with_key(&sim, "rk_test_narrow123");
    assert_eq!(api.get("/v1/webhook_endpoints").await.status, 200, "the right to write includes the right to read");
    let answer = api.get("/v1/events").await;
    let account = sim.account();
    let expected = format!(
        "The provided key 'rk_test_*****w123' does not have the required permissions for this endpoint on account \
         '{account}'. Having the 'rak_event_read' permission would allow this request to continue."
    );
    assert_eq!(answer.refusal(), (403, None, expected.as_str(), None));
}

#[tokio::test]
async fn unknown_paths_and_parameters_are_refused_by_name() {
    let (_sim, api) = start().await;
    let answer = api.get("/v1/unicorns").await;
    let (status, _, message, _) = answer.refusal();
    assert_eq!(status, 404);
    assert!(message.starts_with("Unrecognized request URL (GET: /v1/unicorns)."), "{message}");
    let paths = [
        ("GET", "/v1/account"),
        ("GET", "/v1/accounts"),
        ("GET", "/v1/customers"),
        ("POST", "/v1/customers"),
        ("GET", "/v1/events"),
        ("POST", "/v1/webhook_endpoints"),
        ("GET", "/v1/webhook_endpoints/we_1"),
        ("DELETE", "/v1/customers/cus_1"),
        ("POST", "/v1/refunds"),
        ("GET", "/v1/checkout/sessions"),
    ];
    for (method, path) in paths {
        let answer = api.call(method, &format!("{path}?colour=red"), "").await.unwrap();
        let expected = (400, Some("parameter_unknown"), "Received unknown parameter: colour", Some("colour"));
        assert_eq!(answer.refusal(), expected, "{method} {path}");
    }
    assert_eq!(api.post("/v1/prices/price_1", "unit_amount=5").await.refusal().1, Some("parameter_unknown"));
}

#[tokio::test]
async fn answers_carry_stripes_headers() {
    let (_sim, api) = start().await;
    let answer = api.header("stripe-version", "2024-09-30.acacia").get("/v1/account").await;
    assert_eq!(answer.header("stripe-version"), Some("2024-09-30.acacia"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("request-id").is_some_and(|id| id.starts_with("req_") && id.len() == 18));
}

#[tokio::test]
async fn an_odd_version_is_refused() {
    let (_sim, api) = start().await;
    let answer = api.header("stripe-version", "latest").get("/v1/account").await;
    assert_eq!(answer.refusal(), (400, None, "Invalid Stripe API version: latest", None));
}

#[tokio::test]
async fn requests_are_recorded_without_the_key() {
    let (sim, api) = start().await;
    let api = api.header("idempotency-key", "key-1").header("x-trace", "t");
    api.post("/v1/customers?name=Ada", "metadata[a]=1").await;
    let requests = sim.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("POST", "/v1/customers"));
    assert_eq!(requests[0].params, serde_json::json!({"name": "Ada", "metadata": {"a": "1"}}));
    assert_eq!((requests[0].idempotency_key.as_deref(), requests[0].header("x-trace")), (Some("key-1"), Some("t")));
    assert!(!format!("{requests:?} {sim:?}").contains(&api.key));
}

#[tokio::test]
async fn the_rate_limit_counts_by_the_second() {
    let sim = builder().rate_limit(2).start().await.unwrap();
    let api = Api::of(&sim);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(api.get("/v1/account").await.status);
    }
    assert_eq!(statuses, [200, 200, 429]);
    assert_eq!(api.get("/v1/account").await.header("stripe-rate-limited-reason"), Some("global-rate"));
    sim.clock().advance(1);
    assert_eq!(api.get("/v1/account").await.status, 200);
}

#[tokio::test]
async fn api_faults_hit_the_next_calls_and_no_more() {
    let (sim, api) = start().await;
    let body = serde_json::json!({"error": {"message": "no"}});
    sim.fail_next("get", "/v1/acc", ApiFault::Status(418, body.clone()), 1);
    sim.fail_next("GET", "/v1/account", ApiFault::Html(502), 1);
    sim.fail_next("GET", "/v1/account", ApiFault::RateLimited { retry_after: Some(3) }, 1);
    sim.fail_next("GET", "/v1/account", ApiFault::Error500, 2);
    let teapot = api.get("/v1/account").await;
    assert_eq!((teapot.status, &teapot.body), (418, &body));
    let html = api.get("/v1/account").await;
    assert_eq!((html.status, html.header("content-type")), (502, Some("text/html; charset=utf-8")));
    let limited = api.get("/v1/account").await;
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("3")));
    for _ in 0..2 {
        let broken = api.get("/v1/account").await;
        assert_eq!((broken.status, broken.body["error"]["type"].as_str()), (500, Some("api_error")));
    }
    assert_eq!(api.get("/v1/account").await.status, 200);
    assert_eq!(api.get("/v1/events").await.status, 200, "other paths are not hit");
}

#[tokio::test]
async fn a_truncated_answer_breaks_off_after_the_work_is_done() {
    let (sim, api) = start().await;
    sim.fail_next("POST", "/v1/customers", ApiFault::Truncated, 1);
    assert!(api.call("POST", "/v1/customers", "name=Ada").await.is_err());
    assert_eq!(sim.objects("customer").len(), 1);
}

#[tokio::test]
async fn a_late_answer_does_not_keep_the_simulator_from_stopping() {
    let (sim, api) = start().await;
    sim.fail_next("GET", "/v1/account", ApiFault::Timeout(std::time::Duration::from_secs(3600)), 1);
    let waiting = tokio::spawn(async move { api.call("GET", "/v1/account", "").await });
    while sim.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    sim.stop().await;
    let answer = tokio::time::timeout(std::time::Duration::from_secs(5), waiting).await;
    assert!(answer.is_ok(), "the call hangs after the simulator has stopped");
}
