//! The guessable URL of old installations, off unless its secret is set.

use tollgate::stripe::WebhookSecret;

use crate::support::{SECONDS, SECRET, Setup, event, sign_at};

const LEGACY_SECRET: &str = "whsec_it_legacy";

#[tokio::test]
async fn the_legacy_url_takes_events_signed_with_its_own_secret_of_either_mode() {
    let secret = WebhookSecret::parse(LEGACY_SECRET).unwrap();
    let app = Setup::new().config(|config| config.legacy_webhook_secret = Some(secret)).start().await;
    for (id, livemode) in [("evt_test", false), ("evt_live", true)] {
        let mut payload = event(id, "customer.created");
        payload["livemode"] = livemode.into();
        let body = payload.to_string();
        let signature = sign_at(LEGACY_SECRET, SECONDS, body.as_bytes());
        let answer = app.http.post("/stripe/webhooks", &[("stripe-signature", &signature)], body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let row = app.event(id);
        assert_eq!((row.livemode, row.endpoint_uuid), (livemode, None));
    }
    let body = event("evt_3", "customer.created").to_string();
    let signature = sign_at(SECRET, SECONDS, body.as_bytes());
    let answer = app.http.post("/stripe/webhooks", &[("stripe-signature", &signature)], body).await;
    assert_eq!(answer.refusal(), (400, "no_matching_signature".to_owned()));
    assert_eq!(app.deliveries()[0].endpoint_uuid, None);
    app.run_workers().await;
    assert!(app.object("cus_evt_live").unwrap().livemode);
}

#[tokio::test]
async fn without_its_secret_the_legacy_url_is_not_there() {
    let app = Setup::new().start().await;
    let body = event("evt_1", "customer.created").to_string();
    let signature = sign_at(SECRET, SECONDS, body.as_bytes());
    let answer = app.http.post("/stripe/webhooks", &[("stripe-signature", &signature)], body).await;
    assert_eq!(answer.refusal(), (404, "not_found".to_owned()));
    assert_eq!(app.count("deliveries"), 0);
}
