//! Quotes.

use super::super::{Column, Kind};
use super::BILLING;

pub(super) const QUOTE: Kind = Kind {
    object: "quote",
    path: Some("/v1/quotes"),
    table: "quotes",
    plural: "quotes",
    group: BILLING,
    columns: &[
        Column::text("number", &["/number"]).listed(),
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::text("status", &["/status"]).listed().filtered(),
        Column::text("currency", &["/currency"]),
        Column::number("amount_subtotal", &["/amount_subtotal"]),
        Column::number("amount_total", &["/amount_total"]).listed(),
        Column::number("expires_at", &["/expires_at"]).listed(),
        Column::number("accepted_at", &["/status_transitions/accepted_at"]),
        Column::text("collection_method", &["/collection_method"]),
        Column::id_of("invoice", "invoice", &["/invoice"]),
        Column::id_of("subscription", "subscription", &["/subscription"]).listed(),
        Column::id_of("subscription_schedule", "subscription_schedule", &["/subscription_schedule"]),
        Column::id_of("quote", "from_quote", &["/from_quote/quote"]),
        Column::id_of("test_helpers.test_clock", "test_clock", &["/test_clock"]),
    ],
    lifecycle: &[&["draft"], &["open"], &["accepted", "canceled"]],
    ..Kind::PLAIN
};
