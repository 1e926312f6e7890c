//! Refunds of application fees.

use super::super::{Column, Kind};
use super::CONNECT;

pub(super) const FEE_REFUND: Kind = Kind {
    object: "fee_refund",
    // Listed only for each application fee.
    path: None,
    table: "fee_refunds",
    plural: "fee refunds",
    group: CONNECT,
    columns: &[
        Column::id_of("application_fee", "fee", &["/fee"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::id_of("balance_transaction", "balance_transaction", &["/balance_transaction"]),
    ],
    ..Kind::PLAIN
};
