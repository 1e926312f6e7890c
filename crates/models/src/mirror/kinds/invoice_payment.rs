//! Payments of invoices; since 2025-03-31.basil an invoice may have several.

use super::super::{Column, Kind};
use super::BILLING;

pub(super) const INVOICE_PAYMENT: Kind = Kind {
    object: "invoice_payment",
    path: Some("/v1/invoice_payments"),
    table: "invoice_payments",
    plural: "invoice payments",
    group: BILLING,
    columns: &[
        Column::id_of("invoice", "invoice", &["/invoice"]).listed(),
        Column::id_of("payment_intent", "payment_intent", &["/payment/payment_intent"]).listed(),
        Column::id_of("charge", "charge", &["/payment/charge"]),
        Column::text("status", &["/status"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("amount_requested", &["/amount_requested"]).listed(),
        Column::number("amount_paid", &["/amount_paid"]).listed(),
        Column::flag("is_default", &["/is_default"]),
        Column::number("paid_at", &["/status_transitions/paid_at"]),
        Column::number("canceled_at", &["/status_transitions/canceled_at"]),
    ],
    lifecycle: &[&["open"], &["paid", "canceled"]],
    ..Kind::PLAIN
};
