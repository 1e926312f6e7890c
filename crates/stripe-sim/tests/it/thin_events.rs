//! Thin events: their deliveries, their log, and what they refer to.

use serde_json::{Value, json};
use tollgate_stripe_client::event::{Envelope, Event, Kind};
use tollgate_stripe_sim::{DeliverOptions, EmitOptions};

use crate::support::{Api, NOW, Receiver, start};

const EVENTS: &str = "/v2/core/events";

fn customer() -> Value {
    json!({"id": "cus_1", "object": "customer", "name": "Ada"})
}

fn at(created: i64) -> EmitOptions {
    EmitOptions { created: Some(created), ..EmitOptions::default() }
}

#[tokio::test]
async fn a_thin_destination_gets_the_twin_of_a_snapshot() {
    let (sim, api) = start().await;
    let receiver = Receiver::start().await;
    let made = api.v2().register_destination(&receiver.url, "thin", &["v1.customer.created"], json!({})).await;
    let api = Api::of(&sim).header("idempotency-key", "k1");
    let answer = api.post("/v1/customers", "name=Ada").await;
    sim.settled().await;
    let got = receiver.received().remove(0);
    assert!(got.verify(made["webhook_endpoint"]["signing_secret"].as_str().unwrap()).is_ok());
    let (snapshot, id) = (sim.event_ids().remove(0), answer.body["id"].as_str().unwrap());
    assert_ne!(got.id(), snapshot);
    let expected = json!({
        "id": got.id(),
        "object": "v2.core.event",
        "context": null,
        "created": "2026-09-21T14:13:20Z",
        "livemode": false,
        "reason": {"type": "request", "request": {"id": answer.header("request-id"), "idempotency_key": "k1"}},
        "related_object": {"id": id, "type": "customer", "url": format!("/v1/customers/{id}")},
        "type": "v1.customer.created",
        "snapshot_event": snapshot,
    });
    assert_eq!(got.json(), expected);
    assert_eq!((sim.event(&got.id()), sim.thin_event_ids()), (Some(expected.clone()), vec![got.id()]));
    let envelope = Envelope::parse(&got.body).unwrap();
    assert_eq!(
        (envelope.kind, envelope.created, envelope.snapshot_event.as_deref()),
        (Kind::Thin, NOW, Some(&*snapshot))
    );
    let api = Api::of(&sim).v2();
    assert_eq!(api.get(&format!("{EVENTS}/{}", got.id())).await.body, expected);
    assert_eq!(api.get(expected["related_object"]["url"].as_str().unwrap()).await.body["name"], "Ada");
    assert_eq!(sim.event(&snapshot).unwrap()["pending_webhooks"], 0, "thin deliveries are not the snapshot's");
}

#[tokio::test]
async fn each_destination_gets_its_kind_and_what_it_asked_for() {
    let (sim, api) = start().await;
    let api = api.v2();
    let (v1, snapshot, old, thin, one, off) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    Api::of(&sim).register(&v1.url, "*", "").await;
    api.register_destination(&snapshot.url, "snapshot", &["*"], json!({})).await;
    let version = json!({"snapshot_api_version": "2024-09-30.acacia"});
    let secret = api.register_destination(&old.url, "snapshot", &["charge.updated"], version).await;
    api.register_destination(&thin.url, "thin", &["*"], json!({})).await;
    api.register_destination(&one.url, "thin", &["v1.customer.updated"], json!({})).await;
    let disabled = api.register_destination(&off.url, "thin", &["*"], json!({})).await;
    api.post(&format!("/v2/core/event_destinations/{}/disable", disabled["id"].as_str().unwrap()), "").await;
    let first = sim.emit("customer.created", customer());
    let second = sim.emit("customer.updated", customer());
    let charge = sim.emit("charge.updated", json!({"id": "ch_1", "object": "charge", "~invoice": "in_1"}));
    sim.emit("treasury.received_debit.created", json!({"id": "rd_1", "object": "treasury.received_debit"}));
    sim.settled().await;
    assert_eq!((v1.ids(), snapshot.ids()), (sim.event_ids(), sim.event_ids()));
    assert_eq!(thin.ids(), sim.thin_event_ids());
    let snapshots: Vec<_> = thin.received().iter().map(|got| got.json()["snapshot_event"].clone()).collect();
    assert_eq!(snapshots, [first, second, charge], "not every snapshot has a twin");
    assert_eq!(one.ids(), [sim.thin_event_ids()[1].clone()]);
    assert!(off.ids().is_empty());
    let got = old.received().remove(0);
    assert!(got.verify(secret["webhook_endpoint"]["signing_secret"].as_str().unwrap()).is_ok());
    assert_eq!(
        (&got.json()["api_version"], &got.json()["data"]["object"]["invoice"]),
        (&json!("2024-09-30.acacia"), &json!("in_1"))
    );
}

#[tokio::test]
async fn a_connected_accounts_event_names_the_context_to_ask_in() {
    let (sim, platform) = start().await;
    let platform = platform.v2();
    let branch = sim.create_account("Branch");
    let own_api = Api::with_key(&sim, &sim.api_key(&branch, false)).v2();
    let receivers =
        [Receiver::start().await, Receiver::start().await, Receiver::start().await, Receiver::start().await];
    let [own, accounts, both, branch_hook] = &receivers;
    platform.register_destination(&own.url, "thin", &["*"], json!({})).await;
    platform.register_destination(&accounts.url, "thin", &["*"], json!({"events_from": ["@accounts"]})).await;
    let from = json!({"events_from": ["@self", "@accounts"]});
    platform.register_destination(&both.url, "snapshot", &["*"], from).await;
    own_api.register_destination(&branch_hook.url, "thin", &["*"], json!({})).await;
    let options = EmitOptions { account: Some(branch.clone()), ..EmitOptions::default() };
    let theirs = sim.emit_with("customer.created", customer(), options);
    let ours = sim.emit("product.created", json!({"id": "prod_1", "object": "product"}));
    sim.settled().await;
    let [their_twin, our_twin] = [0, 1].map(|index| sim.thin_event_ids()[index].clone());
    assert_eq!((own.ids(), accounts.ids()), (vec![our_twin], vec![their_twin.clone()]));
    assert_eq!((both.ids(), branch_hook.ids()), (vec![theirs, ours], vec![their_twin.clone()]));
    let got = accounts.received().remove(0).json();
    assert_eq!((&got["context"], &branch_hook.received()[0].json()["context"]), (&json!(branch), &Value::Null));
    let named: Vec<_> = both.received().iter().map(|got| got.json().get("account").cloned()).collect();
    assert_eq!(named, [Some(json!(branch)), None]);

    let path = format!("{EVENTS}/{their_twin}");
    let in_context = Api::of(&sim).v2().header("stripe-context", &branch);
    assert_eq!(in_context.get(&path).await.body, got);
    assert_eq!(in_context.get(got["related_object"]["url"].as_str().unwrap()).await.body, customer());
    assert_eq!(platform.get(&path).await.refusal().1, Some("not_found"));
    assert_eq!(
        platform.get(got["related_object"]["url"].as_str().unwrap()).await.refusal().1,
        Some("resource_missing")
    );
    assert_eq!(own_api.get(&path).await.body["context"], Value::Null);
}

#[tokio::test]
async fn the_log_of_thin_events_is_narrowed_and_paged() {
    let (sim, api) = start().await;
    let api = api.v2();
    sim.emit_with("customer.created", customer(), at(NOW - 30));
    sim.emit_with("customer.updated", customer(), at(NOW - 20));
    sim.emit_with("product.created", json!({"id": "prod_1", "object": "product"}), at(NOW - 10));
    sim.emit_with("customer.deleted", customer(), at(NOW - 31 * 24 * 3600));
    let ids = sim.thin_event_ids();
    let [a, b, c] = [0, 1, 2].map(|index| ids[index].as_str());
    let cases = [
        ("", vec![c, b, a]),
        ("?types[0]=v1.customer.created", vec![a]),
        ("?types[0]=v1.customer.created&types[1]=v1.product.created", vec![c, a]),
        ("?types[0]=customer.created", vec![]),
        ("?object_id=cus_1", vec![b, a]),
        ("?object_id=cus_2", vec![]),
        ("?created[gte]=2026-09-21T14:13:00Z", vec![c, b]),
        ("?created[gt]=2026-09-21T16:13:00%2B02:00", vec![c]),
        ("?created[lt]=2026-09-21T14:13:00Z", vec![a]),
        ("?created[lte]=2026-09-21T14:13:00.000Z&object_id=cus_1", vec![b, a]),
    ];
    for (query, expected) in cases {
        assert_eq!(api.get(&format!("{EVENTS}{query}")).await.ids(), expected, "{query}");
    }
    let page = api.get(&format!("{EVENTS}?limit=1&object_id=cus_1")).await;
    assert_eq!(page.ids(), [b]);
    let next = api.get(page.body["next_page_url"].as_str().unwrap()).await;
    assert_eq!((next.ids(), &next.body["next_page_url"]), (vec![a], &Value::Null));
    let many: String = (0..21).map(|index| format!("&types[{index}]=v1.customer.created")).collect();
    let refused = [
        many.as_str(),
        "&created[gte]=1790000000",
        "&created[since]=2026-09-21T14:13:00Z",
        "&type=x",
        "&delivery_success=true",
    ];
    for query in refused {
        let answer = api.get(&format!("{EVENTS}?limit=5{query}")).await;
        assert_eq!((answer.status, answer.refusal().1), (400, Some("invalid_fields")), "{query}");
    }
    assert_eq!(api.get(&format!("{EVENTS}/{}", ids[3])).await.refusal().1, Some("not_found"), "it is too old");
}

#[tokio::test]
async fn the_two_logs_of_events_do_not_mix() {
    let (sim, api) = start().await;
    let snapshot = sim.emit("customer.created", customer());
    let thin = sim.thin_event_ids().remove(0);
    assert_eq!(api.get("/v1/events").await.ids(), [snapshot.as_str()]);
    assert_eq!(api.get(&format!("/v1/events/{thin}")).await.refusal().1, Some("resource_missing"));
    let api = api.v2();
    assert_eq!(api.get(EVENTS).await.ids(), [thin.as_str()]);
    assert_eq!(api.get(&format!("{EVENTS}/{snapshot}")).await.refusal().1, Some("not_found"));
    let live = sim.emit_with("customer.created", customer(), EmitOptions { livemode: true, ..EmitOptions::default() });
    assert_eq!((api.get(EVENTS).await.ids().len(), sim.event_ids()), (1, vec![snapshot, live]));
}

#[tokio::test]
async fn a_singleton_has_no_id_and_some_objects_have_no_address() {
    let (sim, _) = start().await;
    let cases = [
        ("balance.available", json!({"object": "balance"}), json!({"type": "balance", "url": "/v1/balance"})),
        ("account.external_account.created", json!({"id": "ba_1", "object": "bank_account"}), Value::Null),
        (
            "checkout.session.completed",
            json!({"id": "cs_1", "object": "checkout.session"}),
            json!({"id": "cs_1", "type": "checkout.session", "url": "/v1/checkout/sessions/cs_1"}),
        ),
    ];
    for (event_type, object, expected) in cases {
        sim.emit(event_type, object);
        let event = sim.event(&sim.thin_event_ids().pop().unwrap()).unwrap();
        assert_eq!((&event["related_object"], &event["reason"]), (&expected, &Value::Null), "{event_type}");
    }
}

#[tokio::test]
async fn a_ping_goes_to_its_destination_alone_whatever_that_asked_for() {
    let (sim, api) = start().await;
    let api = api.v2();
    let (one, other) = (Receiver::start().await, Receiver::start().await);
    let made = api.register_destination(&one.url, "snapshot", &["customer.created"], json!({})).await;
    api.register_destination(&other.url, "thin", &["*"], json!({})).await;
    let id = made["id"].as_str().unwrap();
    let ping = api.post(&format!("/v2/core/event_destinations/{id}/ping"), "").await;
    sim.settled().await;
    let got = one.received().remove(0);
    assert!(got.verify(made["webhook_endpoint"]["signing_secret"].as_str().unwrap()).is_ok());
    assert_eq!((got.json(), other.ids().len()), (ping.body.clone(), 0));
    let expected =
        json!({"id": id, "type": "v2.core.event_destination", "url": format!("/v2/core/event_destinations/{id}")});
    assert_eq!(
        (&ping.body["type"], &ping.body["related_object"]),
        (&json!("v2.core.event_destination.ping"), &expected)
    );
    assert_eq!(ping.body["reason"]["request"]["id"].as_str(), ping.header("request-id"));
    assert_eq!((ping.body.get("snapshot_event"), sim.event_ids().len()), (None, 0));
    assert_eq!(api.get(&format!("{EVENTS}/{}", got.id())).await.body, ping.body);
    assert_eq!(api.get(expected["url"].as_str().unwrap()).await.body["id"], id);
    assert_eq!(Event::hydrated(&got.body, None).unwrap().type_(), "v2.core.event_destination.ping");
}

#[tokio::test]
async fn a_thin_event_is_delivered_again_and_by_hand_like_others() {
    let sim = crate::support::builder().retries([std::time::Duration::from_millis(1)]).start().await.unwrap();
    let receiver = Receiver::start().await;
    let made = Api::of(&sim).v2().register_destination(&receiver.url, "thin", &["*"], json!({})).await;
    receiver.answer_next(&[500]);
    sim.emit("customer.created", customer());
    sim.settled().await;
    let thin = sim.thin_event_ids().remove(0);
    assert_eq!(receiver.ids(), vec![thin.clone(); 2]);
    let log: Vec<_> = sim.deliveries().into_iter().map(|record| (record.event, record.endpoint)).collect();
    assert_eq!(log, vec![(thin.clone(), made["id"].as_str().unwrap().to_owned()); 2]);
    sim.deliver(&thin, DeliverOptions::default()).await;
    assert_eq!(receiver.received()[2].json(), receiver.received()[0].json());
}
