//! Subscriptions as time passes: trials, renewals, dunning, changes, discounts.

use serde_json::{Value, json};

use crate::support::NOW;
use crate::support::shop::{DAY, Shop, made, types};

const MONTHLY: &str = "&recurring[interval]=month";
const HOUR: i64 = 3600;

/// Whether the types come in this order, with others between them.
fn in_order(told: &[String], wanted: &[&str]) -> bool {
    let mut rest = told.iter();
    wanted.iter().all(|wanted| rest.any(|told| told == wanted))
}

#[tokio::test]
async fn a_subscription_begins_paid_and_renews_by_its_clock() {
    let shop = Shop::with_card("pm_card_visa").await;
    let price = shop.price(1500, MONTHLY).await;
    let before = shop.sim.event_ids().len();
    let id = made(&shop.subscribe(&price, "").await);
    let told = types(&shop.sim, before);
    let first = ["customer.subscription.created", "invoice.finalized", "charge.succeeded", "payment_intent.succeeded"];
    assert!(in_order(&told, &first) && told.contains(&"invoice.paid".to_owned()), "{told:?}");
    assert_eq!(
        (shop.object(&id)["status"].clone(), shop.invoice(&id)["amount_paid"].clone()),
        (json!("active"), json!(1500))
    );
    let end = shop.object(&id)["items"]["data"][0]["current_period_end"].as_i64().unwrap();
    let told = shop.advance_to(end - NOW + 2 * HOUR).await;
    let renewal =
        ["invoice.upcoming", "invoice.created", "customer.subscription.updated", "invoice.finalized", "invoice.paid"];
    assert!(in_order(&told, &renewal), "{told:?}");
    let renewed = shop.object(&id);
    assert_eq!(renewed["items"]["data"][0]["current_period_start"], json!(end));
    assert_eq!(shop.invoice(&id)["billing_reason"], "subscription_cycle");
    assert_eq!(shop.sim.objects("charge").len(), 2);
}

#[tokio::test]
async fn a_trial_is_warned_of_and_then_paid_for() {
    let shop = Shop::with_card("pm_card_visa").await;
    let price = shop.price(1500, MONTHLY).await;
    let id = made(&shop.subscribe(&price, "&trial_period_days=14").await);
    assert_eq!((shop.object(&id)["status"].clone(), shop.invoice(&id)["total"].clone()), (json!("trialing"), json!(0)));
    let told = shop.advance_to(12 * DAY).await;
    assert!(told.contains(&"customer.subscription.trial_will_end".to_owned()), "{told:?}");
    let told = shop.advance_to(14 * DAY + 2 * HOUR).await;
    assert!(in_order(&told, &["customer.subscription.updated", "invoice.paid"]), "{told:?}");
    assert_eq!(
        (shop.object(&id)["status"].clone(), shop.invoice(&id)["amount_paid"].clone()),
        (json!("active"), json!(1500))
    );
}

#[tokio::test]
async fn a_trial_without_a_card_ends_as_was_asked() {
    let sim = crate::support::builder().start().await.unwrap();
    let api = crate::support::Api::of(&sim);
    let clock = made(&api.post("/v1/test_helpers/test_clocks", &format!("frozen_time={NOW}")).await);
    let customer = made(&api.post("/v1/customers", &format!("test_clock={clock}")).await);
    let shop = Shop { sim, api, clock, customer };
    let price = shop.price(1500, MONTHLY).await;
    let refused = shop.subscribe(&price, "").await;
    assert_eq!((refused.status, refused.refusal().1), (400, Some("resource_missing")), "there is nothing to pay with");
    let terms = "&trial_period_days=7&trial_settings[end_behavior][missing_payment_method]=";
    let canceled = made(&shop.subscribe(&price, &format!("{terms}cancel")).await);
    let paused = made(&shop.subscribe(&price, &format!("{terms}pause")).await);
    shop.advance_to(8 * DAY).await;
    assert_eq!(shop.object(&canceled)["status"], "canceled");
    assert_eq!(shop.object(&paused)["status"], "paused");
    let card = shop.api.post("/v1/payment_methods/pm_card_visa/attach", &format!("customer={}", shop.customer)).await;
    let form = format!("invoice_settings[default_payment_method]={}", made(&card));
    made(&shop.api.post(&format!("/v1/customers/{}", shop.customer), &form).await);
    let resumed = shop.api.post(&format!("/v1/subscriptions/{paused}/resume"), "").await;
    assert_eq!(resumed.body["status"], "active", "{}", resumed.body);
}

#[tokio::test]
async fn a_declined_renewal_is_tried_three_times_more_and_then_given_up() {
    let shop = Shop::with_card("pm_card_visa").await;
    let price = shop.price(1500, MONTHLY).await;
    let id = made(&shop.subscribe(&price, "").await);
    let bad = shop
        .api
        .post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", &format!("customer={}", shop.customer))
        .await;
    let form = format!("invoice_settings[default_payment_method]={}", made(&bad));
    made(&shop.api.post(&format!("/v1/customers/{}", shop.customer), &form).await);
    let end = shop.object(&id)["items"]["data"][0]["current_period_end"].as_i64().unwrap() - NOW;
    let told = shop.advance_to(end + 2 * HOUR).await;
    assert!(in_order(&told, &["payment_intent.payment_failed", "invoice.payment_failed"]), "{told:?}");
    assert_eq!(shop.object(&id)["status"], "past_due");
    assert_eq!(shop.object(&shop.customer)["delinquent"], true);
    assert_eq!(shop.invoice(&id)["attempt_count"], 1);
    let told = shop.advance_to(end + 20 * DAY).await;
    let failed = told.iter().filter(|told| *told == "invoice.payment_failed").count();
    assert_eq!((failed, shop.invoice(&id)["attempt_count"].clone()), (3, json!(4)));
    assert!(in_order(&told, &["invoice.marked_uncollectible", "customer.subscription.deleted"]), "{told:?}");
    assert_eq!(shop.object(&id)["cancellation_details"]["reason"], "payment_failed");
}

#[tokio::test]
async fn a_first_payment_that_never_comes_expires_the_subscription() {
    let shop = Shop::with_card("pm_card_visa").await;
    let price = shop.price(1500, MONTHLY).await;
    let id = made(&shop.subscribe(&price, "&payment_behavior=default_incomplete").await);
    assert_eq!(shop.object(&id)["status"], "incomplete");
    shop.advance_to(DAY).await;
    assert_eq!(
        (shop.object(&id)["status"].clone(), shop.invoice(&id)["status"].clone()),
        (json!("incomplete_expired"), json!("void"))
    );
}

#[tokio::test]
async fn a_change_of_plan_is_prorated_to_the_second() {
    let shop = Shop::with_card("pm_card_visa").await;
    let (small, big) = (shop.price(3000, MONTHLY).await, shop.price(6000, MONTHLY).await);
    let id = made(&shop.subscribe(&small, "").await);
    let item = shop.object(&id)["items"]["data"][0].clone();
    let (start, end) = (item["current_period_start"].as_i64().unwrap(), item["current_period_end"].as_i64().unwrap());
    shop.advance_to((end - start) / 2).await;
    let form = format!(
        "items[0][id]={}&items[0][price]={big}&proration_behavior=always_invoice",
        item["id"].as_str().unwrap()
    );
    made(&shop.api.post(&format!("/v1/subscriptions/{id}"), &form).await);
    let invoice = shop.invoice(&id);
    let amounts: Vec<_> =
        invoice["lines"]["data"].as_array().unwrap().iter().map(|line| line["amount"].clone()).collect();
    assert_eq!((amounts, invoice["amount_paid"].clone()), (vec![json!(-1500), json!(3000)], json!(1500)), "{invoice}");
    let event = shop.sim.event_ids().into_iter().map(|id| shop.sim.event(&id).unwrap());
    let changes: Vec<Value> = event.filter(|event| event["type"] == "customer.subscription.updated").collect();
    let before =
        &changes.iter().find(|event| event["data"]["previous_attributes"]["items"].is_object()).unwrap()["data"];
    assert_eq!(before["previous_attributes"]["items"]["data"][0]["price"]["id"], small.as_str());
}

#[tokio::test]
async fn discounts_end_when_their_coupon_says() {
    let shop = Shop::with_card("pm_card_visa").await;
    let price = shop.price(1000, MONTHLY).await;
    made(&shop.api.post("/v1/coupons", "id=SPRING&percent_off=25&duration=once&max_redemptions=1").await);
    let id = made(&shop.subscribe(&price, "&discounts[0][coupon]=SPRING").await);
    assert_eq!(shop.invoice(&id)["amount_paid"], 750);
    assert_eq!(shop.api.get("/v1/coupons/SPRING").await.body["valid"], false, "it was good for one");
    let again = shop.subscribe(&price, "&discounts[0][coupon]=SPRING").await;
    assert_eq!(again.refusal().1, Some("coupon_expired"));
    let end = shop.object(&id)["items"]["data"][0]["current_period_end"].as_i64().unwrap() - NOW;
    let told = shop.advance_to(end + 2 * HOUR).await;
    assert!(told.contains(&"customer.discount.deleted".to_owned()), "{told:?}");
    assert_eq!(shop.invoice(&id)["amount_paid"], 1000);
    for (form, code) in [
        ("percent_off=25&amount_off=5&currency=usd&duration=once", None),
        ("percent_off=101&duration=once", None),
        ("duration=once", None),
        ("percent_off=5&duration=sometimes", None),
        ("id=SPRING&percent_off=5&duration=once", Some("resource_already_exists")),
    ] {
        let answer = shop.api.post("/v1/coupons", form).await;
        assert_eq!((answer.status, answer.refusal().1), (400, code), "{form}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_clock_goes_forward_and_not_too_far() {
    let shop = Shop::with_card("pm_card_visa").await;
    let path = format!("/v1/test_helpers/test_clocks/{}/advance", shop.clock);
    for (form, message) in [
        (format!("frozen_time={NOW}"), "must be after"),
        (format!("frozen_time={}", NOW + 3 * 365 * DAY), "two years"),
        ("frozen_time=tomorrow".to_owned(), "Invalid integer"),
        (String::new(), "Missing required param"),
    ] {
        let answer = shop.api.post(&path, &form).await;
        assert!(answer.status == 400 && answer.refusal().2.contains(message), "{form}: {}", answer.body);
    }
    let price = shop.price(1500, MONTHLY).await;
    let id = made(&shop.subscribe(&price, "").await);
    assert_eq!(shop.api.delete(&format!("/v1/test_helpers/test_clocks/{}", shop.clock)).await.body["deleted"], true);
    assert_eq!(shop.object(&id)["status"], "canceled", "what stood on the clock goes with it");
    assert_eq!(shop.object(&shop.customer)["deleted"], true);
}
