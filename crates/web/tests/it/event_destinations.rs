//! Event destinations, version 2 of webhook endpoints: their whole life at Stripe and here, with snapshots and with thin events.

use std::time::Duration;

use serde_json::{Value, json};
use tollgate::audit::Actor;
use tollgate::endpoints::{self, Changes, Draft, EndpointError, Field, Import, Kind};
use tollgate::models::endpoints::{Endpoint, Object, Payload, Status};
use tollgate::models::events;
use tollgate::stripe::event::Kind as Carries;
use tollgate::stripe::{CreateEventDestination, EventDestination};
use tollgate_stripe_sim::{ApiFault, EmitOptions, RecordedRequest};
use url::Url;

use crate::support::{ATTEMPTS, DESTINATIONS, NOW, PATH, Shop, refusals};

const DESTINATION_KINDS: [Kind; 2] = [Kind::SnapshotDestination, Kind::ThinDestination];

fn cli() -> Actor {
    Actor::cli()
}

fn draft(shop: &Shop, kind: Kind) -> Draft {
    Draft { kind, ..shop.draft() }
}

async fn create(shop: &Shop, kind: Kind) -> Endpoint {
    shop.try_create(draft(shop, kind)).await.unwrap()
}

fn only_write(shop: &Shop) -> RecordedRequest {
    let mut writes = shop.writes();
    assert_eq!(writes.len(), 1, "{writes:?}");
    writes.remove(0)
}

fn lose_answers(shop: &Shop) {
    shop.sim.fail_next("POST", DESTINATIONS, ApiFault::Truncated, ATTEMPTS);
}

#[tokio::test]
async fn a_destination_is_made_with_what_its_kind_needs() {
    for (kind, payload, version, prefix) in [
        (Kind::SnapshotDestination, Payload::Snapshot, Some("2026-10-28.endive"), "customer.created"),
        (Kind::ThinDestination, Payload::Thin, None, "v1.customer.created"),
    ] {
        let shop = Shop::start().await;
        let types = vec![prefix.to_owned()];
        let draft = Draft { description: "Shop".to_owned(), enabled_events: types, ..draft(&shop, kind) };
        let endpoint = shop.try_create(draft).await.unwrap();
        assert_eq!(
            (endpoint.object, endpoint.payload, endpoint.status),
            (Object::EventDestination, payload, Status::Enabled)
        );
        assert_eq!((endpoint.api_version.as_deref(), endpoint.event_types()), (version, vec![prefix.to_owned()]));
        assert!(endpoint.stripe_id.as_deref().unwrap().starts_with("ed_"));
        let asked = only_write(&shop);
        assert_eq!(
            (asked.path.as_str(), asked.idempotency_key.as_ref()),
            (DESTINATIONS, Some(&endpoint.idempotency_key))
        );
        let params = &asked.params;
        assert_eq!((&params["name"], &params["description"]), (&json!("Shop"), &json!("Shop")));
        assert_eq!(
            (&params["events_from"], &params["metadata"]["tollgate_uuid"]),
            (&json!(["@self"]), &json!(endpoint.uuid))
        );
        assert_eq!(params.get("snapshot_api_version").and_then(Value::as_str), version);
        assert_eq!((shop.sim.endpoints()[0].thin, shop.app.count("endpoint_secrets")), (kind.is_thin(), 1));
        let id = shop.happens("cus_1").await;
        let wanted = if kind.is_thin() { shop.sim.thin_event_ids()[0].clone() } else { id };
        assert!(shop.app.find_event(&wanted).is_some(), "{:?}", shop.sim.deliveries());
    }
}

#[tokio::test]
async fn a_destination_without_a_description_has_a_name_that_does_not_become_one() {
    let shop = Shop::start().await;
    let endpoint = create(&shop, Kind::ThinDestination).await;
    assert_eq!(only_write(&shop).params["name"], "Tollgate");
    assert_eq!(endpoints::refresh(&shop.app.tollgate, &endpoint.uuid).await.unwrap(), endpoint);
    let long = "ä".repeat(300);
    let changes = Changes { description: Some(long.clone()), ..Changes::default() };
    endpoints::update(&shop.app.tollgate, &endpoint.uuid, changes, &cli()).await.unwrap();
    let sent = shop.writes().remove(1).params;
    assert_eq!((sent["name"].as_str(), sent["description"].as_str()), (Some(&*"ä".repeat(80)), Some(long.as_str())));
}

#[tokio::test]
async fn a_destination_is_changed_stopped_resumed_and_deleted() {
    for kind in DESTINATION_KINDS {
        let shop = Shop::start().await;
        let tollgate = &shop.app.tollgate;
        let endpoint = create(&shop, kind).await;
        let family = if kind.is_thin() { "v1.refund" } else { "refund" };
        let changes = Changes {
            enabled_events: Some(vec![family.to_owned()]),
            base_url: Some(format!("{}/shop", shop.app.base())),
            tolerance_seconds: Some(60),
            ..Changes::default()
        };
        let after = endpoints::update(tollgate, &endpoint.uuid, changes, &cli()).await.unwrap();
        let there = shop.sim.endpoints().remove(0);
        assert_eq!((&there.url, &there.enabled_events), (&after.url, &after.event_types()));
        assert_eq!((there.enabled_events.len(), after.tolerance_seconds), (3, 60));
        for (enabled, status) in [(false, "disabled"), (true, "enabled")] {
            let now = endpoints::set_enabled(tollgate, &endpoint.uuid, enabled, &cli()).await.unwrap();
            assert_eq!((now.status.as_str(), shop.sim.endpoints()[0].status.as_str()), (status, status));
        }
        let wrong = if kind.is_thin() { "customer.created" } else { "v1.customer.created" };
        let wrong = Changes { enabled_events: Some(vec![wrong.to_owned()]), ..Changes::default() };
        let refused = refusals(endpoints::update(tollgate, &endpoint.uuid, wrong, &cli()).await);
        assert_eq!(refused[0].field, Some(Field::EnabledEvents));
        shop.sim.fail_next("DELETE", DESTINATIONS, ApiFault::Error500, ATTEMPTS);
        assert!(endpoints::delete(tollgate, &endpoint.uuid, &cli()).await.is_err());
        endpoints::delete(tollgate, &endpoint.uuid, &cli()).await.unwrap();
        assert!(shop.sim.endpoints().is_empty() && shop.rows().is_empty());
        assert!(shop.writes().iter().all(|call| !call.path.starts_with(PATH)));
    }
}

#[tokio::test]
async fn what_was_done_to_a_destination_at_stripe_is_noticed() {
    let shop = Shop::start().await;
    let (off, gone) = (create(&shop, Kind::ThinDestination).await, create(&shop, Kind::SnapshotDestination).await);
    let dashboard = shop.dashboard();
    dashboard.disable_event_destination(off.stripe_id.as_deref().unwrap()).await.unwrap();
    dashboard.delete_event_destination(gone.stripe_id.as_deref().unwrap()).await.unwrap();
    assert_eq!(endpoints::refresh(&shop.app.tollgate, &off.uuid).await.unwrap().status, Status::Disabled);
    let error = endpoints::set_enabled(&shop.app.tollgate, &gone.uuid, false, &cli()).await.unwrap_err();
    assert!(error.to_string().contains("deleted at Stripe"), "{error}");
    assert_eq!(shop.row(&gone.uuid).status, Status::Deleted);
}

#[tokio::test]
async fn a_destination_whose_creation_got_no_answer_is_retried_and_cleaned_up() {
    for kind in DESTINATION_KINDS {
        let shop = Shop::start().await;
        let tollgate = &shop.app.tollgate;
        lose_answers(&shop);
        let error = shop.try_create(draft(&shop, kind)).await.unwrap_err();
        let EndpointError::Pending { uuid, .. } = &error else { panic!("{error:?}") };
        let made = shop.sim.endpoints();
        let endpoint = endpoints::retry(tollgate, uuid, &cli()).await.unwrap();
        assert_eq!((shop.sim.endpoints(), endpoint.stripe_id.as_ref()), (made.clone(), Some(&made[0].id)));

        lose_answers(&shop);
        let error = shop.try_create(draft(&shop, kind)).await.unwrap_err();
        let EndpointError::Pending { uuid, .. } = &error else { panic!("{error:?}") };
        endpoints::discard(tollgate, uuid, &cli()).await.unwrap();
        assert_eq!((shop.sim.endpoints(), shop.rows().len()), (made, 1));

        // When Stripe has forgotten the first call, what it made goes first.
        lose_answers(&shop);
        let error = shop.try_create(draft(&shop, kind)).await.unwrap_err();
        let EndpointError::Pending { uuid, .. } = &error else { panic!("{error:?}") };
        shop.app.advance(24 * 3600 * 1000);
        let endpoint = endpoints::retry(tollgate, uuid, &cli()).await.unwrap();
        let there = shop.sim.endpoints();
        assert_eq!((there.len(), Some(&there[1].id)), (2, endpoint.stripe_id.as_ref()));
    }
}

#[tokio::test]
async fn refusals_of_version_2_land_at_their_fields() {
    let error = |code: &str, message: &str| json!({ "error": { "type": "invalid_request_error", "code": code, "message": message } });
    let cases = [
        (400, error("url_invalid", "Not a valid URL"), Some(Field::BaseUrl), "Not a valid URL"),
        (
            400,
            error("invalid_fields", "Invalid enabled_events[0]: must be one of *"),
            Some(Field::EnabledEvents),
            "must be",
        ),
        (
            400,
            error("invalid_fields", "The version is not known (snapshot_api_version)"),
            Some(Field::ApiVersion),
            "known",
        ),
        (400, error("invalid_fields", "Invalid events_from: @nobody"), Some(Field::Connect), "@nobody"),
        (400, error("invalid_fields", "Something is wrong"), None, "Something"),
        (
            400,
            error("invalid_fields", "You have reached the maximum of 16 test webhook endpoints."),
            None,
            "16 endpoints",
        ),
        (401, error("api_key_expired", "Expired API Key provided"), Some(Field::Key), "does not take this key"),
    ];
    let shop = Shop::start().await;
    for (status, body, field, text) in cases {
        shop.sim.fail_next("POST", DESTINATIONS, ApiFault::Status(status, body), 1);
        let refused = refusals(shop.try_create(draft(&shop, Kind::ThinDestination)).await);
        assert_eq!(refused[0].field, field, "{refused:?}");
        assert!(refused[0].message.contains(text), "{refused:?}");
        assert!(shop.rows().is_empty() && shop.sim.endpoints().is_empty());
    }
    // What the simulator judges by itself.
    let key = shop.sim.api_key(&shop.sim.account(), false);
    shop.sim.restrict_key(&key, &["rak_customer_read"]);
    let refused = refusals(shop.try_create(draft(&shop, Kind::ThinDestination)).await);
    assert_eq!(refused[0].field, Some(Field::Key));
    assert!(refused[0].message.contains("rak_webhook_write"), "{refused:?}");
}

#[tokio::test]
async fn a_destination_of_either_kind_is_rotated() {
    for kind in DESTINATION_KINDS {
        let shop = Shop::start().await;
        let old = create(&shop, kind).await;
        let rotation = endpoints::rotate(&shop.app.tollgate, &old.uuid, Duration::from_secs(60), &cli()).await.unwrap();
        let new = &rotation.new;
        assert_eq!((Kind::of(new), new.status, &new.api_version), (kind, Status::Enabled, &old.api_version));
        let thin: Vec<bool> = shop.sim.endpoints().iter().map(|endpoint| endpoint.thin).collect();
        assert_eq!(thin, [kind.is_thin(); 2]);
        shop.happens("cus_1").await;
        assert_eq!((shop.app.count("events"), shop.app.count("deliveries")), (1, 2));
        shop.app.advance(60_000);
        assert_eq!(endpoints::retire_due(&shop.app.tollgate).await.unwrap().retired, 1);
        assert_eq!(shop.sim.endpoints()[0].id, new.stripe_id.clone().unwrap());
        assert_eq!(shop.row(&old.uuid).deleted_at, Some(NOW + 60_000));
    }
}

async fn made_by_hand(shop: &Shop, kind: Carries, url: &str, events_from: &[&str]) -> EventDestination {
    let create = CreateEventDestination {
        event_payload: kind,
        events_from: events_from.iter().map(|source| (*source).to_owned()).collect(),
        name: "By hand".to_owned(),
        url: url.to_owned(),
        enabled_events: vec!["*".to_owned()],
        ..CreateEventDestination::default()
    };
    shop.dashboard().create_event_destination(&create, url).await.unwrap()
}

async fn import(shop: &Shop, made: &EventDestination) -> Result<Endpoint, EndpointError> {
    let import = Import {
        stripe_id: made.id.clone(),
        secret: made.secret.clone().unwrap(),
        api_key_id: None,
        livemode: false,
        base_url: Some(Url::parse(shop.app.base()).unwrap()),
    };
    endpoints::import(&shop.app.tollgate, import, &cli()).await
}

#[tokio::test]
async fn a_destination_that_was_made_in_the_dashboard_is_taken_over() {
    let shop = Shop::start().await;
    let thin = made_by_hand(&shop, Carries::Thin, "https://old.example.com/thin", &["@self"]).await;
    let connect = made_by_hand(&shop, Carries::Snapshot, "https://old.example.com/connect", &["@accounts"]).await;
    let endpoint = import(&shop, &thin).await.unwrap();
    assert_eq!((Kind::of(&endpoint), endpoint.connect), (Kind::ThinDestination, false));
    assert_eq!((endpoint.description.as_str(), &shop.sim.endpoints()[0].url), ("By hand", &endpoint.url));
    let connected = import(&shop, &connect).await.unwrap();
    assert_eq!((Kind::of(&connected), connected.connect), (Kind::SnapshotDestination, true));
    assert_eq!(endpoints::refresh(&shop.app.tollgate, &endpoint.uuid).await.unwrap(), endpoint);
    shop.happens("cus_1").await;
    assert!(shop.app.find_event(&shop.sim.thin_event_ids()[0]).is_some(), "{:?}", shop.sim.deliveries());

    let both = made_by_hand(&shop, Carries::Thin, "https://old.example.com/both", &["@self", "@accounts"]).await;
    let refused = refusals(import(&shop, &both).await);
    assert!(refused[0].field == Some(Field::Connect) && refused[0].message.contains("@self, @accounts"), "{refused:?}");
    assert!(import(&shop, &thin).await.unwrap_err().to_string().contains("here already"));
}

#[tokio::test]
async fn a_destination_that_sends_to_no_url_is_not_taken_over() {
    let shop = Shop::start().await;
    let elsewhere = json!({
        "id": "ed_1", "object": "v2.core.event_destination", "name": "Bridge", "status": "enabled", "livemode": false,
        "type": "amazon_eventbridge", "event_payload": "thin", "enabled_events": ["*"], "events_from": ["@self"],
    });
    shop.sim.fail_next("GET", DESTINATIONS, ApiFault::Status(200, elsewhere.clone()), 1);
    let mut made = elsewhere;
    made["webhook_endpoint"] = json!({ "signing_secret": "whsec_x" });
    let refused = refusals(import(&shop, &EventDestination::from_value(made).unwrap()).await);
    assert!(refused[0].message.contains("sends events to no URL"), "{refused:?}");
}

#[tokio::test]
async fn a_test_event_arrives_like_any_other() {
    for kind in DESTINATION_KINDS {
        let shop = Shop::start().await;
        let endpoint = create(&shop, kind).await;
        let id = endpoints::ping(&shop.app.tollgate, &endpoint.uuid, &cli()).await.unwrap();
        shop.sim.settled().await;
        shop.app.run_workers().await;
        let event = shop.app.event(&id);
        assert_eq!((event.type_.as_str(), event.status), ("v2.core.event_destination.ping", events::Status::Processed));
        assert_eq!(shop.audit(&endpoint.uuid)[0].1, "endpoint.pinged");
        endpoints::set_enabled(&shop.app.tollgate, &endpoint.uuid, false, &cli()).await.unwrap();
        let error = endpoints::ping(&shop.app.tollgate, &endpoint.uuid, &cli()).await.unwrap_err();
        assert!(error.to_string().contains("disabled"), "{error}");
    }
    let shop = Shop::start().await;
    let endpoint = shop.create().await;
    let error = endpoints::ping(&shop.app.tollgate, &endpoint.uuid, &cli()).await.unwrap_err();
    assert!(error.to_string().contains("event destinations only"), "{error}");
}

#[tokio::test]
async fn a_connect_destination_takes_connected_accounts_events_and_fetches_their_objects_there() {
    let shop = Shop::start().await;
    let branch = shop.sim.create_account("Branch");
    let own = create(&shop, Kind::ThinDestination).await;
    let connect = Draft { connect: true, ..draft(&shop, Kind::ThinDestination) };
    let connect = shop.try_create(connect).await.unwrap();
    assert_eq!(shop.writes()[1].params["events_from"], json!(["@accounts"]));
    let happens = |account: Option<&str>, customer: &str| {
        let options = EmitOptions { account: account.map(str::to_owned), ..EmitOptions::default() };
        let object = json!({ "id": customer, "object": "customer", "created": 1, "name": customer });
        shop.sim.emit_with("customer.created", object, options);
    };
    happens(Some(&branch), "cus_theirs");
    happens(None, "cus_ours");
    shop.sim.settled().await;
    assert!(shop.sim.deliveries().iter().all(|delivery| delivery.result.accepted()), "{:?}", shop.sim.deliveries());
    shop.app.run_workers().await;
    let found = shop.app.read(|conn| events::ids(conn, &events::Filter::default(), 0, 10));
    let mut found: Vec<_> = found
        .into_iter()
        .map(|(_, id)| shop.app.event(&id))
        .map(|event| (event.endpoint_uuid.unwrap(), event.account.unwrap(), event.status))
        .collect();
    found.sort_by_key(|(uuid, ..)| *uuid != own.uuid);
    let done = events::Status::Processed;
    assert_eq!(found, [(own.uuid, shop.sim.account(), done), (connect.uuid, branch.clone(), done)]);
    let theirs = shop.app.object("cus_theirs").unwrap();
    assert_eq!((theirs.account.as_deref(), &theirs.json()["name"]), (Some(branch.as_str()), &json!("cus_theirs")));
    assert_eq!(shop.app.object("cus_ours").unwrap().json()["name"], "cus_ours");
}
