//! Reversals of transfers.

use super::super::{Column, Kind};
use super::CONNECT;

pub(super) const TRANSFER_REVERSAL: Kind = Kind {
    object: "transfer_reversal",
    // Listed only for each transfer.
    path: None,
    table: "transfer_reversals",
    plural: "transfer reversals",
    group: CONNECT,
    columns: &[
        Column::id_of("transfer", "transfer", &["/transfer"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::id_of("balance_transaction", "balance_transaction", &["/balance_transaction"]),
        Column::id_of("refund", "source_refund", &["/source_refund"]),
        Column::id_of("refund", "destination_payment_refund", &["/destination_payment_refund"]),
    ],
    ..Kind::PLAIN
};
