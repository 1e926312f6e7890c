//! Charges.

use super::super::{Column, Kind};
use super::{BY_ID, PAYMENTS};

pub(super) const CHARGE: Kind = Kind {
    object: "charge",
    path: Some("/v1/charges"),
    table: "charges",
    plural: "charges",
    group: PAYMENTS,
    key: BY_ID,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::id_of("payment_intent", "payment_intent", &["/payment_intent"]).listed(),
        Column::id_of("invoice", "invoice", &["/invoice"]),
        Column::text("status", &["/status"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::number("amount_captured", &["/amount_captured"]),
        Column::number("amount_refunded", &["/amount_refunded"]).listed(),
        Column::flag("paid", &["/paid"]),
        Column::flag("captured", &["/captured"]),
        Column::flag("refunded", &["/refunded"]),
        Column::flag("disputed", &["/disputed"]).listed(),
        Column::text("failure_code", &["/failure_code"]),
        Column::id_of("payment_method", "payment_method", &["/payment_method"]),
    ],
    lifecycle: &[&["pending"], &["succeeded", "failed"]],
    ..Kind::PLAIN
};
