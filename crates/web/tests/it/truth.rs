//! The mirror is kept true in the background: gaps, ties, lists that go on, samples, references.

use serde_json::{Value, json};
use tollgate::audit::Actor;
use tollgate::models::mirror::{self, Subject};
use tollgate::models::page::Cursor;
use tollgate::models::refetches::{self, NewRefetch, Reason, Refetch, Status};
use tollgate::reconcile::{self, schedule};
use tollgate::{Error, refetch};
use tollgate_stripe_sim::{ApiFault, EmitOptions};

use crate::support::{ATTEMPTS, ENDPOINT, NOW, SECONDS, SECRET, Setup, Shop, row};

async fn shop() -> Shop {
    shop_with(|_| {}).await
}

async fn shop_with(change: impl FnOnce(&mut tollgate::Config)) -> Shop {
    let mut old = row(ENDPOINT);
    old.account = None;
    old.created_at = NOW - 86_400_000;
    let shop = Shop::start_with(Setup::bare().endpoint(old, [SECRET]).config(change)).await;
    // What comes from now on is looked at.
    look(&shop).await;
    shop
}

async fn look(shop: &Shop) -> usize {
    let tollgate = shop.app.tollgate.clone();
    tokio::task::spawn_blocking(move || tollgate.workers().look_after_mirror()).await.unwrap().unwrap()
}

fn customer(name: &str) -> Value {
    json!({ "id": "cus_1", "object": "customer", "created": SECONDS - 900, "name": name, "livemode": false })
}

/// Something happens at Stripe at a time before now; its event's id.
fn emit(shop: &Shop, event_type: &str, object: Value, seconds_ago: i64, previous: Option<Value>) -> String {
    let at =
        EmitOptions { created: Some(SECONDS - seconds_ago), previous_attributes: previous, ..EmitOptions::default() };
    shop.sim.emit_with(event_type, object, at)
}

async fn arrives(shop: &Shop, id: &str) {
    shop.app.deliver(&shop.sim.event(id).unwrap()).await;
    shop.app.run_workers().await;
}

fn refetches_of(shop: &Shop) -> Vec<Refetch> {
    shop.app.read(|conn| refetches::list(conn, &refetches::Filter::default(), Cursor::Newest, 100)).rows
}

fn name_of(shop: &Shop) -> Value {
    shop.app.object("cus_1").unwrap().json()["name"].clone()
}

const CUSTOMER: Subject<'_> = Subject { object: "customer", id: "cus_1", livemode: false, account: None };

async fn want(shop: &Shop, subject: Subject<'static>, reason: Reason) {
    let wanted = move |conn: &mut _| refetches::want(conn, &[NewRefetch::new(subject, reason, NOW)]);
    shop.app.tollgate.db().write(wanted).await.unwrap();
}

#[tokio::test]
async fn an_event_that_never_arrived_is_noticed_by_the_next_one() {
    let shop = shop().await;
    let created = emit(&shop, "customer.created", customer("a"), 600, None);
    arrives(&shop, &created).await;
    let lost = emit(&shop, "customer.updated", customer("b"), 500, Some(json!({ "name": "a" })));
    let last = emit(&shop, "customer.updated", customer("c"), 400, Some(json!({ "name": "b" })));
    arrives(&shop, &last).await;
    look(&shop).await;
    assert!(refetches_of(&shop).is_empty(), "the one before may still be on its way");
    shop.app.advance(121_000);
    assert_eq!(look(&shop).await, 1);
    let found = refetches_of(&shop).remove(0);
    assert_eq!((found.reason, found.status, found.detail.as_str()), (Reason::Gap, Status::Done, "name"));
    assert_eq!((found.event_id.as_deref(), found.object_id.as_str()), (Some(last.as_str()), "cus_1"));
    assert_eq!(schedule::standing(&shop.app.tollgate).await.unwrap().wanted_by.as_deref(), Some("a gap in the events"));
    let reports = reconcile::run(&shop.app.tollgate, None, &Actor::cli(), |_| {}).await.unwrap();
    assert_eq!(reports[0].ids, [lost]);
    assert_eq!((look(&shop).await, refetches_of(&shop).len()), (0, 1), "each event is looked at once");
}

#[tokio::test]
async fn an_unbroken_history_in_any_order_is_no_gap() {
    let shop = shop().await;
    let events = [
        emit(&shop, "customer.updated", customer("c"), 400, Some(json!({ "name": "b" }))),
        emit(&shop, "customer.created", customer("a"), 600, None),
        emit(&shop, "customer.updated", customer("b"), 500, Some(json!({ "name": "a" }))),
    ];
    for id in &events {
        arrives(&shop, id).await;
    }
    shop.app.advance(121_000);
    look(&shop).await;
    assert!(refetches_of(&shop).is_empty());
}

#[tokio::test]
async fn one_change_that_several_events_tell_is_no_gap_in_any_order() {
    let shop = shop_with(|config| config.samples = 0).await;
    let events = [
        ("customer.created", "a", None),
        ("customer.updated", "b", Some(json!({ "name": "a" }))),
        ("customer.tax_id.updated", "b", None),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [2, 0, 1], [1, 2, 0]] {
        for number in order {
            let (event_type, name, previous) = events[number].clone();
            let id = emit(&shop, event_type, customer(name), 500, previous);
            arrives(&shop, &id).await;
        }
        shop.app.advance(121_000);
        look(&shop).await;
        let gaps = refetches_of(&shop).into_iter().filter(|found| found.reason == Reason::Gap).count();
        assert_eq!(gaps, 0, "{order:?}");
        shop.app.execute("DELETE FROM events");
        shop.app.execute("DELETE FROM customers");
    }
}

#[tokio::test]
async fn a_business_of_which_every_event_arrives_has_no_gap_though_they_arrive_backwards() {
    let shop = shop_with(|config| config.samples = 0).await;
    while shop.sim.event_ids().len() < 400 {
        shop.sim.business().step().await;
        shop.sim.clock().advance(20);
    }
    for id in shop.sim.event_ids().iter().rev() {
        shop.app.deliver(&shop.sim.event(id).unwrap()).await;
    }
    shop.app.run_workers().await;
    shop.app.advance(121_000);
    look(&shop).await;
    let gaps: Vec<Refetch> = refetches_of(&shop).into_iter().filter(|found| found.reason == Reason::Gap).collect();
    assert!(gaps.is_empty(), "{gaps:?}");
    let wanted = schedule::standing(&shop.app.tollgate).await.unwrap().wanted_by;
    assert_eq!(wanted, None, "Stripe's log is not asked for nothing");
}

#[tokio::test]
async fn a_tie_that_nothing_settles_is_settled_by_stripe() {
    let shop = shop().await;
    let (first, second) = (
        emit(&shop, "customer.updated", customer("a"), 500, None),
        emit(&shop, "customer.updated", customer("b"), 500, None),
    );
    // The later one arrives first.
    arrives(&shop, &second).await;
    arrives(&shop, &first).await;
    assert_eq!(name_of(&shop), "a");
    assert_eq!(look(&shop).await, 1);
    let found = refetches_of(&shop).remove(0);
    assert_eq!((found.reason, found.status, found.differing()), (Reason::Tie, Status::Done, vec!["name".to_owned()]));
    assert_eq!(name_of(&shop), "b");
}

fn item(number: usize) -> Value {
    json!({ "id": format!("si_{number:05}"), "object": "subscription_item", "created": SECONDS - number as i64,
            "subscription": "sub_1", "quantity": number })
}

fn subscription(items: Vec<Value>, more: bool) -> Value {
    json!({
        "id": "sub_1", "object": "subscription", "created": SECONDS - 900, "customer": "cus_1", "status": "active",
        "livemode": false,
        "items": { "object": "list", "data": items, "has_more": more,
                   "url": "/v1/subscription_items?subscription=sub_1" },
    })
}

#[tokio::test]
async fn a_list_that_goes_on_at_stripe_is_fetched_to_its_end() {
    let shop = shop().await;
    let cut = subscription((0..10).map(item).collect(), true);
    let id = emit(&shop, "customer.subscription.updated", cut.clone(), 500, None);
    shop.sim.put_object(subscription((0..130).map(item).collect(), false));
    // Stripe shows ten entries inside the object.
    shop.sim.fail_next("GET", "/v1/subscriptions/sub_1", ApiFault::Status(200, cut), 1);
    arrives(&shop, &id).await;
    assert_eq!(shop.app.count("subscription_items"), 10);
    assert_eq!(look(&shop).await, 1);
    let found = refetches_of(&shop).remove(0);
    assert_eq!((found.reason, found.status, found.last_error.clone()), (Reason::List, Status::Done, None), "{found:?}");
    assert_eq!(shop.app.count("subscription_items WHERE deleted_at IS NULL"), 130);
    assert_eq!(shop.app.object("sub_1").unwrap().json()["items"]["data"].as_array().unwrap().len(), 130);
}

#[tokio::test]
async fn a_list_that_is_too_long_stays_cut_and_the_object_is_stored_all_the_same() {
    let shop = shop().await;
    let cut = subscription((0..10).map(item).collect(), true);
    let id = emit(&shop, "customer.subscription.updated", cut.clone(), 500, None);
    arrives(&shop, &id).await;
    shop.sim.put_object(subscription((0..10_050).map(item).collect(), false));
    shop.sim.fail_next("GET", "/v1/subscriptions/sub_1", ApiFault::Status(200, cut), 1);
    look(&shop).await;
    let found = refetches_of(&shop).remove(0);
    assert_eq!((found.reason, found.status, found.last_error.clone()), (Reason::List, Status::Done, None), "{found:?}");
    assert_eq!(shop.app.count("subscription_items WHERE deleted_at IS NULL"), 10);
    assert_eq!(shop.app.object("sub_1").unwrap().json()["items"]["has_more"], true);
}

#[tokio::test]
async fn a_sample_that_differs_from_stripe_is_named_and_mended() {
    let shop = shop().await;
    let id = emit(&shop, "customer.created", customer("a"), 600, None);
    arrives(&shop, &id).await;
    shop.sim.put_object(customer("changed without a word"));
    assert_eq!(look(&shop).await, 0, "an hour is not over");
    shop.app.advance(3_600_000);
    assert_eq!(look(&shop).await, 1);
    let found = refetches_of(&shop).remove(0);
    assert_eq!((found.reason, found.differing()), (Reason::Sample, vec!["name".to_owned()]));
    assert_eq!(found.event_id, Some(id), "what it should be compared with");
    assert_eq!(name_of(&shop), "changed without a word");
    shop.app.advance(3_600_000);
    assert_eq!(look(&shop).await, 1);
    assert!(refetches_of(&shop)[0].differing().is_empty());
}

#[tokio::test]
async fn no_samples_are_drawn_where_the_settings_want_none() {
    let shop = shop_with(|config| config.samples = 0).await;
    let id = emit(&shop, "customer.created", customer("a"), 600, None);
    arrives(&shop, &id).await;
    shop.app.advance(7_200_000);
    assert_eq!(look(&shop).await, 0);
}

#[tokio::test]
async fn what_was_found_is_forgotten_after_90_days() {
    let shop = shop_with(|config| config.samples = 0).await;
    want(&shop, CUSTOMER, Reason::Tie).await;
    look(&shop).await;
    shop.app.advance(90 * 86_400_000);
    look(&shop).await;
    assert_eq!(refetches_of(&shop).len(), 1);
    shop.app.advance(3_600_000);
    look(&shop).await;
    assert!(refetches_of(&shop).is_empty());
}

#[tokio::test]
async fn what_others_refer_to_and_is_not_here_is_fetched_once() {
    let shop = shop_with(|config| (config.fetch_references, config.samples) = (true, 0)).await;
    shop.sim.put_object(customer("a"));
    let invoice = |id: &str, customer: &str| json!({ "id": id, "object": "invoice", "created": SECONDS - 700, "customer": customer, "livemode": false });
    for (id, customer) in [("in_1", "cus_1"), ("in_2", "cus_1"), ("in_3", "cus_unknown")] {
        let event = emit(&shop, "invoice.created", invoice(id, customer), 600, None);
        arrives(&shop, &event).await;
    }
    let day = 86_400_000;
    shop.app.advance(day);
    assert_eq!(look(&shop).await, 2);
    let mut found: Vec<_> = refetches_of(&shop).into_iter().map(|one| (one.object_id, one.status)).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(found, [("cus_1".to_owned(), Status::Done), ("cus_unknown".to_owned(), Status::Gone)]);
    assert_eq!(name_of(&shop), "a");
    shop.app.advance(day);
    assert_eq!(look(&shop).await, 0, "once each");
}

#[tokio::test]
async fn whoever_asks_is_told_what_was_otherwise() {
    let shop = shop().await;
    let id = emit(&shop, "customer.created", customer("a"), 600, None);
    arrives(&shop, &id).await;
    shop.sim.put_object(customer("b"));
    let outcome = refetch::now(&shop.app.tollgate, CUSTOMER, &Actor::cli()).await.unwrap();
    assert_eq!(
        (outcome.status, outcome.differing.as_slice(), outcome.stored),
        (Status::Done, &["name".to_owned()][..], true)
    );
    assert_eq!(shop.audit("cus_1"), [("cli".to_owned(), "object.fetched".to_owned())]);
    let versions = shop.app.read(|conn| mirror::history(conn, CUSTOMER, 10));
    assert_eq!(versions.len(), 2, "what was fetched is in the history");
    shop.sim.put_object(json!({ "id": "cus_1", "object": "customer", "deleted": true }));
    shop.app.advance(1000);
    let outcome = refetch::now(&shop.app.tollgate, CUSTOMER, &Actor::cli()).await.unwrap();
    let gone = shop.app.object("cus_1").unwrap();
    assert_eq!((outcome.status, gone.deleted_at.is_some(), &gone.json()["name"]), (Status::Gone, true, &json!("b")));
    let unknown = Subject { object: "weather", ..CUSTOMER };
    assert!(refetch::now(&shop.app.tollgate, unknown, &Actor::cli()).await.is_err());
    shop.sim.revoke_key(&shop.sim.api_key(&shop.sim.account(), false));
    assert!(matches!(refetch::now(&shop.app.tollgate, CUSTOMER, &Actor::cli()).await, Err(Error::Stripe(_))));
}

#[tokio::test]
async fn an_event_that_is_newer_than_what_was_fetched_stays() {
    let shop = shop().await;
    let id = emit(&shop, "customer.updated", customer("from the future"), -5, None);
    arrives(&shop, &id).await;
    shop.sim.put_object(customer("old"));
    let outcome = refetch::now(&shop.app.tollgate, CUSTOMER, &Actor::cli()).await.unwrap();
    assert!(!outcome.stored);
    assert_eq!(name_of(&shop), "from the future");
}

#[tokio::test]
async fn what_cannot_be_fetched_is_tried_again_and_then_given_up() {
    let shop = shop_with(|config| config.samples = 0).await;
    want(&shop, CUSTOMER, Reason::Tie).await;
    want(&shop, CUSTOMER, Reason::Tie).await;
    for wait in [0, 60_000, 300_000, 1_800_000, 10_800_000] {
        shop.app.advance(wait);
        shop.sim.fail_next("GET", "/v1/customers/cus_1", ApiFault::Error500, ATTEMPTS);
        assert_eq!(look(&shop).await, 1, "after {wait} ms");
        assert_eq!(look(&shop).await, 0);
    }
    let found = refetches_of(&shop);
    assert_eq!((found.len(), found[0].status, found[0].attempts), (1, Status::Failed, 5));
    // What Stripe refuses is not asked for again.
    want(&shop, Subject { object: "weather", ..CUSTOMER }, Reason::Tie).await;
    look(&shop).await;
    let refused = refetches_of(&shop).remove(0);
    assert_eq!((refused.status, refused.attempts), (Status::Failed, 1));
    assert!(refused.last_error.unwrap().contains("weather"));
}

#[tokio::test]
async fn an_event_that_names_what_cannot_be_stored_is_processed_and_nothing_asked_for() {
    let shop = shop_with(|config| config.samples = 0).await;
    for (number, name) in ["a", "b"].into_iter().enumerate() {
        let object = json!({ "id": "cus_\0", "object": "customer", "created": 5, "name": name });
        let mut event = crate::support::event(&format!("evt_{number}"), "customer.updated");
        event["data"]["object"] = object;
        arrives_as(&shop, &event).await;
    }
    assert_eq!(shop.app.count("events WHERE status = 'processed'"), 2);
    assert_eq!((look(&shop).await, refetches_of(&shop).len()), (0, 0));
}

async fn arrives_as(shop: &Shop, event: &Value) {
    shop.app.deliver(event).await;
    shop.app.run_workers().await;
}
