//! Cards of the older kind, and those to which payouts go.

use super::super::{Column, Kind};
use super::CUSTOMERS;

pub(super) const CARD: Kind = Kind {
    object: "card",
    // Listed only for each customer or account.
    path: None,
    table: "cards",
    plural: "cards",
    group: CUSTOMERS,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::id_of("account", "connected_account", &["/account"]).listed(),
        Column::text("brand", &["/brand"]).listed(),
        Column::text("last4", &["/last4"]).listed(),
        Column::number("exp_month", &["/exp_month"]),
        Column::number("exp_year", &["/exp_year"]).listed(),
        Column::text("funding", &["/funding"]),
        Column::text("country", &["/country"]),
        Column::text("currency", &["/currency"]),
        Column::text("fingerprint", &["/fingerprint"]).filtered(),
        Column::text("name", &["/name"]).personal(),
        Column::flag("default_for_currency", &["/default_for_currency"]),
    ],
    ..Kind::PLAIN
};
