//! `/v1/events`.

use serde_json::{Value, json};
use tollgate_stripe_sim::EmitOptions;

use crate::support::{Api, NOW, Receiver, start};

const DAY: i64 = 24 * 3600;

fn customer() -> Value {
    json!({"id": "cus_1", "object": "customer", "name": "Ada"})
}

fn at(created: i64) -> EmitOptions {
    EmitOptions { created: Some(created), ..EmitOptions::default() }
}

#[tokio::test]
async fn an_event_has_stripes_fields() {
    let (sim, api) = start().await;
    let options = EmitOptions { previous_attributes: Some(json!({"name": null})), ..EmitOptions::default() };
    let id = sim.emit_with("customer.updated", customer(), options);
    let expected = json!({
        "id": id,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": NOW,
        "data": {"object": customer(), "previous_attributes": {"name": null}},
        "livemode": false,
        "pending_webhooks": 0,
        "request": {"id": null, "idempotency_key": null},
        "type": "customer.updated",
    });
    assert_eq!(api.get(&format!("/v1/events/{id}")).await.body, expected);
    assert_eq!(sim.event(&id), Some(expected));
    assert_eq!(api.get("/v1/customers/cus_1").await.body, customer());
}

#[tokio::test]
async fn lists_are_narrowed_by_type_and_time() {
    let (sim, api) = start().await;
    let a = sim.emit_with("customer.created", customer(), at(NOW - 30));
    let b = sim.emit_with("customer.updated", customer(), at(NOW - 20));
    let c = sim.emit_with("product.created", json!({"id": "prod_1", "object": "product"}), at(NOW - 10));
    let cases = [
        ("", vec![&c, &b, &a]),
        ("?type=customer.created", vec![&a]),
        ("?type=customer.*", vec![&b, &a]),
        ("?type=customer", vec![]),
        ("?types[]=customer.created&types[]=product.created", vec![&c, &a]),
        ("?created[gte]=1789999980", vec![&c, &b]),
        ("?created[gt]=1789999980", vec![&c]),
        ("?created[lt]=1789999980", vec![&a]),
        ("?created=1789999980", vec![&b]),
        ("?limit=1", vec![&c]),
    ];
    for (query, expected) in cases {
        assert_eq!(api.get(&format!("/v1/events{query}")).await.ids(), expected, "{query}");
    }
    let both = api.get("/v1/events?type=a&types[]=b").await;
    assert_eq!(both.refusal().2, "You may only specify one of these parameters: type, types.");
    let many: String = (0..21).map(|_| "&types[]=customer.created").collect();
    assert_eq!(api.get(&format!("/v1/events?limit=5{many}")).await.refusal().3, Some("types"));
}

#[tokio::test]
async fn ending_before_walks_forward_in_time() {
    let (sim, api) = start().await;
    let ids: Vec<String> = (0..5).map(|_| sim.emit("customer.updated", customer())).collect();
    let page = api.get(&format!("/v1/events?limit=2&ending_before={}", ids[0])).await;
    assert_eq!((page.ids(), &page.body["has_more"]), (vec![ids[2].as_str(), ids[1].as_str()], &json!(true)));
}

#[tokio::test]
async fn events_are_kept_for_thirty_days() {
    let (sim, api) = start().await;
    let old = sim.emit_with("customer.created", customer(), at(NOW - 31 * DAY));
    let young = sim.emit_with("customer.updated", customer(), at(NOW - 29 * DAY));
    assert_eq!(api.get("/v1/events").await.ids(), [young.as_str()]);
    assert_eq!(api.get(&format!("/v1/events/{old}")).await.status, 404);
    sim.clock().advance(2 * DAY);
    assert_eq!(api.get(&format!("/v1/events/{young}")).await.status, 404);
}

#[tokio::test]
async fn delivery_success_means_that_every_endpoint_took_it() {
    let (sim, api) = start().await;
    let receiver = Receiver::start().await;
    api.register(&receiver.url, "customer.created", "").await;
    receiver.answer_next(&[500]);
    let failed = sim.emit("customer.created", customer());
    sim.settled().await;
    let taken = sim.emit("customer.created", customer());
    sim.settled().await;
    assert_eq!(api.get("/v1/events?delivery_success=false").await.ids(), [failed.as_str()]);
    assert_eq!(api.get("/v1/events?delivery_success=true").await.ids(), [taken.as_str()]);
    assert_eq!(sim.event(&failed).unwrap()["pending_webhooks"], 1);
    assert_eq!(sim.event(&taken).unwrap()["pending_webhooks"], 0);
}

#[tokio::test]
async fn events_of_the_other_mode_are_not_seen() {
    let (sim, api) = start().await;
    let live = sim.emit_with("customer.created", customer(), EmitOptions { livemode: true, ..EmitOptions::default() });
    assert!(api.get("/v1/events").await.ids().is_empty());
    assert!(api.get(&format!("/v1/events/{live}")).await.refusal().2.contains("exists in live mode"));
    let live_api = Api::with_key(&sim, &sim.api_key(&sim.account(), true));
    assert_eq!(live_api.get("/v1/events").await.ids(), [live.as_str()]);
}

#[tokio::test]
async fn an_event_caused_by_a_call_names_the_request() {
    let (sim, api) = start().await;
    let answer = api.header("idempotency-key", "k1").post("/v1/customers", "name=Ada").await;
    let event = sim.event(&sim.event_ids()[0]).unwrap();
    assert_eq!(event["request"], json!({"id": answer.header("request-id"), "idempotency_key": "k1"}));
}
