//! Top-ups.

use super::super::{Column, Kind};
use super::BALANCE;

pub(super) const TOPUP: Kind = Kind {
    object: "topup",
    path: Some("/v1/topups"),
    table: "topups",
    plural: "top-ups",
    group: BALANCE,
    columns: &[
        Column::text("status", &["/status"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::id_of("balance_transaction", "balance_transaction", &["/balance_transaction"]).listed(),
        Column::id_of("source", "source", &["/source"]),
        Column::number("arrival_date", &["/expected_availability_date"]).listed(),
        Column::text("failure_code", &["/failure_code"]),
        Column::text("transfer_group", &["/transfer_group"]).filtered(),
    ],
    lifecycle: &[&["pending"], &["succeeded", "failed", "canceled"], &["reversed"]],
    ..Kind::PLAIN
};
