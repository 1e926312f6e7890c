//! The pages to which customers are led: Checkout and 3D Secure, in a browser's place.

use serde_json::json;
use tollgate_stripe_sim::Simulator;

use crate::support::shop::{Shop, made};
use crate::support::{Answer, Api, start};

/// A browser: it has no key.
fn browser(sim: &Simulator) -> Api {
    Api::with_key(sim, "").header("content-type", "application/x-www-form-urlencoded")
}

fn path(url: &str) -> String {
    url::Url::parse(url).unwrap().path().to_owned()
}

fn says(answer: &Answer) -> &str {
    answer.body.as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_customer_pays_on_the_page_of_a_session() {
    let shop = Shop::with_card("pm_card_visa").await;
    let price = shop.price(1500, "").await;
    let form = format!(
        "mode=payment&success_url=https%3A%2F%2Fa.example%2Fthanks%3Fs%3D%7BCHECKOUT_SESSION_ID%7D&cancel_url=https%3A%2F%2Fa.example%2Fcart&line_items[0][price]={price}&line_items[0][quantity]=1"
    );
    let session = shop.api.post("/v1/checkout/sessions", &form).await;
    let (id, page) = (made(&session), path(session.body["url"].as_str().unwrap()));
    let browser = browser(&shop.sim);
    let shown = browser.get(&page).await;
    assert!(shown.status == 200 && says(&shown).contains("1500 USD") && says(&shown).contains("a.example/cart"));
    let declined = browser.post(&page, "email=bo%40a.example&card=pm_card_chargeDeclined").await;
    assert!(declined.status == 402 && says(&declined).contains("Your card was declined"), "{}", says(&declined));
    let paid = browser.post(&page, "email=bo%40a.example&name=Bo&card=pm_card_visa").await;
    assert_eq!(
        (paid.status, paid.header("location")),
        (303, Some(format!("https://a.example/thanks?s={id}").as_str()))
    );
    assert_eq!(shop.object(&id)["payment_status"], "paid");
    assert_eq!(browser.get(&page).await.status, 404, "it has been used");
    assert_eq!(browser.post(&page, "card=pm_card_visa").await.status, 404);
}

#[tokio::test]
async fn a_customer_passes_or_fails_3d_secure_and_comes_back() {
    let (sim, api) = start().await;
    let browser = browser(&sim);
    for (passed, status, stands) in [(true, "succeeded", "succeeded"), (false, "failed", "requires_payment_method")] {
        let form = "amount=700&currency=usd&confirm=true&payment_method=pm_card_threeDSecureRequired&return_url=https%3A%2F%2Fa.example%2Fback";
        let intent = api.post("/v1/payment_intents", form).await;
        let id = made(&intent);
        let page = path(intent.body["next_action"]["redirect_to_url"]["url"].as_str().unwrap());
        assert!(says(&browser.get(&page).await).contains("Complete authentication"));
        let back = browser.post(&page, &format!("passed={passed}")).await;
        let url = format!("https://a.example/back?payment_intent={id}&redirect_status={status}");
        assert_eq!((back.status, back.header("location")), (303, Some(url.as_str())));
        assert_eq!(sim.object(&id).unwrap()["status"], stands);
        assert_eq!(browser.post(&page, "passed=true").await.status, 404);
    }
}

#[tokio::test]
async fn odd_visits_get_a_plain_answer_and_no_script() {
    let (sim, api) = start().await;
    let browser = browser(&sim);
    for page in ["/c/pay/cs_none", "/authenticate/pi_none", "/c/pay/%3Cscript%3E"] {
        let answer = browser.get(page).await;
        assert!(answer.status == 404 && !says(&answer).contains("<script"), "{page}");
    }
    let form = "mode=setup&currency=usd&success_url=javascript%3Aalert(1)&cancel_url=javascript%3Aalert(1)&customer_email=%22%3E%3Cscript%3E";
    let session = api.post("/v1/checkout/sessions", form).await;
    let page = path(session.body["url"].as_str().unwrap());
    let shown = browser.get(&page).await;
    assert!(says(&shown).contains("Nothing is paid now"));
    assert!(shown.status == 200 && !says(&shown).contains("<script") && !says(&shown).contains("javascript"));
    for bad in ["", "card=", "card=pm_none", "passed=maybe"] {
        let status = browser.post(&page, bad).await.status;
        assert!((400..500).contains(&status), "{bad}: {status}");
    }
    assert_eq!(sim.object(&made(&session)).unwrap()["status"], json!("open"));
}
