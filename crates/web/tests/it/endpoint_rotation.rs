//! Rotation by Stripe's API: a new endpoint beside the old one, both for a while, then only the new one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tollgate::Handlers;
use tollgate::audit::Actor;
use tollgate::endpoints::{self, Draft, EndpointError, Retired, Rotation};
use tollgate::models::deliveries::Outcome;
use tollgate::models::endpoints::{Endpoint, Status, Validation};
use tollgate_stripe_sim::{ApiFault, DeliverOptions, FaultPlan};

use crate::support::{ATTEMPTS, NOW, PATH, Setup, Shop, refusals};

const HOUR: i64 = 3600 * 1000;
const OVERLAP: Duration = Duration::from_secs(24 * 3600);

async fn try_rotate(shop: &Shop, uuid: &str, overlap: Duration) -> Result<Rotation, EndpointError> {
    endpoints::rotate(&shop.app.tollgate, uuid, overlap, &Actor::cli()).await
}

async fn rotate(shop: &Shop, old: &Endpoint) -> Rotation {
    try_rotate(shop, &old.uuid, OVERLAP).await.unwrap()
}

async fn retire_due(shop: &Shop) -> Retired {
    endpoints::retire_due(&shop.app.tollgate).await.unwrap()
}

const ONE: Retired = Retired { retired: 1, waiting: 0 };
const NONE: Retired = Retired { retired: 0, waiting: 0 };
const WAITS: Retired = Retired { retired: 0, waiting: 1 };

fn at_stripe(shop: &Shop) -> Vec<Option<String>> {
    shop.sim.endpoints().into_iter().map(|endpoint| Some(endpoint.id)).collect()
}

#[tokio::test]
async fn the_new_endpoint_has_the_settings_of_the_old_one_and_a_url_of_its_own() {
    let shop = Shop::start().await;
    let draft = Draft {
        description: "Shop".to_owned(),
        enabled_events: vec!["customer".to_owned()],
        api_version: Some("2025-03-31.basil".to_owned()),
        connect: true,
        tolerance_seconds: 60,
        validation: Validation::RetrieveEvent,
        ..shop.draft()
    };
    let old = shop.try_create(draft).await.unwrap();
    shop.app.execute(r#"UPDATE endpoints SET inline_events = '["checkout.session.completed"]'"#);
    let Rotation { old: _, new } = rotate(&shop, &old).await;
    let old = shop.row(&old.uuid);
    assert_eq!(shop.row(&new.uuid), new);
    let expected = Endpoint {
        uuid: new.uuid.clone(),
        url: format!("{}/stripe/webhooks/{}", shop.app.base(), new.uuid),
        stripe_id: new.stripe_id.clone(),
        idempotency_key: new.idempotency_key.clone(),
        replaces: Some(old.uuid.clone()),
        retire_at: None,
        ..old.clone()
    };
    assert_eq!(new, expected);
    assert!(new.uuid != old.uuid && new.stripe_id != old.stripe_id && new.idempotency_key != old.idempotency_key);
    assert_eq!((old.status, old.retire_at), (Status::Enabled, Some(NOW + 24 * HOUR)));
    assert_eq!(new.inline_types(), ["checkout.session.completed"]);
    let [before, after] = shop.sim.endpoints().try_into().unwrap();
    assert_eq!((&after.url, &after.metadata["tollgate_uuid"]), (&new.url, &json!(new.uuid)));
    assert_eq!((&after.enabled_events, &after.api_version), (&before.enabled_events, &before.api_version));
    assert_eq!((after.connect, &after.description, after.status.as_str()), (true, &before.description, "enabled"));
    assert_ne!(shop.sim.endpoint_secret(&before.id), shop.sim.endpoint_secret(&after.id));
}

#[tokio::test]
async fn during_the_overlap_both_take_events_that_count_once_and_then_the_old_one_goes() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let handlers = Handlers::new().on_as("count", "*", move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let shop = Shop::start_with(Setup::bare().handlers(handlers)).await;
    let old = shop.create().await;
    let new = rotate(&shop, &old).await.new;
    for number in 0..5 {
        shop.happens(&format!("cus_{number}")).await;
    }
    shop.app.run_workers().await;
    let deliveries = shop.app.deliveries();
    let count = |outcome| deliveries.iter().filter(|delivery| delivery.outcome == outcome).count();
    assert_eq!((count(Outcome::Accepted), count(Outcome::Duplicate), count(Outcome::Refused)), (5, 5, 0));
    assert_eq!((shop.app.count("events"), runs.load(Ordering::SeqCst)), (5, 5));
    for uuid in [&old.uuid, &new.uuid] {
        assert_eq!(deliveries.iter().filter(|delivery| delivery.endpoint_uuid.as_ref() == Some(uuid)).count(), 5);
    }

    assert_eq!(retire_due(&shop).await, NONE, "its time has not come");
    shop.app.advance(24 * HOUR);
    assert_eq!(retire_due(&shop).await, ONE);
    assert_eq!((at_stripe(&shop), shop.rows()), (vec![new.stripe_id.clone()], vec![shop.row(&new.uuid)]));
    let gone = shop.row(&old.uuid);
    assert_eq!((gone.status, gone.deleted_at, gone.last_error), (Status::Deleted, Some(NOW + 24 * HOUR), None));
    let said: Vec<_> = shop.audit(&old.uuid);
    let said: Vec<_> = said.iter().map(|(actor, action)| (actor.as_str(), action.as_str())).collect();
    assert_eq!(said, [("tollgate", "endpoint.retired"), ("cli", "endpoint.rotated"), ("cli", "endpoint.created")]);
    let path = format!("/stripe/webhooks/{}", old.uuid);
    assert_eq!(shop.app.http.post(&path, &[], "{}").await.status, 404);

    shop.app.advance(-24 * HOUR);
    let id = shop.happens("cus_after").await;
    assert_eq!(shop.app.event(&id).endpoint_uuid.as_ref(), Some(&new.uuid));
    assert_eq!(retire_due(&shop).await, NONE);
}

#[tokio::test]
async fn the_old_endpoint_stays_while_only_it_takes_deliveries() {
    let shop = Shop::start().await;
    let old = shop.create().await;
    let new = rotate(&shop, &old).await.new;
    // Stripe reaches the old URL only.
    shop.sim.set_faults(FaultPlan { drop_every: 1, ..FaultPlan::default() });
    let id = shop.happens("cus_1").await;
    let to_old = DeliverOptions::to(old.stripe_id.clone().unwrap());
    assert!(shop.sim.deliver(&id, to_old).await[0].accepted());
    shop.app.advance(25 * HOUR);
    assert_eq!(retire_due(&shop).await, WAITS);
    let waiting = shop.row(&old.uuid);
    let problem = waiting.last_error.unwrap();
    assert!(problem.contains("has taken no delivery") && problem.contains(&new.uuid), "{problem}");
    assert_eq!((waiting.status, at_stripe(&shop).len()), (Status::Enabled, 2));

    // A refused delivery proves nothing; one that is taken does.
    let to_new = DeliverOptions::to(new.stripe_id.clone().unwrap());
    assert!(!shop.sim.deliver(&id, to_new.clone()).await[0].accepted(), "the clocks differ by a day");
    assert_eq!(retire_due(&shop).await, WAITS);
    shop.app.advance(-25 * HOUR);
    assert!(shop.sim.deliver(&id, to_new).await[0].accepted());
    shop.app.advance(25 * HOUR);
    assert_eq!(retire_due(&shop).await, ONE);
    assert_eq!(at_stripe(&shop), [new.stripe_id]);
}

#[tokio::test]
async fn where_nothing_happens_the_old_endpoint_goes_without_a_delivery() {
    let shop = Shop::start().await;
    let old = shop.create().await;
    shop.happens("cus_before").await;
    shop.app.advance(1000);
    let new = rotate(&shop, &old).await.new;
    shop.app.advance(24 * HOUR);
    assert_eq!(retire_due(&shop).await, ONE);
    assert_eq!(at_stripe(&shop), [new.stripe_id]);
}

#[tokio::test]
async fn a_failure_of_stripes_leaves_it_for_the_next_time() {
    for fault in [ApiFault::Error500, ApiFault::Html(503), ApiFault::Truncated] {
        let shop = Shop::start().await;
        let old = shop.create().await;
        let new = rotate(&shop, &old).await.new;
        shop.app.advance(24 * HOUR);
        shop.sim.fail_next("DELETE", PATH, fault.clone(), ATTEMPTS);
        assert_eq!(retire_due(&shop).await, WAITS, "{fault:?}");
        let waiting = shop.row(&old.uuid);
        assert!(waiting.status == Status::Enabled && waiting.last_error.unwrap().contains("tried again"), "{fault:?}");
        assert_eq!(retire_due(&shop).await, ONE, "{fault:?}");
        assert_eq!((at_stripe(&shop), shop.row(&old.uuid).status), (vec![new.stripe_id], Status::Deleted), "{fault:?}");
    }
}

#[tokio::test]
async fn the_old_endpoint_stays_while_the_new_one_is_not_enabled_on_both_sides() {
    let shop = Shop::start().await;
    let old = shop.create().await;
    let new = rotate(&shop, &old).await.new;
    let new_id = new.stripe_id.clone().unwrap();
    shop.app.advance(24 * HOUR);
    let said = async |text: &str| {
        assert_eq!(retire_due(&shop).await, WAITS, "{text}");
        let problem = shop.row(&old.uuid).last_error.unwrap();
        assert!(problem.contains(text), "{problem}");
    };
    endpoints::set_enabled(&shop.app.tollgate, &new.uuid, false, &Actor::cli()).await.unwrap();
    said("is disabled: enable it").await;
    endpoints::set_enabled(&shop.app.tollgate, &new.uuid, true, &Actor::cli()).await.unwrap();
    let disable = tollgate::stripe::UpdateWebhookEndpoint { disabled: Some(true), ..Default::default() };
    shop.dashboard().update_webhook_endpoint(&new_id, &disable).await.unwrap();
    said("is disabled at Stripe").await;
    shop.dashboard().delete_webhook_endpoint(&new_id).await.unwrap();
    said("was deleted at Stripe").await;
    assert_eq!(at_stripe(&shop), std::slice::from_ref(&old.stripe_id));

    // Asked once more, a rotation begins anew.
    let again = rotate(&shop, &old).await;
    assert!(again.new.uuid != new.uuid && again.new.status == Status::Enabled);
    assert_eq!(again.old.retire_at, Some(NOW + 48 * HOUR));
    assert_eq!(shop.row(&new.uuid).status, Status::Deleted);
    shop.app.advance(24 * HOUR);
    assert_eq!(retire_due(&shop).await, ONE);
    assert_eq!(at_stripe(&shop), [again.new.stripe_id]);
}

#[tokio::test]
async fn a_rotation_that_is_asked_for_twice_is_one() {
    let shop = Shop::start().await;
    let old = shop.create().await;
    let (one, two) = tokio::join!(try_rotate(&shop, &old.uuid, OVERLAP), try_rotate(&shop, &old.uuid, OVERLAP));
    let three = try_rotate(&shop, &old.uuid, Duration::ZERO).await.unwrap();
    assert_eq!((&one.unwrap().new.uuid, &two.unwrap().new.uuid), (&three.new.uuid, &three.new.uuid));
    assert_eq!((shop.sim.endpoints().len(), shop.rows().len()), (2, 2));
    assert_eq!(three.old.retire_at, Some(NOW + 24 * HOUR), "the overlap of the first one stands");
    assert_eq!(shop.app.count("endpoint_secrets"), 2);
}

#[tokio::test]
async fn after_a_lost_answer_the_same_call_finishes_the_rotation_with_its_whole_overlap() {
    // At once, and after Stripe has forgotten the idempotency key.
    for wait in [HOUR, 60 * HOUR] {
        let shop = Shop::start().await;
        let old = shop.create().await;
        shop.lose_answers();
        let error = try_rotate(&shop, &old.uuid, Duration::from_secs(3 * 3600)).await.unwrap_err();
        let EndpointError::Pending { uuid, .. } = &error else { panic!("{error:?}") };
        assert_eq!((shop.sim.endpoints().len(), shop.row(uuid).status), (2, Status::Pending));
        shop.app.advance(wait);
        if wait > 3 * HOUR {
            assert_eq!(retire_due(&shop).await, WAITS, "the new one is pending");
        }
        let rotation = try_rotate(&shop, &old.uuid, OVERLAP).await.unwrap();
        assert_eq!((&rotation.new.uuid, rotation.new.status), (uuid, Status::Enabled));
        assert_eq!(rotation.old.retire_at, Some(NOW + wait + 3 * HOUR), "the overlap begins when both take events");
        assert_eq!(at_stripe(&shop), [old.stripe_id.clone(), rotation.new.stripe_id.clone()]);
        shop.app.advance(-wait);
        shop.happens("cus_1").await;
        assert!(shop.sim.deliveries().iter().all(|delivery| delivery.result.accepted()));
    }
}

#[tokio::test]
async fn a_pending_replacement_is_finished_by_retrying_it_too() {
    let shop = Shop::start().await;
    let old = shop.create().await;
    shop.lose_answers();
    let error = try_rotate(&shop, &old.uuid, OVERLAP).await.unwrap_err();
    let EndpointError::Pending { uuid, .. } = &error else { panic!("{error:?}") };
    shop.app.advance(5000);
    // Two who do so at once do it once.
    let (tollgate, actor) = (&shop.app.tollgate, Actor::cli());
    let (one, two) = tokio::join!(endpoints::retry(tollgate, uuid, &actor), endpoints::retry(tollgate, uuid, &actor));
    assert!([one, two].into_iter().flatten().all(|endpoint| endpoint.status == Status::Enabled));
    assert_eq!(shop.row(&old.uuid).retire_at, Some(NOW + 5000 + 24 * HOUR));
    assert_eq!((shop.app.count("endpoint_secrets"), shop.sim.endpoints().len()), (2, 2));
}

#[tokio::test]
async fn what_gives_the_new_endpoint_up_lets_the_old_one_stay() {
    let cli = Actor::cli();
    let shop = Shop::start().await;
    let old = shop.create().await;
    let keeps = async |what: &str| {
        assert_eq!(shop.row(&old.uuid).retire_at, None, "{what}");
        shop.app.advance(48 * HOUR);
        assert_eq!(retire_due(&shop).await, NONE, "{what}");
        shop.app.advance(-48 * HOUR);
        assert_eq!(at_stripe(&shop), std::slice::from_ref(&old.stripe_id), "{what}");
    };

    let refusal = json!({ "error": { "type": "invalid_request_error", "message": "You have reached the maximum of 16 test webhook endpoints." } });
    shop.sim.fail_next("POST", PATH, ApiFault::Status(400, refusal), 1);
    let refused = refusals(try_rotate(&shop, &old.uuid, OVERLAP).await);
    assert!(refused[0].message.contains("16 endpoints"), "{refused:?}");
    assert_eq!(shop.rows().len(), 1);
    keeps("a refusal").await;

    shop.lose_answers();
    let error = try_rotate(&shop, &old.uuid, OVERLAP).await.unwrap_err();
    let EndpointError::Pending { uuid, .. } = &error else { panic!("{error:?}") };
    endpoints::discard(&shop.app.tollgate, uuid, &cli).await.unwrap();
    keeps("cleaning up").await;

    let new = rotate(&shop, &old).await.new;
    endpoints::delete(&shop.app.tollgate, &new.uuid, &cli).await.unwrap();
    keeps("deleting it").await;

    let new = rotate(&shop, &old).await.new;
    shop.dashboard().delete_webhook_endpoint(new.stripe_id.as_deref().unwrap()).await.unwrap();
    endpoints::refresh(&shop.app.tollgate, &new.uuid).await.unwrap();
    keeps("deleting it at Stripe").await;
}

#[tokio::test]
async fn an_operator_retires_the_old_endpoint_before_its_time_if_the_new_one_is_there() {
    let shop = Shop::start().await;
    let (tollgate, cli) = (&shop.app.tollgate, Actor::cli());
    let old = shop.create().await;
    let error = endpoints::retire(tollgate, &old.uuid, &cli).await.unwrap_err();
    assert!(error.to_string().contains("no other endpoint takes the place"), "{error}");
    let new = rotate(&shop, &old).await.new;
    let disable = tollgate::stripe::UpdateWebhookEndpoint { disabled: Some(true), ..Default::default() };
    let enable = tollgate::stripe::UpdateWebhookEndpoint { disabled: Some(false), ..Default::default() };
    let new_id = new.stripe_id.as_deref().unwrap();
    shop.dashboard().update_webhook_endpoint(new_id, &disable).await.unwrap();
    let error = endpoints::retire(tollgate, &old.uuid, &cli).await.unwrap_err();
    assert!(error.to_string().contains("disabled"), "{error}");
    assert_eq!(at_stripe(&shop).len(), 2);
    shop.dashboard().update_webhook_endpoint(new_id, &enable).await.unwrap();
    endpoints::retire(tollgate, &old.uuid, &cli).await.unwrap();
    assert_eq!((at_stripe(&shop), shop.row(&old.uuid).status), (vec![new.stripe_id], Status::Deleted));
    assert_eq!(shop.audit(&old.uuid)[0].1, "endpoint.retired");
    assert!(endpoints::retire(tollgate, &old.uuid, &cli).await.is_err());
}

#[tokio::test]
async fn only_an_enabled_endpoint_whose_predecessor_is_gone_is_rotated() {
    let shop = Shop::start().await;
    let (tollgate, cli) = (&shop.app.tollgate, Actor::cli());
    let refused = async |uuid: &str, text: &str| {
        let error = try_rotate(&shop, uuid, OVERLAP).await.unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    };
    refused("00000000-0000-4000-8000-000000000000", "no endpoint").await;
    refused("'; DROP TABLE endpoints", "no endpoint").await;
    let pending = shop.create_with_lost_answer().await;
    refused(&pending.uuid, "is pending").await;
    endpoints::discard(tollgate, &pending.uuid, &cli).await.unwrap();
    let old = shop.create().await;
    endpoints::set_enabled(tollgate, &old.uuid, false, &cli).await.unwrap();
    refused(&old.uuid, "is disabled").await;
    endpoints::set_enabled(tollgate, &old.uuid, true, &cli).await.unwrap();
    let new = rotate(&shop, &old).await.new;
    refused(&new.uuid, "retire that one first").await;
    endpoints::retire(tollgate, &old.uuid, &cli).await.unwrap();
    refused(&old.uuid, "no endpoint").await;
    let third = rotate(&shop, &new).await.new;
    assert_eq!(third.replaces.as_ref(), Some(&new.uuid));
    assert_eq!(shop.rows().len(), 2);
}

#[tokio::test]
async fn two_who_retire_an_endpoint_at_once_do_it_once() {
    let shop = Shop::start().await;
    let old = shop.create().await;
    rotate(&shop, &old).await;
    shop.app.advance(24 * HOUR);
    let (one, two) = tokio::join!(retire_due(&shop), retire_due(&shop));
    assert_eq!((one.waiting, two.waiting), (0, 0));
    let retired = shop.audit(&old.uuid).into_iter().filter(|(_, action)| action == "endpoint.retired").count();
    assert_eq!((retired, shop.sim.endpoints().len()), (1, 1));
}
