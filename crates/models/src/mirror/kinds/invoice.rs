//! Invoices.

use super::super::{Column, Kind, Nested};
use super::{BILLING, BY_ID};

pub(super) const INVOICE: Kind = Kind {
    object: "invoice",
    path: Some("/v1/invoices"),
    table: "invoices",
    plural: "invoices",
    group: BILLING,
    key: BY_ID,
    columns: &[
        Column::text("number", &["/number"]).listed(),
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        // Moved with 2025-03-31.basil.
        Column::id_of("subscription", "subscription", &["/parent/subscription_details/subscription", "/subscription"]),
        Column::text("status", &["/status"]).listed().filtered(),
        Column::text("currency", &["/currency"]),
        Column::number("total", &["/total"]).listed(),
        Column::number("amount_due", &["/amount_due"]),
        Column::number("amount_paid", &["/amount_paid"]),
        Column::number("amount_remaining", &["/amount_remaining"]).listed(),
        Column::number("due_date", &["/due_date"]),
        Column::number("period_start", &["/period_start"]),
        Column::number("period_end", &["/period_end"]),
        Column::text("billing_reason", &["/billing_reason"]).listed(),
        Column::text("collection_method", &["/collection_method"]),
        // Since 2025-03-31.basil an invoice has a list of payments; the first is the default one.
        Column::id_of("charge", "charge", &["/payments/data/0/payment/charge", "/charge"]),
        Column::id_of(
            "payment_intent",
            "payment_intent",
            &["/payments/data/0/payment/payment_intent", "/payment_intent"],
        ),
    ],
    lifecycle: &[&["draft"], &["open"], &["uncollectible"], &["paid", "void"]],
    nested: &[Nested { list: "/lines", object: "line_item", parent: "invoice", owned: true }],
    ..Kind::PLAIN
};
