//! Backfills: what Stripe lists is in the mirror, beside live events, after interruptions, and told when it cannot be.

use serde_json::{Value, json};
use tollgate::audit::Actor;
use tollgate::models::endpoints::Endpoint;
use tollgate::models::syncs::Status;
use tollgate::sync::{self, Report, Request};
use tollgate::{Error, Tollgate};
use tollgate_stripe_sim::ApiFault;

use crate::support::{ENDPOINT, SECONDS, SECRET, Setup, Shop, event, row, until};

const DAY: i64 = 86_400;

async fn shop() -> Shop {
    Shop::start_with(Setup::bare().endpoint(Endpoint { account: None, ..row(ENDPOINT) }, [SECRET])).await
}

fn object(kind: &str, id: String, created: i64) -> Value {
    json!({ "id": id, "object": kind, "created": created, "livemode": false, "name": "from Stripe", "metadata": {} })
}

/// So many of them, one after another.
fn fill(shop: &Shop, kind: &str, prefix: &str, count: i64, apart: i64) {
    // Stripe lists the newest first.
    for number in (0..count).rev() {
        shop.sim.put_object(object(kind, format!("{prefix}_{number}"), SECONDS - DAY - number * apart));
    }
}

async fn run(tollgate: &Tollgate, request: Request) -> Report {
    let id = sync::begin(tollgate, &request, &Actor::cli()).await.unwrap();
    sync::work_off(tollgate, id, |_| {}).await.unwrap()
}

fn of(types: &[&str]) -> Request {
    Request { types: types.iter().map(|name| (*name).to_owned()).collect(), since: None }
}

/// Lists that were asked for.
fn pages(shop: &Shop, path: &str) -> usize {
    shop.sim.requests().iter().filter(|request| request.method == "GET" && request.path == path).count()
}

#[tokio::test]
async fn everything_that_stripe_lists_is_here_afterwards() {
    let shop = shop().await;
    fill(&shop, "customer", "cus", 2150, 60);
    fill(&shop, "product", "prod", 3, 1);
    // All of one second, which no time tells apart.
    fill(&shop, "charge", "ch", 250, 0);
    fill(&shop, "payment_method", "pm", 230, 60);
    let report = run(&shop.app.tollgate, Request::default()).await;
    assert_eq!((report.sync.status, report.sync.last_error.clone()), (Status::Done, None));
    for (table, count) in [("customers", 2150), ("products", 3), ("charges", 250), ("payment_methods", 230)] {
        assert_eq!(shop.app.count(table), count, "{table}: {:?}", report.types);
    }
    // In parts: the second in which a page ends is listed twice at most for each.
    let customers = report.types.iter().find(|of| of.object == "customer").unwrap();
    assert!(customers.windows > 3 && customers.ended == customers.windows, "{customers:?}");
    assert!((2150..2150 + customers.windows).contains(&customers.objects), "{customers:?}");
    assert!(pages(&shop, "/v1/customers") <= 22 + 2 * customers.windows as usize);
    assert_eq!(shop.audit(&format!("sync {}", report.sync.id)), [("cli".to_owned(), "sync.begun".to_owned())]);
}

#[tokio::test]
async fn what_is_here_already_is_not_written_again() {
    let shop = shop().await;
    fill(&shop, "customer", "cus", 120, 60);
    assert_eq!(run(&shop.app.tollgate, of(&["customer"])).await.stored(), 120);
    shop.sim.put_object(json!({ "id": "cus_7", "object": "customer", "created": SECONDS - DAY, "name": "other" }));
    shop.app.advance(5000);
    shop.sim.clock().advance(5);
    let again = run(&shop.app.tollgate, of(&["customer"])).await;
    assert_eq!(again.stored(), 1);
    assert_eq!(shop.app.object("cus_7").unwrap().json()["name"], "other");
    assert_eq!(shop.app.count("object_versions"), 121, "the history has each content once");
}

#[tokio::test]
async fn what_is_listed_does_not_overwrite_what_a_newer_event_brought() {
    let shop = shop().await;
    let mut newer = event("evt_1", "customer.updated");
    newer["created"] = json!(SECONDS + 5);
    newer["data"]["object"] = object("customer", "cus_0".to_owned(), SECONDS - DAY);
    newer["data"]["object"]["name"] = json!("from an event");
    shop.app.deliver(&newer).await;
    shop.app.run_workers().await;
    fill(&shop, "customer", "cus", 3, 60);
    let report = run(&shop.app.tollgate, of(&["customer"])).await;
    assert_eq!((report.objects(), report.stored()), (3, 2));
    assert_eq!(shop.app.object("cus_0").unwrap().json()["name"], "from an event");
}

#[tokio::test]
async fn a_backfill_that_was_begun_elsewhere_is_worked_off_by_whoever_processes_events() {
    let setup = Setup::bare().endpoint(Endpoint { account: None, ..row(ENDPOINT) }, [SECRET]).live();
    let shop = Shop::start_with(setup).await;
    fill(&shop, "customer", "cus", 150, 60);
    let id = sync::begin(&shop.app.tollgate, &of(&["customer"]), &Actor::cli()).await.unwrap();
    let report = until("it is done", || async {
        sync::find(&shop.app.tollgate, id).await.ok().filter(|report| report.sync.status == Status::Done)
    })
    .await;
    assert_eq!((report.stored(), shop.app.count("customers")), (150, 150));
}

#[tokio::test]
async fn what_stripe_refuses_is_told_and_the_rest_goes_on() {
    let shop = shop().await;
    fill(&shop, "customer", "cus", 3, 60);
    let refused =
        json!({ "error": { "type": "invalid_request_error", "message": "The provided key lacks rak_product_read" } });
    shop.sim.fail_next("GET", "/v1/products", ApiFault::Status(403, refused), 1);
    let report = run(&shop.app.tollgate, of(&["product", "customer"])).await;
    assert_eq!((report.sync.status, shop.app.count("customers")), (Status::Done, 3));
    let product = report.types.iter().find(|of| of.object == "product").unwrap();
    assert_eq!(product.refused, 1);
    assert!(product.error.contains("rak_product_read"), "{product:?}");
    // A key that is revoked in the middle: nothing can be listed any more, and that is said.
    let key = shop.sim.api_key(&shop.sim.account(), false);
    shop.sim.revoke_key(&key);
    let report = run(&shop.app.tollgate, of(&["product", "customer"])).await;
    assert_eq!(report.sync.status, Status::Failed);
    assert!(report.sync.last_error.is_some_and(|error| error.contains("key") && !error.contains(&key)));
}

#[tokio::test]
async fn a_page_that_is_not_answered_is_asked_for_again() {
    let shop = shop().await;
    fill(&shop, "customer", "cus", 3, 60);
    shop.sim.fail_next("GET", "/v1/customers", ApiFault::Html(503), 2);
    let report = run(&shop.app.tollgate, of(&["customer"])).await;
    assert_eq!((report.sync.status, report.objects(), report.types[0].error.as_str()), (Status::Done, 3, ""));
}

#[tokio::test]
async fn only_what_was_made_since_a_time_is_listed_if_that_is_asked_for() {
    let shop = shop().await;
    fill(&shop, "customer", "cus", 10, DAY);
    let since = Some(SECONDS - 3 * DAY - 1);
    let report = run(&shop.app.tollgate, Request { since, ..of(&["customer"]) }).await;
    assert_eq!((report.objects(), shop.app.count("customers")), (3, 3));
}

#[tokio::test]
async fn one_backfill_at_a_time_and_it_can_be_stopped() {
    let shop = shop().await;
    let tollgate = &shop.app.tollgate;
    let id = sync::begin(tollgate, &of(&["customer"]), &Actor::cli()).await.unwrap();
    assert_eq!(sync::begin(tollgate, &of(&["customer"]), &Actor::cli()).await.unwrap(), id, "the same is the same");
    let other = sync::begin(tollgate, &of(&["product"]), &Actor::cli()).await.unwrap_err();
    assert!(matches!(&other, Error::Conflict(text) if text.contains(&id.to_string())), "{other}");
    sync::stop(tollgate, id, &Actor::cli()).await.unwrap();
    assert!(matches!(sync::stop(tollgate, id, &Actor::cli()).await, Err(Error::Conflict(_))));
    let stopped = sync::work_off(tollgate, id, |_| {}).await.unwrap();
    assert_eq!((stopped.sync.status, stopped.objects()), (Status::Stopped, 0));
    let unknown = sync::begin(tollgate, &of(&["weather"]), &Actor::cli()).await.unwrap_err();
    assert!(matches!(&unknown, Error::BadRequest(text) if text.contains("customer")), "{unknown}");
    assert!(matches!(sync::find(tollgate, 4711).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn connected_accounts_are_backfilled_too() {
    let connect = Endpoint { account: None, connect: true, ..row(ENDPOINT) };
    let shop = Shop::start_with(Setup::bare().endpoint(connect, [SECRET])).await;
    let connected = shop.sim.create_account("Connected");
    let options = tollgate_stripe_sim::EmitOptions { account: Some(connected.clone()), ..Default::default() };
    shop.sim.emit_with("customer.created", object("customer", "cus_theirs".to_owned(), SECONDS - DAY), options);
    fill(&shop, "customer", "cus", 2, 60);
    let report = run(&shop.app.tollgate, of(&["customer"])).await;
    assert_eq!(shop.app.count("customers"), 3, "{report:?}");
    assert_eq!(shop.app.object("cus_theirs").unwrap().account, Some(connected));
}

#[tokio::test]
async fn without_a_key_a_backfill_says_what_to_do() {
    let app = Setup::new().start().await;
    let report = run(&app.tollgate, of(&["customer"])).await;
    assert_eq!(report.sync.status, Status::Failed);
    assert!(report.sync.last_error.unwrap().contains("tollgate keys add"));
}
