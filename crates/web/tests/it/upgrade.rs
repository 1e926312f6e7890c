//! Upgrades to another API version: a shadow beside the live endpoint, compared, then swapped or given up.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tollgate::Handlers;
use tollgate::audit::Actor;
use tollgate::endpoints::upgrade::{self, Change};
use tollgate::endpoints::{self, Draft, EndpointError, Kind};
use tollgate::models::deliveries::Outcome;
use tollgate::models::endpoints::{Endpoint, Status};
use tollgate::models::upgrades::{Status as Stage, Upgrade};
use tollgate_stripe_sim::{ApiFault, DeliverOptions, FaultPlan};

use crate::support::{ATTEMPTS, NOW, PATH, Setup, Shop, refusals};

const HOUR: i64 = 3600 * 1000;
const OLD: &str = "2024-12-18.acacia";
const NEW: &str = "2026-10-28.endive";

async fn live_endpoint(shop: &Shop) -> Endpoint {
    shop.try_create(Draft { api_version: Some(OLD.to_owned()), ..shop.draft() }).await.unwrap()
}

async fn start(shop: &Shop, live: &Endpoint) -> Upgrade {
    upgrade::start(&shop.app.tollgate, &live.uuid, NEW, &Actor::cli()).await.unwrap()
}

async fn try_start(shop: &Shop, uuid: &str, version: &str) -> Result<Upgrade, EndpointError> {
    upgrade::start(&shop.app.tollgate, uuid, version, &Actor::cli()).await
}

async fn swap(shop: &Shop, uuid: &str) -> Result<Upgrade, EndpointError> {
    upgrade::swap(&shop.app.tollgate, uuid, &Actor::cli()).await
}

async fn abandon(shop: &Shop, uuid: &str) -> Result<(), EndpointError> {
    upgrade::abandon(&shop.app.tollgate, uuid, &Actor::cli()).await
}

async fn stage(shop: &Shop, uuid: &str) -> (Stage, Option<String>) {
    let upgrade = upgrade::latest(&shop.app.tollgate, uuid).await.unwrap().unwrap().upgrade;
    (upgrade.status, upgrade.last_error)
}

fn subscription(id: &str) -> Value {
    json!({
        "id": id, "object": "subscription", "created": 1, "customer": "cus_1", "status": "active",
        "items": {"object": "list", "has_more": false, "data": [{
            "id": format!("si_{id}"), "object": "subscription_item", "subscription": id, "quantity": 1,
            "current_period_start": 100, "current_period_end": 200, "plan": {"id": "price_1"},
        }]},
    })
}

async fn changes(shop: &Shop, id: &str) -> String {
    let event = shop.sim.emit("customer.subscription.updated", subscription(id));
    shop.sim.settled().await;
    event
}

fn mirrored(shop: &Shop, id: &str) -> Value {
    serde_json::from_str(&shop.app.object(id).unwrap().data).unwrap()
}

/// Handlers that note what they were given, one of which reads what only the old shape has.
fn handlers(seen: &Arc<Mutex<Vec<(String, String)>>>) -> Handlers {
    let seen = Arc::clone(seen);
    Handlers::new()
        .on_as("period", "customer.subscription", |event, _| {
            let end = event.data_object()["current_period_end"].as_i64();
            end.map(drop).ok_or_else(|| "the subscription has no current_period_end".into())
        })
        .on_as("steady", "customer.subscription.updated", |event, _| match event.data_object()["id"].as_str() {
            Some(_) => Ok(()),
            None => Err("no id".into()),
        })
        .on_as("seen", "*", move |event, _| {
            let version = event.api_version().unwrap_or_default().to_owned();
            seen.lock().unwrap().push((event.id().to_owned(), version));
            Ok(())
        })
}

async fn shop_with_handlers() -> (Shop, Arc<Mutex<Vec<(String, String)>>>) {
    let seen = Arc::default();
    let shop = Shop::start_with(Setup::bare().handlers(handlers(&seen))).await;
    (shop, seen)
}

#[tokio::test]
async fn the_shadow_is_like_the_live_endpoint_in_another_version() {
    let shop = Shop::start().await;
    let draft = Draft {
        api_version: Some(OLD.to_owned()),
        enabled_events: vec!["customer".to_owned()],
        description: "Shop".to_owned(),
        ..shop.draft()
    };
    let live = shop.try_create(draft).await.unwrap();
    let upgrade = start(&shop, &live).await;
    assert_eq!((upgrade.status, upgrade.begun_at, upgrade.finished_at), (Stage::Comparing, Some(NOW), None));
    assert_eq!((upgrade.from_version.as_deref(), upgrade.to_version.as_str()), (Some(OLD), NEW));
    let shadow = shop.row(&upgrade.shadow_uuid);
    let [before, after] = shop.sim.endpoints().try_into().unwrap();
    assert_eq!((before.api_version.as_deref(), after.api_version.as_deref()), (Some(OLD), Some(NEW)));
    assert_eq!((&before.enabled_events, &before.description), (&after.enabled_events, &after.description));
    assert_eq!((&shadow.url, shadow.status, &shadow.account), (&after.url, Status::Enabled, &live.account));
    assert_ne!(shop.sim.endpoint_secret(&before.id), shop.sim.endpoint_secret(&after.id));
    assert_eq!(shop.row(&live.uuid), live, "nothing about the live endpoint changes");
    let said: Vec<String> = shop.audit(&live.uuid).into_iter().map(|(_, action)| action).collect();
    assert_eq!(said, ["endpoint.upgrade_started", "endpoint.created"]);
}

#[tokio::test]
async fn an_event_that_comes_by_both_in_either_order_is_handled_once_as_the_live_endpoint_brought_it() {
    let (shop, seen) = shop_with_handlers().await;
    let live = live_endpoint(&shop).await;
    let upgrade = start(&shop, &live).await;
    let shadow = shop.row(&upgrade.shadow_uuid);
    shop.sim.set_faults(FaultPlan { drop_every: 1, ..FaultPlan::default() });
    let (one, two) = (changes(&shop, "sub_1").await, changes(&shop, "sub_2").await);
    shop.sim.set_faults(FaultPlan::default());
    let to = |endpoint: &Endpoint| DeliverOptions::to(endpoint.stripe_id.clone().unwrap());
    // The shadow first, then the live one; and the other way round, each twice.
    for (event, endpoints) in [(&one, [&shadow, &shadow, &live, &live]), (&two, [&live, &live, &shadow, &shadow])] {
        for endpoint in endpoints {
            assert!(shop.sim.deliver(event, to(endpoint)).await[0].accepted());
            shop.app.run_workers().await;
        }
    }
    assert_eq!((shop.app.count("events"), shop.app.count("shadow_events")), (2, 2));
    assert_eq!(*seen.lock().unwrap(), [(one.clone(), OLD.to_owned()), (two.clone(), OLD.to_owned())]);
    for id in [&one, &two] {
        let event = shop.app.event(id);
        assert_eq!((event.endpoint_uuid.as_ref(), event.api_version.as_deref()), (Some(&live.uuid), Some(OLD)));
        assert_eq!((event.status.as_str(), shop.app.runs(id).len()), ("processed", 3));
    }
    assert!(mirrored(&shop, "sub_1")["current_period_end"].is_number(), "the mirror has the old shape");
    let deliveries = shop.app.deliveries();
    let count = |outcome| deliveries.iter().filter(|delivery| delivery.outcome == outcome).count();
    assert_eq!([Outcome::Accepted, Outcome::Duplicate, Outcome::Shadow, Outcome::Refused].map(count), [2, 2, 4, 0]);

    // Hours later nothing more comes of the copies.
    shop.app.advance(2 * HOUR);
    assert_eq!(upgrade::settle_due(&shop.app.tollgate).await.unwrap(), 0);
    shop.app.run_workers().await;
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn what_comes_by_the_shadow_alone_is_taken_in_after_an_hour() {
    let (shop, seen) = shop_with_handlers().await;
    let live = live_endpoint(&shop).await;
    let upgrade = start(&shop, &live).await;
    let shadow = shop.row(&upgrade.shadow_uuid);
    shop.sim.set_faults(FaultPlan { drop_every: 1, ..FaultPlan::default() });
    let id = shop.happens("cus_1").await;
    shop.sim.set_faults(FaultPlan::default());
    let to = |endpoint: &Endpoint| DeliverOptions::to(endpoint.stripe_id.clone().unwrap());
    assert!(shop.sim.deliver(&id, to(&shadow)).await[0].accepted());
    shop.app.run_workers().await;
    shop.app.advance(HOUR - 1);
    assert_eq!(upgrade::settle_due(&shop.app.tollgate).await.unwrap(), 0);
    assert!(shop.app.find_event(&id).is_none() && seen.lock().unwrap().is_empty());
    shop.app.advance(1);
    assert_eq!(upgrade::settle_due(&shop.app.tollgate).await.unwrap(), 1);
    assert_eq!(upgrade::settle_due(&shop.app.tollgate).await.unwrap(), 0);
    shop.app.run_workers().await;
    assert_eq!(*seen.lock().unwrap(), [(id.clone(), NEW.to_owned())]);
    assert_eq!(shop.app.event(&id).endpoint_uuid, Some(shadow.uuid.clone()));
    // When the live endpoint's comes after all, it is a duplicate.
    shop.app.advance(-HOUR);
    assert!(shop.sim.deliver(&id, to(&live)).await[0].accepted());
    shop.app.run_workers().await;
    assert_eq!((seen.lock().unwrap().len(), shop.app.count("events")), (1, 1));
    let found = upgrade::comparison(&shop.app.tollgate, &upgrade).await.unwrap();
    let tally = &found.types[0].tally;
    assert_eq!((tally.both, tally.only_shadow, tally.taken_in, tally.only_live), (0, 0, 1, 0));
}

#[tokio::test]
async fn the_comparison_names_paths_columns_and_the_handler_that_would_fail() {
    let (shop, seen) = shop_with_handlers().await;
    let live = live_endpoint(&shop).await;
    let upgrade = start(&shop, &live).await;
    changes(&shop, "sub_1").await;
    changes(&shop, "sub_2").await;
    shop.happens("cus_1").await;
    shop.app.run_workers().await;
    let tried = upgrade::try_handlers(&shop.app.tollgate, &live.uuid, &Actor::cli()).await.unwrap();
    assert_eq!((tried.events, tried.failed, tried.left), (3, 2, 0));
    let found = upgrade::comparison(&shop.app.tollgate, &upgrade).await.unwrap();
    let [customer, subscription] = &found.types[..] else { panic!("{found:?}") };
    assert_eq!(
        (customer.tally.type_.as_str(), customer.tally.both, customer.differences.len()),
        ("customer.created", 1, 0)
    );
    assert_eq!((subscription.tally.both, subscription.tally.only_shadow, subscription.compared), (2, 0, 2));
    let paths = |change| {
        let of = subscription.differences.iter().filter(|found| found.change == change);
        of.map(|found| (found.path.as_str(), found.events)).collect::<Vec<_>>()
    };
    assert!(paths(Change::Removed).contains(&("current_period_end", 2)), "{:?}", paths(Change::Removed));
    assert_eq!(
        paths(Change::Added),
        [("items.data[].current_period_end", 2), ("items.data[].current_period_start", 2)]
    );
    let columns: Vec<&str> = subscription.columns.as_ref().unwrap().iter().map(|found| found.column.as_str()).collect();
    assert!(!columns.contains(&"current_period_end"), "the mirror reads the new place: {columns:?}");
    let handler = |name: &str| subscription.handlers.iter().find(|found| found.handler == name).unwrap();
    let period = handler("period");
    assert_eq!((period.tried, period.failed, period.failed_before), (2, 2, 0));
    assert!(period.error.as_ref().unwrap().contains("no current_period_end"), "{period:?}");
    assert_eq!((handler("steady").tried, handler("steady").failed, handler("seen").failed), (2, 0, 0));
    assert_eq!(subscription.failing().map(|found| found.handler.as_str()).collect::<Vec<_>>(), ["period"]);
    assert_eq!(customer.failing().count(), 0);
    let one = upgrade::comparison_of(&shop.app.tollgate, &upgrade, "customer.subscription.updated").await.unwrap();
    assert_eq!(one.unwrap().differences.len(), subscription.differences.len());
    assert!(upgrade::comparison_of(&shop.app.tollgate, &upgrade, "no.such").await.unwrap().is_none());
    // A dry run leaves nothing behind.
    assert_eq!((shop.app.count("events"), shop.app.count("runs")), (3, 7));
    assert!(mirrored(&shop, "sub_1")["current_period_end"].is_number());
    assert!(seen.lock().unwrap().len() >= 6, "they ran, though");
}

#[tokio::test]
async fn after_the_swap_events_come_in_the_new_version_and_the_old_endpoint_is_disabled() {
    let (shop, seen) = shop_with_handlers().await;
    let live = live_endpoint(&shop).await;
    shop.app.execute(r#"UPDATE endpoints SET inline_events = '["invoice"]', tolerance_seconds = 77"#);
    let upgrade = start(&shop, &live).await;
    let before = shop.happens("cus_1").await;
    // One that only the shadow has got by now: nothing else will bring it.
    shop.sim.set_faults(FaultPlan { drop_every: 1, ..FaultPlan::default() });
    let on_its_way = shop.happens("cus_2").await;
    shop.sim.set_faults(FaultPlan::default());
    let shadow = shop.row(&upgrade.shadow_uuid);
    let to_shadow = DeliverOptions::to(shadow.stripe_id.clone().unwrap());
    assert!(shop.sim.deliver(&on_its_way, to_shadow).await[0].accepted());

    let ended = swap(&shop, &live.uuid).await.unwrap();
    assert_eq!((ended.status, ended.swapped_at, ended.finished_at), (Stage::Swapped, Some(NOW), Some(NOW)));
    let (old, new) = (shop.row(&live.uuid), shop.row(&shadow.uuid));
    assert_eq!((old.status, new.status, new.tolerance_seconds), (Status::Disabled, Status::Enabled, 77));
    assert_eq!(new.inline_types(), ["invoice"]);
    let at_stripe: Vec<String> = shop.sim.endpoints().into_iter().map(|endpoint| endpoint.status).collect();
    assert_eq!(at_stripe, ["disabled", "enabled"]);
    let after = shop.happens("cus_3").await;
    assert_eq!(upgrade::settle_due(&shop.app.tollgate).await.unwrap(), 1, "at once, since nothing else can come");
    shop.app.run_workers().await;
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    let mut expected = vec![(before, OLD.to_owned()), (on_its_way, NEW.to_owned()), (after.clone(), NEW.to_owned())];
    expected.sort();
    assert_eq!(seen, expected);
    assert_eq!(shop.app.event(&after).endpoint_uuid, Some(new.uuid.clone()));
    let said: Vec<String> = shop.audit(&live.uuid).into_iter().map(|(_, action)| action).collect();
    assert_eq!(said[..2], ["endpoint.disabled", "endpoint.upgraded"]);
    assert!(matches!(swap(&shop, &live.uuid).await, Err(EndpointError::Other(tollgate::Error::NotFound(_)))));
    // The new endpoint can be upgraded in its turn, were there anything newer.
    assert!(upgrade::newer_versions(&new).is_empty());
    endpoints::delete(&shop.app.tollgate, &old.uuid, &Actor::cli()).await.unwrap();
}

#[tokio::test]
async fn two_swaps_at_once_are_one() {
    let shop = Shop::start().await;
    let live = live_endpoint(&shop).await;
    let upgrade = start(&shop, &live).await;
    let (one, two) = tokio::join!(swap(&shop, &live.uuid), swap(&shop, &upgrade.shadow_uuid));
    assert!(one.is_ok() || two.is_ok(), "{one:?} {two:?}");
    assert_eq!(stage(&shop, &live.uuid).await, (Stage::Swapped, None));
    assert_eq!(shop.row(&upgrade.shadow_uuid).status, Status::Enabled);
    let swaps = shop.audit(&live.uuid).into_iter().filter(|(_, action)| action == "endpoint.upgraded").count();
    assert_eq!(swaps, 1);
}

#[tokio::test]
async fn a_swap_and_giving_up_at_once_leave_one_endpoint_that_takes_events() {
    for _ in 0..4 {
        let shop = Shop::start().await;
        let live = live_endpoint(&shop).await;
        let upgrade = start(&shop, &live).await;
        let (swapped, abandoned) = tokio::join!(swap(&shop, &live.uuid), abandon(&shop, &live.uuid));
        assert!(swapped.is_ok() != abandoned.is_ok(), "{swapped:?} {abandoned:?}");
        let enabled: Vec<String> =
            shop.rows().into_iter().filter(|row| row.status == Status::Enabled).map(|row| row.uuid).collect();
        assert_eq!(enabled, [if swapped.is_ok() { upgrade.shadow_uuid } else { live.uuid.clone() }]);
        let at_stripe = shop.sim.endpoints();
        assert_eq!(at_stripe.iter().filter(|endpoint| endpoint.status == "enabled").count(), 1);
    }
}

#[tokio::test]
async fn a_swap_that_stripe_does_not_finish_goes_on_when_asked_again() {
    for fault in [ApiFault::Error500, ApiFault::Html(503), ApiFault::Truncated] {
        let shop = Shop::start().await;
        let live = live_endpoint(&shop).await;
        let upgrade = start(&shop, &live).await;
        shop.sim.fail_next("POST", PATH, fault.clone(), ATTEMPTS);
        let error = swap(&shop, &live.uuid).await.unwrap_err().to_string();
        assert!(error.contains("could not be disabled") && error.contains("swap again"), "{error}");
        let (status, problem) = stage(&shop, &live.uuid).await;
        assert!(status == Stage::Swapping && problem.unwrap().contains("could not be disabled"));
        // Both are live now, and each event still counts once.
        let id = shop.happens("cus_1").await;
        assert_eq!((shop.app.count("events"), shop.app.count("shadow_events")), (1, 0), "{fault:?}");
        assert!(shop.app.find_event(&id).is_some());
        let abandoned = abandon(&shop, &live.uuid).await.unwrap_err().to_string();
        assert!(abandoned.contains("live already"), "{abandoned}");
        assert_eq!(swap(&shop, &live.uuid).await.unwrap().status, Stage::Swapped);
        assert_eq!(shop.row(&live.uuid).status, Status::Disabled);
        assert_eq!(stage(&shop, &upgrade.shadow_uuid).await, (Stage::Swapped, None));
    }
}

#[tokio::test]
async fn giving_up_deletes_the_shadow_and_can_be_asked_for_again() {
    let shop = Shop::start().await;
    let live = live_endpoint(&shop).await;
    let upgrade = start(&shop, &live).await;
    shop.sim.fail_next("DELETE", PATH, ApiFault::Error500, ATTEMPTS);
    let error = abandon(&shop, &live.uuid).await.unwrap_err().to_string();
    assert!(error.contains("could not be deleted") && error.contains("again"), "{error}");
    assert_eq!(stage(&shop, &live.uuid).await.0, Stage::Abandoning);
    let error = swap(&shop, &live.uuid).await.unwrap_err().to_string();
    assert!(error.contains("abandon it again"), "{error}");
    let id = shop.happens("cus_1").await;
    assert_eq!(shop.app.event(&id).endpoint_uuid, Some(live.uuid.clone()), "the shadow is none the less a shadow");
    abandon(&shop, &live.uuid).await.unwrap();
    assert_eq!(stage(&shop, &live.uuid).await, (Stage::Abandoned, None));
    assert_eq!((shop.sim.endpoints().len(), shop.row(&upgrade.shadow_uuid).status), (1, Status::Deleted));
    assert_eq!(shop.row(&live.uuid).status, Status::Enabled);
    assert!(matches!(abandon(&shop, &live.uuid).await, Err(EndpointError::Other(tollgate::Error::NotFound(_)))));
    // It may be tried again, in the same version.
    let again = start(&shop, &live).await;
    assert!(again.id != upgrade.id && again.status == Stage::Comparing);
}

#[tokio::test]
async fn what_cannot_be_upgraded_is_refused_and_changes_nothing() {
    let shop = Shop::start().await;
    let live = live_endpoint(&shop).await;
    let refused = async |uuid: &str, version: &str| refusals(try_start(&shop, uuid, version).await).remove(0).message;
    for (version, text) in [
        ("", "no API version"),
        ("2026", "no API version"),
        ("<script>", "no API version"),
        ("2099-01-01.zulu", "no API version"),
        (OLD, "already"),
        ("2024-09-30.acacia", "is older"),
    ] {
        let said = refused(&live.uuid, version).await;
        assert!(said.contains(text), "{version}: {said}");
    }
    assert!(refused(&live.uuid, &"9".repeat(100_000)).await.len() < 300);
    let thin = shop.try_create(Draft { kind: Kind::ThinDestination, ..shop.draft() }).await.unwrap();
    assert!(refused(&thin.uuid, NEW).await.contains("thin events have no API version"));
    let conflict = async |uuid: &str, text: &str| {
        let said = try_start(&shop, uuid, NEW).await.unwrap_err().to_string();
        assert!(said.contains(text), "{said}");
    };
    conflict("5f1c1f8e-4f0a-4f0e-9c39-1d2b7c1f0a11", "there is no endpoint").await;
    endpoints::set_enabled(&shop.app.tollgate, &live.uuid, false, &Actor::cli()).await.unwrap();
    conflict(&live.uuid, "only an enabled one").await;
    endpoints::set_enabled(&shop.app.tollgate, &live.uuid, true, &Actor::cli()).await.unwrap();
    assert_eq!((shop.sim.endpoints().len(), shop.app.count("upgrades")), (2, 0));
}

#[tokio::test]
async fn an_upgrade_that_is_begun_twice_is_one_and_another_version_has_to_wait() {
    let shop = Shop::start().await;
    let live = live_endpoint(&shop).await;
    let (one, two) = tokio::join!(try_start(&shop, &live.uuid, NEW), try_start(&shop, &live.uuid, NEW));
    // The one that came second may have found the first one's shadow pending, and asked for the same.
    let made: Vec<Upgrade> = [one, two].into_iter().flatten().collect();
    assert!(!made.is_empty());
    let again = start(&shop, &live).await;
    assert!(made.iter().all(|upgrade| upgrade.shadow_uuid == again.shadow_uuid));
    assert_eq!((shop.sim.endpoints().len(), shop.app.count("upgrades")), (2, 1));
    let said = try_start(&shop, &live.uuid, "2025-03-31.basil").await.unwrap_err().to_string();
    assert!(said.contains("is under way: swap it or abandon it first"), "{said}");
    let shadow = &again.shadow_uuid;
    assert!(try_start(&shop, shadow, NEW).await.is_err());
    for uuid in [&live.uuid, shadow] {
        let rotated = endpoints::rotate(&shop.app.tollgate, uuid, std::time::Duration::ZERO, &Actor::cli()).await;
        let disabled = endpoints::set_enabled(&shop.app.tollgate, uuid, false, &Actor::cli()).await;
        let deleted = endpoints::delete(&shop.app.tollgate, uuid, &Actor::cli()).await;
        for said in [rotated.unwrap_err(), disabled.unwrap_err(), deleted.unwrap_err()] {
            assert!(said.to_string().contains("under way"), "{said}");
        }
    }
}

#[tokio::test]
async fn a_refusal_of_stripes_leaves_nothing_behind_and_a_lost_answer_is_asked_for_again() {
    let shop = Shop::start().await;
    let live = live_endpoint(&shop).await;
    let full = ApiFault::Truncated;
    shop.sim.fail_next("POST", PATH, full, ATTEMPTS);
    let error = try_start(&shop, &live.uuid, NEW).await.unwrap_err();
    let EndpointError::Pending { uuid, .. } = &error else { panic!("{error:?}") };
    let said = swap(&shop, &live.uuid).await.unwrap_err().to_string();
    assert!(said.contains("has not confirmed the shadow"), "{said}");
    let upgrade = start(&shop, &live).await;
    assert_eq!((&upgrade.shadow_uuid, shop.sim.endpoints().len()), (uuid, 2));
    abandon(&shop, &live.uuid).await.unwrap();

    // Giving up one that is pending cleans it up.
    shop.lose_answers();
    try_start(&shop, &live.uuid, NEW).await.unwrap_err();
    abandon(&shop, &live.uuid).await.unwrap();
    assert_eq!((shop.sim.endpoints().len(), shop.app.count("upgrades")), (1, 1));

    // Stripe has room for 16 endpoints.
    while shop.sim.endpoints().len() < 16 {
        shop.create().await;
    }
    let said = refusals(try_start(&shop, &live.uuid, NEW).await).remove(0).message;
    assert!(said.contains("has its 16 endpoints"), "{said}");
    assert_eq!((shop.sim.endpoints().len(), shop.app.count("upgrades")), (16, 1));
    assert_eq!(shop.app.count("endpoints WHERE status = 'pending'"), 0);
}

#[tokio::test]
async fn what_happens_to_the_endpoints_at_stripe_meanwhile_is_told_and_the_upgrade_can_be_ended() {
    let disable = tollgate::stripe::UpdateWebhookEndpoint { disabled: Some(true), ..Default::default() };
    // The shadow is disabled, then deleted in Stripe's dashboard.
    let shop = Shop::start().await;
    let live = live_endpoint(&shop).await;
    let upgrade = start(&shop, &live).await;
    let shadow_id = shop.row(&upgrade.shadow_uuid).stripe_id.unwrap();
    let swap_fails = async |shop: &Shop, text: &str| {
        let said = swap(shop, &live.uuid).await.unwrap_err().to_string();
        assert!(said.contains(text), "{said}");
    };
    shop.dashboard().update_webhook_endpoint(&shadow_id, &disable).await.unwrap();
    swap_fails(&shop, "the shadow is disabled at Stripe").await;
    shop.dashboard().delete_webhook_endpoint(&shadow_id).await.unwrap();
    swap_fails(&shop, "the shadow was deleted at Stripe").await;
    abandon(&shop, &live.uuid).await.unwrap();
    assert_eq!((stage(&shop, &live.uuid).await.0, shop.row(&live.uuid).status), (Stage::Abandoned, Status::Enabled));

    // The live endpoint is disabled or deleted there: the shadow can still take its place.
    for delete in [false, true] {
        let shop = Shop::start().await;
        let live = live_endpoint(&shop).await;
        let upgrade = start(&shop, &live).await;
        let id = live.stripe_id.clone().unwrap();
        if delete {
            shop.dashboard().delete_webhook_endpoint(&id).await.unwrap();
        } else {
            shop.dashboard().update_webhook_endpoint(&id, &disable).await.unwrap();
        }
        assert_eq!(swap(&shop, &live.uuid).await.unwrap().status, Stage::Swapped, "{delete}");
        let expected = if delete { Status::Deleted } else { Status::Disabled };
        assert_eq!((shop.row(&live.uuid).status, shop.row(&upgrade.shadow_uuid).status), (expected, Status::Enabled));
    }
}

#[tokio::test]
async fn a_shadow_that_was_not_reached_or_takes_other_types_does_not_take_the_place() {
    let shop = Shop::start().await;
    let live = live_endpoint(&shop).await;
    let upgrade = start(&shop, &live).await;
    shop.sim.set_faults(FaultPlan { drop_every: 1, ..FaultPlan::default() });
    let id = shop.happens("cus_1").await;
    shop.sim.set_faults(FaultPlan::default());
    let to_live = DeliverOptions::to(live.stripe_id.clone().unwrap());
    assert!(shop.sim.deliver(&id, to_live).await[0].accepted());
    let said = swap(&shop, &live.uuid).await.unwrap_err().to_string();
    assert!(said.contains("has taken no delivery yet"), "{said}");
    let found = upgrade::comparison(&shop.app.tollgate, &upgrade).await.unwrap();
    assert_eq!((found.types[0].tally.only_live, found.types[0].tally.both), (1, 0));
    let to_shadow = DeliverOptions::to(shop.row(&upgrade.shadow_uuid).stripe_id.unwrap());
    assert!(shop.sim.deliver(&id, to_shadow).await[0].accepted());
    let fewer = endpoints::Changes { enabled_events: Some(vec!["customer.created".to_owned()]), ..Default::default() };
    endpoints::update(&shop.app.tollgate, &upgrade.shadow_uuid, fewer.clone(), &Actor::cli()).await.unwrap();
    let said = swap(&shop, &live.uuid).await.unwrap_err().to_string();
    assert!(said.contains("different event types"), "{said}");
    endpoints::update(&shop.app.tollgate, &live.uuid, fewer, &Actor::cli()).await.unwrap();
    assert_eq!(swap(&shop, &live.uuid).await.unwrap().status, Stage::Swapped);
}

#[tokio::test]
async fn copies_are_thinned_out_and_go_after_a_week() {
    let shop = Shop::start().await;
    let live = live_endpoint(&shop).await;
    start(&shop, &live).await;
    for number in 0..205 {
        let object = json!({ "id": format!("cus_{number}"), "object": "customer", "created": 1 });
        shop.sim.emit("customer.created", object);
    }
    shop.sim.settled().await;
    shop.app.advance(HOUR);
    assert_eq!(upgrade::settle_due(&shop.app.tollgate).await.unwrap(), 0);
    assert_eq!(shop.app.count("shadow_events WHERE settled_at IS NOT NULL AND NOT taken_in"), 205);
    assert_eq!(shop.app.count("shadow_events WHERE body IS NULL"), 5);
    shop.app.advance(7 * 24 * HOUR);
    assert_eq!(upgrade::settle_due(&shop.app.tollgate).await.unwrap(), 0);
    assert_eq!((shop.app.count("shadow_events"), shop.app.count("events")), (0, 205));
}

#[tokio::test]
async fn an_event_destination_for_snapshots_is_upgraded_in_the_same_way() {
    let shop = Shop::start().await;
    let kind = Kind::SnapshotDestination;
    let draft = Draft { kind, api_version: Some(OLD.to_owned()), ..shop.draft() };
    let live = shop.try_create(draft).await.unwrap();
    let upgrade = start(&shop, &live).await;
    let shadow = shop.row(&upgrade.shadow_uuid);
    assert!(Kind::of(&shadow) == kind && shadow.stripe_id.as_ref().unwrap().starts_with("ed_"));
    let before = changes(&shop, "sub_1").await;
    assert_eq!(shop.app.event(&before).api_version.as_deref(), Some(OLD));
    let found = upgrade::comparison(&shop.app.tollgate, &upgrade).await.unwrap();
    assert!(found.types[0].tally.both == 1 && !found.types[0].differences.is_empty());
    assert_eq!(swap(&shop, &live.uuid).await.unwrap().status, Stage::Swapped);
    let after = changes(&shop, "sub_2").await;
    assert_eq!(shop.app.event(&after).api_version.as_deref(), Some(NEW));
    assert_eq!(shop.row(&live.uuid).status, Status::Disabled);
}

#[tokio::test]
async fn a_handler_that_fails_in_both_versions_is_not_held_against_the_new_one() {
    let always = Handlers::new().on_as("always", "customer", |_, _| Err("no luck".into()));
    let shop = Shop::start_with(Setup::bare().handlers(always)).await;
    let live = live_endpoint(&shop).await;
    let upgrade = start(&shop, &live).await;
    assert_eq!(upgrade::try_handlers(&shop.app.tollgate, &live.uuid, &Actor::cli()).await.unwrap().events, 0);
    shop.happens("cus_1").await;
    let tried = upgrade::try_handlers(&shop.app.tollgate, &upgrade.shadow_uuid, &Actor::cli()).await.unwrap();
    assert_eq!((tried.events, tried.failed), (1, 0));
    let found = upgrade::comparison(&shop.app.tollgate, &upgrade).await.unwrap();
    let always = &found.types[0].handlers[0];
    assert_eq!((always.failed, always.failed_before, found.types[0].failing().count()), (1, 1, 0));
    // A body that is no event, by whoever has the secret, is refused as anywhere.
    let path = format!("/stripe/webhooks/{}", upgrade.shadow_uuid);
    let secret = shop.sim.endpoint_secret(&shop.row(&upgrade.shadow_uuid).stripe_id.unwrap()).unwrap();
    for (body, status) in [("{}", 400), ("", 400), ("[1]", 400), ("\0", 400)] {
        let signature = crate::support::sign_at(&secret, NOW / 1000, body.as_bytes());
        let answer = shop.app.http.post(&path, &[("stripe-signature", signature.as_str())], body).await;
        assert_eq!(answer.status, status, "{body:?}");
    }
    assert_eq!(shop.app.http.post(&path, &[], "{}").await.status, 400);
    assert_eq!(shop.app.count("shadow_events"), 1);
}
