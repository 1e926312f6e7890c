//! Payments: intents, invoices by hand, Checkout, payouts.

use serde_json::{Value, json};

use crate::support::shop::{Shop, made, types};
use crate::support::{NOW, start};

#[tokio::test]
async fn an_intent_is_paid_declined_or_waits_for_the_customer() {
    let (sim, api) = start().await;
    let cases = [
        ("pm_card_visa", 200, "succeeded", Value::Null),
        ("pm_card_mastercard", 200, "succeeded", Value::Null),
        ("pm_card_threeDSecureRequired", 200, "requires_action", Value::Null),
        ("pm_card_chargeDeclined", 402, "requires_payment_method", json!("generic_decline")),
        ("pm_card_chargeDeclinedInsufficientFunds", 402, "requires_payment_method", json!("insufficient_funds")),
        ("pm_card_chargeDeclinedExpiredCard", 402, "requires_payment_method", json!("expired_card")),
    ];
    for (card, status, stands, reason) in cases {
        let id = made(&api.post("/v1/payment_intents", "amount=700&currency=usd").await);
        let path = format!("/v1/payment_intents/{id}/confirm");
        let form = format!("payment_method={card}&return_url=https%3A%2F%2Fshop.example%2Fthanks");
        let answer = api.post(&path, &form).await;
        assert_eq!((answer.status, sim.object(&id).unwrap()["status"].as_str()), (status, Some(stands)), "{card}");
        assert_eq!(answer.body["error"]["decline_code"], reason, "{card}: {}", answer.body);
        if status == 402 {
            assert_eq!(answer.body["error"]["type"], "card_error");
            assert!(answer.body["error"]["charge"].is_string(), "{}", answer.body);
        }
    }
    let told = types(&sim, 0);
    for event in
        ["payment_intent.requires_action", "payment_intent.payment_failed", "charge.failed", "charge.succeeded"]
    {
        assert!(told.contains(&event.to_owned()), "{event} in {told:?}");
    }
}

#[tokio::test]
async fn money_is_held_captured_and_let_go() {
    let (sim, api) = start().await;
    let form = "amount=700&currency=usd&capture_method=manual&confirm=true&payment_method=pm_card_visa";
    let held = api.post("/v1/payment_intents", &format!("{form}&off_session=true")).await;
    let id = made(&held);
    assert_eq!((&held.body["status"], &held.body["amount_capturable"]), (&json!("requires_capture"), &json!(700)));
    let path = format!("/v1/payment_intents/{id}");
    let much = api.post(&format!("{path}/capture"), "amount_to_capture=701").await;
    assert_eq!(much.refusal().1, Some("amount_too_large"));
    let captured = api.post(&format!("{path}/capture"), "amount_to_capture=500").await.body;
    assert_eq!((&captured["status"], &captured["amount_received"]), (&json!("succeeded"), &json!(500)));
    let late = api.post(&format!("{path}/cancel"), "").await;
    assert_eq!((late.status, late.refusal().1), (400, Some("payment_intent_unexpected_state")));
    let other = made(&api.post("/v1/payment_intents", &format!("{form}&off_session=true")).await);
    let canceled = api.post(&format!("/v1/payment_intents/{other}/cancel"), "cancellation_reason=abandoned").await.body;
    assert_eq!((&canceled["status"], &canceled["amount_capturable"]), (&json!("canceled"), &json!(0)));
    let charge = sim.objects("charge").into_iter().find(|charge| charge["payment_intent"] == id.as_str()).unwrap();
    assert_eq!((&charge["captured"], &charge["amount_captured"]), (&json!(true), &json!(500)));
}

#[tokio::test]
async fn who_has_to_authenticate_does_or_does_not() {
    let (sim, api) = start().await;
    for passed in [true, false] {
        let form = "amount=700&currency=usd&confirm=true&payment_method=pm_card_threeDSecureRequired";
        let id = made(&api.post("/v1/payment_intents", &format!("{form}&return_url=https%3A%2F%2Fa.example")).await);
        assert!(sim.object(&id).unwrap()["next_action"]["redirect_to_url"]["url"].is_string());
        assert!(sim.authenticate(&id, passed));
        let wanted = if passed { "succeeded" } else { "requires_payment_method" };
        assert_eq!(sim.object(&id).unwrap()["status"], wanted);
        assert!(!sim.authenticate(&id, passed), "nothing is asked any more");
    }
    let form = "confirm=true&payment_method=pm_card_threeDSecureRequired&return_url=https%3A%2F%2Fa.example";
    let setup = made(&api.post("/v1/setup_intents", form).await);
    assert!(sim.authenticate(&setup, true));
    assert_eq!(sim.object(&setup).unwrap()["status"], "succeeded");
    assert!(!sim.authenticate("pi_none", true));
}

#[tokio::test]
async fn an_invoice_is_made_by_hand_sent_paid_or_voided() {
    let shop = Shop::with_card("pm_card_visa").await;
    let api = &shop.api;
    let draft = format!("customer={}&auto_advance=false", shop.customer);
    let invoice = made(&api.post("/v1/invoices", &draft).await);
    let item = format!("customer={}&invoice={invoice}&amount=1250&currency=usd&description=Grinder", shop.customer);
    made(&api.post("/v1/invoiceitems", &item).await);
    assert_eq!(api.get(&format!("/v1/invoices/{invoice}")).await.body["total"], 1250);
    let path = format!("/v1/invoices/{invoice}");
    assert_eq!(api.post(&format!("{path}/finalize"), "").await.body["status"], "open");
    assert_eq!(api.delete(&path).await.status, 400, "only drafts can be deleted");
    let paid = api.post(&format!("{path}/pay"), "").await.body;
    assert_eq!((&paid["status"], &paid["amount_paid"]), (&json!("paid"), &json!(1250)));
    assert_eq!(api.post(&format!("{path}/void"), "").await.status, 400);
    assert_eq!(api.get(&format!("/v1/invoice_payments?invoice={invoice}")).await.ids().len(), 1);

    let sent =
        made(&api.post("/v1/invoices", &format!("{draft}&collection_method=send_invoice&days_until_due=3")).await);
    made(&api.post("/v1/invoiceitems", &item.replace(&invoice, &sent)).await);
    let path = format!("/v1/invoices/{sent}");
    assert_eq!(api.post(&format!("{path}/send"), "").await.body["status"], "open");
    let told = shop.advance_to(4 * 24 * 3600).await;
    assert!(told.contains(&"invoice.overdue".to_owned()), "{told:?}");
    assert_eq!(api.post(&format!("{path}/void"), "").await.body["status"], "void");
}

#[tokio::test]
async fn a_visitor_goes_through_checkout() {
    let shop = Shop::with_card("pm_card_visa").await;
    let price = shop.price(1500, "&recurring[interval]=month").await;
    let form = format!(
        "mode=subscription&success_url=https%3A%2F%2Fa.example&line_items[0][price]={price}&line_items[0][quantity]=2"
    );
    let session = shop.api.post("/v1/checkout/sessions", &form).await;
    let id = made(&session);
    assert!(session.body["url"].is_string() && session.body["amount_total"] == 3000, "{}", session.body);
    let page = format!("/v1/payment_pages/{id}/confirm");
    let changed = shop.api.post(&page, "payment_method=pm_card_visa&expected_amount=1").await;
    assert_eq!(changed.refusal().1, Some("checkout_amount_mismatch"));
    let declined = shop.api.post(&page, "payment_method=pm_card_chargeDeclined").await;
    assert_eq!((declined.status, shop.object(&id)["status"].clone()), (402, json!("open")));
    made(&shop.api.post(&page, "payment_method=pm_card_visa&expected_amount=3000").await);
    let done = shop.object(&id);
    assert_eq!((&done["status"], &done["payment_status"]), (&json!("complete"), &json!("paid")));
    assert_eq!(shop.object(done["subscription"].as_str().unwrap())["status"], "active");
    assert_eq!(shop.api.post(&page, "payment_method=pm_card_visa").await.status, 400, "it is over");
    let told = types(&shop.sim, 0);
    assert_eq!(told.last().map(String::as_str), Some("checkout.session.completed"));

    let other = made(&shop.api.post("/v1/checkout/sessions", &form).await);
    assert_eq!(shop.api.post(&format!("/v1/checkout/sessions/{other}/expire"), "").await.body["status"], "expired");
    for bad in ["mode=payment", "mode=subscription", "mode=gift", ""] {
        let answer = shop.api.post("/v1/checkout/sessions", bad).await;
        assert_eq!(answer.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_bank_that_answers_later_pays_or_does_not() {
    let (sim, api) = start().await;
    for (account, wanted) in [("000123456789", "succeeded"), ("000111111116", "requires_payment_method")] {
        let details = format!(
            "us_bank_account[account_number]={account}&us_bank_account[routing_number]=110000000&us_bank_account[account_holder_type]=individual"
        );
        let method = made(&api.post("/v1/payment_methods", &format!("type=us_bank_account&{details}")).await);
        let form = format!(
            "amount=900&currency=usd&confirm=true&payment_method={method}&payment_method_types[]=us_bank_account&off_session=true"
        );
        let id = made(&api.post("/v1/payment_intents", &form).await);
        assert_eq!(sim.object(&id).unwrap()["status"], "processing");
        sim.advance(60);
        assert_eq!(sim.object(&id).unwrap()["status"], wanted, "{account}");
    }
    assert_eq!(api.post("/v1/payment_methods", "type=us_bank_account&colour=red").await.status, 400);
}

#[tokio::test]
async fn what_was_earned_is_paid_out() {
    let (sim, api) = start().await;
    let form = "amount=10000&currency=usd&confirm=true&payment_method=pm_card_bypassPending&off_session=true";
    made(&api.post("/v1/payment_intents", form).await);
    let balance = api.get("/v1/balance").await.body;
    let available = balance["available"][0]["amount"].as_i64().unwrap();
    assert!((9_000..10_000).contains(&available), "the fee is taken off: {balance}");
    let too_much = api.post("/v1/payouts", "amount=10001&currency=usd").await;
    assert_eq!(too_much.refusal().1, Some("balance_insufficient"));
    let payout = made(&api.post("/v1/payouts", "amount=5000&currency=usd").await);
    assert_eq!(api.get("/v1/balance").await.body["available"][0]["amount"], available - 5000);
    sim.advance(14 * 24 * 3600);
    assert_eq!(sim.object(&payout).unwrap()["status"], "paid");
    assert!(types(&sim, 0).contains(&"payout.paid".to_owned()));
}

#[tokio::test]
async fn objects_are_found_by_what_they_hold() {
    let (_sim, api) = start().await;
    made(&api.post("/v1/customers", "name=Ada+Okafor&email=ada%40a.example&metadata[tier]=gold").await);
    made(&api.post("/v1/customers", "name=Bo&email=bo%40a.example").await);
    let search = async |query: &str| {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        api.get(&format!("/v1/customers/search?query={query}")).await
    };
    for (query, found) in [
        ("email:'ada@a.example'", 1),
        ("name~'oka'", 1),
        ("metadata['tier']:'gold'", 1),
        ("email:'bo@a.example' OR metadata['tier']:'gold'", 2),
        ("-email:'bo@a.example'", 1),
        (&format!("created>{}", NOW - 1), 2),
        ("name:'nobody'", 0),
    ] {
        let answer = search(query).await;
        assert_eq!(
            (answer.status, answer.body["object"].as_str()),
            (200, Some("search_result")),
            "{query}: {}",
            answer.body
        );
        assert_eq!(answer.ids().len(), found, "{query}");
    }
    for query in ["", "colour:'red'", "email:", "email:'a' AND name:'b' OR name:'c'", "name='x'"] {
        assert_eq!(search(query).await.status, 400, "{query}");
    }
}
