//! Checkout sessions.

use super::super::{Column, Kind};
use super::{BY_ID, PAYMENTS};

pub(super) const CHECKOUT_SESSION: Kind = Kind {
    object: "checkout.session",
    path: Some("/v1/checkout/sessions"),
    table: "checkout_sessions",
    plural: "checkout sessions",
    group: PAYMENTS,
    key: BY_ID,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::id_of("subscription", "subscription", &["/subscription"]),
        Column::id_of("payment_intent", "payment_intent", &["/payment_intent"]),
        Column::text("mode", &["/mode"]).listed(),
        Column::text("status", &["/status"]).listed(),
        Column::text("payment_status", &["/payment_status"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("amount_total", &["/amount_total"]).listed(),
        Column::text("client_reference_id", &["/client_reference_id"]).filtered().personal(),
        Column::number("expires", &["/expires_at"]),
    ],
    lifecycle: &[&["open"], &["complete", "expired"]],
    ..Kind::PLAIN
};
