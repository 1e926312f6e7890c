//! Transfers to connected accounts.

use super::super::{Column, Kind, Nested};
use super::CONNECT;

pub(super) const TRANSFER: Kind = Kind {
    object: "transfer",
    path: Some("/v1/transfers"),
    table: "transfers",
    plural: "transfers",
    group: CONNECT,
    columns: &[
        Column::id_of("account", "destination", &["/destination"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::number("amount_reversed", &["/amount_reversed"]).listed(),
        Column::flag("reversed", &["/reversed"]),
        Column::id_of("balance_transaction", "balance_transaction", &["/balance_transaction"]),
        Column::id_of("charge", "destination_payment", &["/destination_payment"]),
        Column::id_of("charge", "source_transaction", &["/source_transaction"]).listed(),
        Column::text("transfer_group", &["/transfer_group"]).listed().filtered(),
    ],
    nested: &[Nested { list: "/reversals", object: "transfer_reversal", parent: "transfer", owned: false }],
    ..Kind::PLAIN
};
