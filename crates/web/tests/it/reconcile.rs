//! Events that never arrived are found in Stripe's own log and taken in like any other.

use std::time::Duration;

use serde_json::json;
use tollgate::audit::Actor;
use tollgate::models::endpoints::Endpoint;
use tollgate::models::events::Status;
use tollgate::models::page::Cursor;
use tollgate::models::{Lane, audit, settings};
use tollgate::reconcile::{self, Report, schedule};
use tollgate::stripe::ApiKey;
use tollgate::{Clock, Error, keys};
use tollgate_stripe_sim::{ApiFault, EmitOptions, Simulator};

use crate::support::{ATTEMPTS, ENDPOINT, SECONDS, SECRET, Setup, Shop, TestApp, row, simulator, until};

const DAY: i64 = 86_400;

// Taken part for a month.
async fn shop() -> Shop {
    let old = Endpoint { account: None, created_at: (SECONDS - 40 * DAY) * 1000, ..row(ENDPOINT) };
    Shop::start_with(Setup::bare().endpoint(old, [SECRET])).await
}

fn emit(shop: &Shop, number: usize, days_ago: i64) -> String {
    let object = json!({ "id": format!("cus_{number}"), "object": "customer", "created": 5, "name": "x" });
    let at = EmitOptions { created: Some(SECONDS - days_ago * DAY - 1000), ..EmitOptions::default() };
    shop.sim.emit_with("customer.created", object, at)
}

async fn sweep(shop: &Shop, since: Option<i64>) -> Report {
    let reports = reconcile::run(&shop.app.tollgate, since, &Actor::cli(), |_| {}).await.unwrap();
    assert_eq!(reports.len(), 1, "{reports:?}");
    reports.into_iter().next().unwrap()
}

#[tokio::test]
async fn after_five_days_of_outage_nothing_is_missing() {
    let shop = shop().await;
    // More than a page; some arrived, the others Stripe has given up on.
    let ids: Vec<String> = (0..130).map(|number| emit(&shop, number, 1 + (number as i64 * 5) / 130)).collect();
    for id in ids.iter().step_by(3) {
        shop.app.deliver(&shop.sim.event(id).unwrap()).await;
    }
    let report = sweep(&shop, None).await;
    let (arrived, missing) = (44, 86);
    assert_eq!((report.compared, report.missing, report.late), (130, missing, arrived));
    assert_eq!((report.ids.len(), report.error.clone()), (20, None));
    shop.app.run_workers().await;
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(shop.app.status(id), Status::Processed);
        assert!(shop.app.object(&format!("cus_{number}")).is_some());
    }
    assert_eq!(shop.app.event(&ids[1]).endpoint_uuid, None);
    let again = sweep(&shop, None).await;
    assert_eq!((again.missing, again.from), (0, report.until - 3600), "only what is new is asked for");
    assert_eq!(reconcile::last(&shop.app.tollgate).await.unwrap(), [again]);
}

#[tokio::test]
async fn an_event_that_is_taken_in_twice_counts_once() {
    let shop = shop().await;
    let id = emit(&shop, 1, 1);
    assert_eq!(sweep(&shop, None).await.missing, 1);
    shop.app.deliver(&shop.sim.event(&id).unwrap()).await;
    assert_eq!(shop.app.run_workers().await, 1);
    assert_eq!(shop.app.count("events"), 1);
    assert_eq!(shop.app.only_delivery().outcome.as_str(), "duplicate");
}

#[tokio::test]
async fn a_sweep_does_not_go_back_before_tollgate_took_part_unless_it_is_told_to() {
    let young = Endpoint { account: None, created_at: (SECONDS - DAY) * 1000, ..row(ENDPOINT) };
    let shop = Shop::start_with(Setup::bare().endpoint(young, [SECRET])).await;
    emit(&shop, 1, 3);
    assert_eq!(sweep(&shop, None).await.missing, 0);
    assert_eq!(sweep(&shop, Some(SECONDS - 5 * DAY)).await.missing, 1);
    let all = sweep(&shop, Some(0)).await;
    assert_eq!(all.from, SECONDS - 30 * DAY, "Stripe keeps no more");
}

#[tokio::test]
async fn what_no_endpoint_takes_is_not_missing() {
    let few = Endpoint {
        account: None,
        enabled_events: r#"["invoice.paid"]"#.to_owned(),
        created_at: (SECONDS - 40 * DAY) * 1000,
        ..row(ENDPOINT)
    };
    let shop = Shop::start_with(Setup::bare().endpoint(few, [SECRET])).await;
    emit(&shop, 1, 1);
    assert_eq!((sweep(&shop, None).await.compared, shop.app.count("events")), (0, 0));
}

#[tokio::test]
async fn a_sweep_that_stripe_breaks_off_is_told_and_begins_again() {
    let shop = shop().await;
    (0..130).for_each(|number| drop(emit(&shop, number, 2)));
    shop.sim.fail_next("GET", "/v1/events", ApiFault::Html(503), ATTEMPTS);
    let broken = sweep(&shop, None).await;
    assert!(broken.error.is_some() && broken.missing == 0);
    let whole = sweep(&shop, None).await;
    assert_eq!((whole.error, whole.missing), (None, 130));
}

#[tokio::test]
async fn a_key_that_lacks_the_permission_or_is_not_there_is_named() {
    let shop = shop().await;
    let key = shop.sim.api_key(&shop.sim.account(), false);
    shop.sim.restrict_key(&key, &[]);
    let error = sweep(&shop, None).await.error.unwrap();
    assert!(error.contains("rak_event_read"), "{error}");
    let none = Setup::new().start().await;
    let refused = reconcile::run(&none.tollgate, None, &Actor::cli(), |_| {}).await;
    assert!(matches!(refused, Err(Error::BadRequest(text)) if text.contains("keys add")));
}

#[tokio::test]
async fn connected_accounts_that_events_came_from_are_swept_too() {
    let connect = Endpoint { connect: true, account: None, created_at: (SECONDS - 40 * DAY) * 1000, ..row(ENDPOINT) };
    let shop = Shop::start_with(Setup::bare().endpoint(connect, [SECRET])).await;
    let connected = shop.sim.create_account("Bakery");
    let emit = |number: usize| {
        let object = json!({ "id": format!("cus_{number}"), "object": "customer", "created": 5 });
        let options =
            EmitOptions { account: Some(connected.clone()), created: Some(SECONDS - DAY), ..EmitOptions::default() };
        shop.sim.emit_with("customer.created", object, options)
    };
    let (first, lost) = (emit(1), emit(2));
    shop.app.deliver(&shop.sim.event(&first).unwrap()).await;
    let reports = reconcile::run(&shop.app.tollgate, None, &Actor::cli(), |_| {}).await.unwrap();
    let of_connected = reports.iter().find(|report| report.connected).unwrap();
    assert_eq!((of_connected.account.as_deref(), of_connected.missing), (Some(connected.as_str()), 1), "{reports:?}");
    assert_eq!(shop.app.event(&lost).account.as_deref(), Some(connected.as_str()));
    drop(keys::delete(&shop.app.tollgate, shop.key.id, &Actor::cli()).await);
}

// Events are processed, and one of an hour ago never arrived.
async fn live(last_look: i64, every: Option<Duration>) -> (Simulator, TestApp, String) {
    let (clock, sim) = (Clock::System, simulator().await);
    let old = Endpoint { account: None, created_at: clock.now_millis() - 2 * DAY * 1000, ..row(ENDPOINT) };
    let key = ApiKey::parse(&sim.api_key(&sim.account(), false)).unwrap();
    let setup = Setup::bare().endpoint(old, [SECRET]).live().stripe(&sim).config(|config| {
        config.reconcile_every = every;
        config.stripe_api_key = Some(key);
    });
    let note = |conn: &mut _| settings::set(conn, "reconcile.begun", &last_look.to_string());
    setup.db().open().write(Lane::Ordinary, note).unwrap();
    let object = json!({ "id": "cus_1", "object": "customer", "created": 5, "name": "x" });
    let at = EmitOptions { created: Some(clock.now_seconds() - 3600), ..EmitOptions::default() };
    let id = sim.emit_with("customer.created", object, at);
    (sim, setup.start().await, id)
}

async fn until_processed(app: &TestApp, id: &str) {
    until("the event is processed", || async {
        app.find_event(id).filter(|event| event.status == Status::Processed).map(drop)
    })
    .await;
}

#[tokio::test]
async fn when_the_interval_is_over_missed_events_are_fetched_by_themselves() {
    let (_sim, app, id) = live(0, Some(Duration::from_secs(3600))).await;
    until_processed(&app, &id).await;
    let page = || app.read(|conn| audit::list(conn, Some("events"), Cursor::Newest, 9));
    let noted = until("it is noted", || async { page().rows.into_iter().next() }).await;
    assert_eq!((noted.actor.as_str(), noted.detail.as_str()), ("schedule", "1 were missing"));
    let standing = schedule::standing(&app.tollgate).await.unwrap();
    assert_eq!((standing.reports[0].missing, standing.is_running, standing.wanted_by), (1, false, None));
    assert!(standing.begun_at.is_some_and(|at| at > 0));
}

#[tokio::test]
async fn whoever_asks_need_not_wait_for_the_interval() {
    let (_sim, app, id) = live(Clock::System.now_millis(), None).await;
    schedule::ask(&app.tollgate, &Actor::cli()).await.unwrap();
    until_processed(&app, &id).await;
}
