//! The core objects: create, read, change, list, delete.

use serde_json::{Value, json};

use crate::support::{NOW, start};

fn types(sim: &tollgate_stripe_sim::Simulator) -> Vec<String> {
    sim.event_ids().iter().map(|id| sim.event(id).unwrap()["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_customer_lives_and_dies() {
    let (sim, api) = start().await;
    let made = api.post("/v1/customers", "name=Ada&email=ada@a.example&metadata[k]=v").await.body;
    let path = format!("/v1/customers/{}", made["id"].as_str().unwrap());
    assert_eq!(
        (&made["object"], &made["created"], &made["metadata"]["k"]),
        (&json!("customer"), &json!(NOW), &json!("v"))
    );
    let changed = api.post(&path, "name=&phone=%2B1555&metadata[k]=&metadata[l]=w").await.body;
    assert_eq!((&changed["name"], &changed["phone"]), (&Value::Null, &json!("+1555")));
    let event = sim.event(&sim.event_ids()[1]).unwrap();
    assert_eq!(
        event["data"]["previous_attributes"],
        json!({"metadata": {"k": "v", "l": null}, "name": "Ada", "phone": null})
    );
    api.post(&path, "").await;
    let gone = json!({"id": made["id"], "object": "customer", "deleted": true});
    assert_eq!(api.delete(&path).await.body, gone);
    assert_eq!(api.get(&path).await.body, gone, "a deleted customer can be read as such");
    assert_eq!(api.post(&path, "name=Eve").await.status, 404);
    assert!(api.get("/v1/customers").await.ids().is_empty());
    assert_eq!(types(&sim), ["customer.created", "customer.updated", "customer.deleted"], "no change, no event");
}

#[tokio::test]
async fn products_and_prices_hang_together() {
    let (sim, api) = start().await;
    let product = api.post("/v1/products", "name=Box&description=Small").await.body["id"].as_str().unwrap().to_owned();
    let terms = format!("product={product}&currency=usd&unit_amount=500");
    let price = api.post("/v1/prices", &format!("{terms}&recurring[interval]=month")).await.body;
    assert_eq!((&price["type"], &price["recurring"]["interval_count"]), (&json!("recurring"), &json!(1)));
    assert_eq!(api.post("/v1/prices", &terms).await.body["type"], "one_time");
    let refused = [
        (terms.replace(&product, "prod_none"), (400, Some("resource_missing"))),
        (format!("{terms}&recurring[interval]=fortnight"), (400, None)),
        (format!("{terms}&recurring[colour]=red"), (400, Some("parameter_unknown"))),
        ("currency=usd&unit_amount=5".to_owned(), (400, Some("parameter_missing"))),
        (format!("product={product}&currency=usd&unit_amount=x"), (400, Some("parameter_invalid_integer"))),
    ];
    for (form, expected) in refused {
        let answer = api.post("/v1/prices", &form).await;
        assert_eq!((answer.refusal().0, answer.refusal().1), expected, "{form}");
    }
    assert_eq!(api.delete(&format!("/v1/products/{product}")).await.status, 400, "it has prices");
    let path = format!("/v1/prices/{}", price["id"].as_str().unwrap());
    assert_eq!(api.post(&path, "active=false").await.body["active"], false);
    assert_eq!(api.get(&format!("/v1/prices?product={product}&active=true")).await.ids().len(), 1);
    assert_eq!(types(&sim), ["product.created", "price.created", "price.created", "price.updated"]);
}

#[tokio::test]
async fn a_product_without_prices_can_be_deleted_and_is_then_missing() {
    let (_sim, api) = start().await;
    let id = api.post("/v1/products", "name=Box").await.body["id"].as_str().unwrap().to_owned();
    assert_eq!(api.delete(&format!("/v1/products/{id}")).await.body["deleted"], true);
    let missing = format!("No such product: '{id}'");
    let answer = api.get(&format!("/v1/products/{id}")).await;
    assert_eq!(answer.refusal(), (404, Some("resource_missing"), missing.as_str(), Some("id")));
}

#[tokio::test]
async fn refunds_change_the_charge_until_nothing_is_left() {
    let (sim, api) = start().await;
    let charge = json!({
        "id": "ch_1", "object": "charge", "amount": 1000, "amount_refunded": 0, "currency": "usd", "disputed": false,
        "paid": true, "payment_intent": "pi_1", "refunded": false,
    });
    sim.put_object(charge);
    sim.put_object(json!({"id": "pi_1", "object": "payment_intent", "latest_charge": "ch_1"}));
    let part = api.post("/v1/refunds", "charge=ch_1&amount=400&reason=duplicate&metadata[k]=v").await.body;
    assert_eq!(
        (&part["amount"], &part["status"], &part["metadata"]["k"]),
        (&json!(400), &json!("succeeded"), &json!("v"))
    );
    let too_much = api.post("/v1/refunds", "charge=ch_1&amount=700").await;
    let message = "Refund amount (700) is greater than unrefunded amount on charge (600)";
    assert_eq!(too_much.refusal(), (400, None, message, Some("amount")));
    assert_eq!(api.post("/v1/refunds", "payment_intent=pi_1").await.body["amount"], 600);
    let charge = sim.object("ch_1").unwrap();
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&json!(1000), &json!(true)));
    assert_eq!(api.post("/v1/refunds", "charge=ch_1").await.refusal().1, Some("charge_already_refunded"));
    assert_eq!(api.get("/v1/refunds?charge=ch_1").await.ids().len(), 2);
    let balance = api.get(&format!("/v1/balance_transactions?source={}", part["id"].as_str().unwrap())).await;
    assert_eq!(balance.body["data"][0]["amount"], -400);
    assert_eq!(types(&sim), ["refund.created", "charge.refunded", "refund.created", "charge.refunded"]);
}

#[tokio::test]
async fn refunds_that_cannot_be_are_refused() {
    let (sim, api) = start().await;
    let charge = |id: &str, paid: bool, disputed: bool| {
        json!({
            "id": id, "object": "charge", "amount": 1000, "amount_refunded": 0, "paid": paid, "disputed": disputed,
        })
    };
    sim.put_object(charge("ch_failed", false, false));
    sim.put_object(charge("ch_disputed", true, true));
    sim.put_object(charge("ch_good", true, false));
    sim.put_object(json!({"id": "pi_1", "object": "payment_intent", "latest_charge": "ch_good"}));
    let cases = [
        ("", None, 400),
        ("charge=ch_good&payment_intent=pi_1", None, 400),
        ("charge=ch_none", Some("resource_missing"), 400),
        ("charge=ch_failed", None, 400),
        ("charge=ch_disputed", Some("charge_disputed"), 400),
        ("charge=ch_good&amount=0", Some("parameter_invalid_integer"), 400),
        ("charge=ch_good&reason=mood", None, 400),
    ];
    for (form, code, status) in cases {
        let answer = api.post("/v1/refunds", form).await;
        assert_eq!((answer.refusal().0, answer.refusal().1), (status, code), "{form}");
    }
    assert!(sim.event_ids().is_empty());
}

#[tokio::test]
async fn a_subscription_is_cancelled_at_the_end_or_now() {
    let (sim, api) = start().await;
    let business = sim.business();
    while sim.objects("subscription").is_empty() {
        business.step().await;
    }
    let id = sim.objects("subscription")[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/subscriptions/{id}");
    let end = sim.object(&id).unwrap()["items"]["data"][0]["current_period_end"].clone();
    let later = api.post(&path, "cancel_at_period_end=true").await.body;
    assert_eq!((&later["cancel_at"], &later["canceled_at"]), (&end, &json!(NOW)));
    assert_eq!(api.post(&path, "cancel_at_period_end=false").await.body["cancel_at"], Value::Null);
    assert_eq!(api.get(&format!("/v1/subscription_items?subscription={id}")).await.ids().len(), 1);
    let ended = api.delete(&path).await.body;
    assert_eq!((&ended["status"], &ended["ended_at"]), (&json!("canceled"), &json!(NOW)));
    assert_eq!(api.delete(&path).await.status, 404);
    assert!(!api.get("/v1/subscriptions").await.ids().contains(&id.as_str()));
    assert!(api.get("/v1/subscriptions?status=all").await.ids().contains(&id.as_str()));
    let told = types(&sim);
    assert_eq!(told.last().map(String::as_str), Some("customer.subscription.deleted"));
}

#[tokio::test]
async fn a_deleted_customers_subscriptions_end() {
    let (sim, api) = start().await;
    let business = sim.business();
    while sim.objects("subscription").is_empty() {
        business.step().await;
    }
    let subscription = sim.objects("subscription")[0].clone();
    api.delete(&format!("/v1/customers/{}", subscription["customer"].as_str().unwrap())).await;
    assert_eq!(sim.object(subscription["id"].as_str().unwrap()).unwrap()["status"], "canceled");
    let told = types(&sim);
    assert_eq!(told[told.len() - 2..], ["customer.subscription.deleted", "customer.deleted"]);
}

#[tokio::test]
async fn expand_replaces_ids_by_objects() {
    let (sim, api) = start().await;
    sim.put_object(json!({"id": "cus_1", "object": "customer", "name": "Ada"}));
    sim.put_object(json!({"id": "ch_1", "object": "charge", "customer": "cus_1"}));
    sim.put_object(json!({"id": "re_1", "object": "refund", "charge": "ch_1"}));
    let one = api.get("/v1/refunds/re_1?expand[]=charge.customer").await.body;
    assert_eq!(one["charge"]["customer"]["name"], "Ada");
    let list = api.get("/v1/refunds?expand[]=data.charge").await.body;
    assert_eq!(list["data"][0]["charge"]["id"], "ch_1");
    assert_eq!(api.get("/v1/refunds/re_1").await.body["charge"], "ch_1");
    let deep = api.get("/v1/refunds/re_1?expand[]=a.b.c.d.e").await;
    assert_eq!(deep.refusal().3, Some("expand"));
}

#[tokio::test]
async fn of_what_nothing_makes_there_is_none_until_a_test_brings_one() {
    let (sim, api) = start().await;
    let lists = ["credit_notes", "quotes", "radar/early_fraud_warnings", "files", "subscription_schedules", "topups"];
    for list in lists {
        let answer = api.get(&format!("/v1/{list}")).await;
        assert_eq!((answer.status, answer.ids().len()), (200, 0), "{list}");
    }
    sim.put_object(json!({"id": "qt_1", "object": "quote", "customer": "cus_1", "created": NOW}));
    assert_eq!(api.get("/v1/quotes?customer=cus_1").await.ids(), ["qt_1"]);
    assert_eq!(api.get("/v1/quotes/qt_1").await.body["object"], "quote");
    assert_eq!(api.post("/v1/quotes", "").await.status, 404);
}

#[tokio::test]
async fn an_object_is_found_under_its_own_kind_only() {
    let (sim, api) = start().await;
    sim.put_object(json!({"id": "cus_1", "object": "customer"}));
    assert_eq!(api.get("/v1/charges/cus_1").await.refusal().2, "No such charge: 'cus_1'");
    sim.put_object(json!({"id": "cus_2", "object": "customer", "livemode": true}));
    assert!(api.get("/v1/customers/cus_2").await.refusal().2.contains("a similar object exists in live mode"));
}
