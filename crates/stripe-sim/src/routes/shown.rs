//! Kinds that nothing here makes: an account has none of them, unless a test put one there to be served.

use super::{KIND, Kind, RETRIEVE, Route, list};

const ROUTES: &[Route] = &[list(&[("customer", "/customer"), ("charge", "/charge")]), RETRIEVE];

const fn shown(object: &'static str, path: &'static str, noun: &'static str, permission: &'static str) -> Kind {
    Kind { object, path, noun, permission, events: object, routes: ROUTES, ..KIND }
}

/// All of them; what is said of `Kind` elsewhere holds for them too.
pub(super) static SHOWN: [Kind; 15] = [
    shown("application_fee", "/v1/application_fees", "application fee", "application_fee"),
    shown(
        "billing.credit_balance_transaction",
        "/v1/billing/credit_balance_transactions",
        "credit balance transaction",
        "billing_credit_grant",
    ),
    shown("billing.credit_grant", "/v1/billing/credit_grants", "credit grant", "billing_credit_grant"),
    shown("billing.meter", "/v1/billing/meters", "meter", "billing_meter"),
    shown("credit_note", "/v1/credit_notes", "credit note", "credit_note"),
    shown("entitlements.feature", "/v1/entitlements/features", "feature", "entitlement"),
    shown("file_link", "/v1/file_links", "file link", "file"),
    shown("file", "/v1/files", "file", "file"),
    shown("payment_link", "/v1/payment_links", "payment link", "payment_links"),
    shown("quote", "/v1/quotes", "quote", "quote"),
    shown("radar.early_fraud_warning", "/v1/radar/early_fraud_warnings", "early fraud warning", "charge"),
    shown("review", "/v1/reviews", "review", "review"),
    shown("shipping_rate", "/v1/shipping_rates", "shipping rate", "shipping_rate"),
    shown("subscription_schedule", "/v1/subscription_schedules", "subscription schedule", "subscription"),
    shown("topup", "/v1/topups", "top-up", "topup"),
];
