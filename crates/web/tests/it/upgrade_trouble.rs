//! Upgrades that are refused, interrupted or given up: each ends in a clear state, and nothing is lost.

use tollgate::audit::Actor;
use tollgate::endpoints::upgrade;
use tollgate::endpoints::{self, Draft, EndpointError, Kind};
use tollgate::models::endpoints::Status;
use tollgate::models::upgrades::{Status as Stage, Upgrade};
use tollgate_stripe_sim::{ApiFault, DeliverOptions, FaultPlan};

use crate::support::upgrades::{NEW, OLD, abandon, live_endpoint, stage, start, swap, try_start};
use crate::support::{ATTEMPTS, Http, PATH, Shop, refusals};

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
async fn a_swap_that_nobody_finishes_is_finished_by_the_server() {
    let shop = Shop::start().await;
    let live = live_endpoint(&shop).await;
    let upgrade = start(&shop, &live).await;
    shop.sim.fail_next("POST", PATH, ApiFault::Error500, 2 * ATTEMPTS);
    swap(&shop, &live.uuid).await.unwrap_err();
    let finish = async || upgrade::finish_due(&shop.app.tollgate).await.unwrap();
    assert_eq!((finish().await, stage(&shop, &live.uuid).await.0), (0, Stage::Swapping), "it is left some time");
    shop.app.advance(60_000);
    assert_eq!(finish().await, 1);
    assert!(stage(&shop, &live.uuid).await.1.unwrap().contains("tried again"));
    assert_eq!((finish().await, stage(&shop, &live.uuid).await), (0, (Stage::Swapped, None)));
    assert_eq!(shop.row(&live.uuid).status, Status::Disabled);
    assert_eq!(shop.row(&upgrade.shadow_uuid).status, Status::Enabled);
    let last = shop.audit(&live.uuid).remove(0);
    assert_eq!(last, ("tollgate".to_owned(), "endpoint.disabled".to_owned()));
}

#[tokio::test]
async fn a_swap_is_not_finished_while_the_new_endpoint_is_off_at_stripe() {
    let shop = Shop::start().await;
    let live = live_endpoint(&shop).await;
    let upgrade = start(&shop, &live).await;
    shop.sim.fail_next("POST", PATH, ApiFault::Error500, ATTEMPTS);
    swap(&shop, &live.uuid).await.unwrap_err();
    let id = shop.row(&upgrade.shadow_uuid).stripe_id.unwrap();
    let set = async |form: &str| {
        let key = format!("Bearer {}", shop.sim.api_key(&shop.sim.account(), false));
        let headers = [("authorization", key.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let stripe = Http::new(shop.sim.url().as_str().trim_end_matches('/'));
        assert_eq!(stripe.post(&format!("{PATH}/{id}"), &headers, form).await.status, 200);
    };
    set("disabled=true").await;
    shop.app.advance(60_000);
    assert_eq!(upgrade::finish_due(&shop.app.tollgate).await.unwrap(), 1);
    assert!(stage(&shop, &live.uuid).await.1.unwrap().contains("is disabled at Stripe: enable it there first"));
    let said = swap(&shop, &live.uuid).await.unwrap_err().to_string();
    assert!(said.contains("is disabled at Stripe"), "{said}");
    assert_eq!(shop.row(&live.uuid).status, Status::Enabled, "otherwise nothing would take events");
    set("disabled=false").await;
    assert_eq!(upgrade::finish_due(&shop.app.tollgate).await.unwrap(), 0);
    assert_eq!(shop.row(&live.uuid).status, Status::Disabled);
}
