//! What the simulator answers, held against Stripe's own description where `STRIPE_OPENAPI` names a copy of it.

use std::collections::BTreeSet;
use std::io::Write;

use crate::support::{Api, builder};

/// Everything that can be listed without a parameter.
const LISTS: [&str; 24] = [
    "charges",
    "checkout/sessions",
    "coupons",
    "customers",
    "disputes",
    "events",
    "invoice_payments",
    "invoiceitems",
    "invoices",
    "payment_intents",
    "payouts",
    "plans",
    "prices",
    "products",
    "promotion_codes",
    "refunds",
    "setup_intents",
    "subscriptions",
    "tax_rates",
    "test_helpers/test_clocks",
    "transfers",
    "webhook_endpoints",
    "balance_transactions",
    "billing_portal/configurations",
];

#[tokio::test]
async fn everything_that_a_business_leaves_is_as_stripe_describes_it() {
    if std::env::var_os("STRIPE_OPENAPI").is_none_or(|path| path.is_empty()) {
        let _ = writeln!(std::io::stderr(), "not held against Stripe's description: STRIPE_OPENAPI is not set");
    }
    let sim = builder().start().await.unwrap();
    let business = sim.business();
    for _ in 0..400 {
        business.step().await;
        sim.advance(7_200);
    }
    let api = Api::of(&sim);
    let mut kinds = BTreeSet::new();
    for list in LISTS {
        let mut after = String::new();
        loop {
            let page = api.get(&format!("/v1/{list}?limit=100{after}")).await;
            assert_eq!(page.status, 200, "{list}: {}", page.body);
            let rows = page.body["data"].as_array().unwrap();
            kinds.extend(rows.iter().map(|row| row["object"].as_str().unwrap().to_owned()));
            let Some(last) = rows.last().filter(|_| page.body["has_more"] == true) else { break };
            after = format!("&starting_after={}", last["id"].as_str().unwrap());
        }
    }
    assert!(kinds.len() > 12, "{kinds:?}");
}

#[tokio::test]
async fn a_description_that_cannot_be_read_stops_the_start() {
    let refusal = builder().description("/nowhere/spec3.json").start().await.unwrap_err().to_string();
    assert!(refusal.starts_with("/nowhere/spec3.json is no description of Stripe's API: "), "{refusal}");
}
