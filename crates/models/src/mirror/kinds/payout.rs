//! Payouts.

use super::super::{Column, Kind};
use super::BALANCE;

pub(super) const PAYOUT: Kind = Kind {
    object: "payout",
    path: Some("/v1/payouts"),
    table: "payouts",
    plural: "payouts",
    group: BALANCE,
    columns: &[
        Column::text("status", &["/status"]).listed().filtered(),
        Column::text("type", &["/type"]),
        Column::text("method", &["/method"]),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::number("arrival_date", &["/arrival_date"]).listed(),
        Column::flag("automatic", &["/automatic"]).listed(),
        Column::id_of("balance_transaction", "balance_transaction", &["/balance_transaction"]),
        Column::id_of("balance_transaction", "failure_balance_transaction", &["/failure_balance_transaction"]),
        Column::text("failure_code", &["/failure_code"]),
        // A bank account or a card.
        Column::text("destination", &["/destination"]).filtered(),
        Column::id_of("payout", "original_payout", &["/original_payout"]),
        Column::id_of("payout", "reversed_by", &["/reversed_by"]),
        Column::text("reconciliation_status", &["/reconciliation_status"]),
        Column::text("trace_id", &["/trace_id/value"]),
    ],
    // What a bank took as paid may come back as failed.
    lifecycle: &[&["pending"], &["in_transit"], &["paid", "canceled"], &["failed"]],
    ..Kind::PLAIN
};
