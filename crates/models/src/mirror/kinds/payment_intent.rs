//! Payment intents.

use super::super::{Column, Kind};
use super::{BY_ID, PAYMENTS};

pub(super) const PAYMENT_INTENT: Kind = Kind {
    object: "payment_intent",
    path: Some("/v1/payment_intents"),
    table: "payment_intents",
    plural: "payment intents",
    group: PAYMENTS,
    key: BY_ID,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::id_of("invoice", "invoice", &["/invoice"]),
        Column::text("status", &["/status"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::number("amount_received", &["/amount_received"]).listed(),
        // `charges` was replaced by `latest_charge` with 2022-11-15.
        Column::id_of("charge", "latest_charge", &["/latest_charge", "/charges/data/0"]).listed(),
        Column::id_of("payment_method", "payment_method", &["/payment_method"]),
    ],
    lifecycle: &[
        &["requires_payment_method"],
        &["requires_confirmation"],
        &["requires_action"],
        &["processing"],
        &["requires_capture"],
        &["succeeded", "canceled"],
    ],
    ..Kind::PLAIN
};
