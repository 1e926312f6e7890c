//! Application fees.

use super::super::{Column, Kind, Nested};
use super::CONNECT;

pub(super) const APPLICATION_FEE: Kind = Kind {
    object: "application_fee",
    path: Some("/v1/application_fees"),
    table: "application_fees",
    plural: "application fees",
    group: CONNECT,
    columns: &[
        Column::id_of("account", "connected_account", &["/account"]).listed(),
        Column::id_of("charge", "charge", &["/charge"]).listed(),
        Column::id_of("charge", "originating_transaction", &["/originating_transaction"]),
        Column::text("application", &["/application"]),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::number("amount_refunded", &["/amount_refunded"]).listed(),
        Column::flag("refunded", &["/refunded"]),
        Column::id_of("balance_transaction", "balance_transaction", &["/balance_transaction"]),
    ],
    nested: &[Nested { list: "/refunds", object: "fee_refund", parent: "fee", owned: false }],
    ..Kind::PLAIN
};
