//! What changed our balance at Stripe.

use super::super::{Column, Kind};
use super::BALANCE;

pub(super) const BALANCE_TRANSACTION: Kind = Kind {
    object: "balance_transaction",
    path: Some("/v1/balance_transactions"),
    table: "balance_transactions",
    plural: "balance transactions",
    group: BALANCE,
    columns: &[
        Column::text("type", &["/type"]).listed().filtered(),
        Column::text("status", &["/status"]).listed(),
        Column::text("reporting_category", &["/reporting_category"]),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::number("fee", &["/fee"]).listed(),
        Column::number("net", &["/net"]).listed(),
        // Of many types.
        Column::text("source", &["/source"]).listed().filtered(),
        Column::number("available_on", &["/available_on"]),
        Column::text("exchange_rate", &["/exchange_rate"]),
        Column::text("balance_type", &["/balance_type"]),
    ],
    lifecycle: &[&["pending"], &["available"]],
    ..Kind::PLAIN
};
