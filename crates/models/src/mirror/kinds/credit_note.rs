//! Credit notes.

use super::super::{Column, Kind};
use super::BILLING;

pub(super) const CREDIT_NOTE: Kind = Kind {
    object: "credit_note",
    path: Some("/v1/credit_notes"),
    table: "credit_notes",
    plural: "credit notes",
    group: BILLING,
    columns: &[
        Column::text("number", &["/number"]).listed(),
        Column::id_of("invoice", "invoice", &["/invoice"]).listed(),
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::text("status", &["/status"]).listed(),
        Column::text("type", &["/type"]),
        Column::text("reason", &["/reason"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]),
        Column::number("total", &["/total"]).listed(),
        Column::number("subtotal", &["/subtotal"]),
        // A list since 2025-03-31.basil.
        Column::id_of("refund", "refund", &["/refunds/0/refund", "/refund"]),
        Column::id_of(
            "customer_balance_transaction",
            "customer_balance_transaction",
            &["/customer_balance_transaction"],
        ),
        Column::number("effective_at", &["/effective_at"]),
        Column::number("voided_at", &["/voided_at"]),
    ],
    lifecycle: &[&["issued"], &["void"]],
    ..Kind::PLAIN
};
