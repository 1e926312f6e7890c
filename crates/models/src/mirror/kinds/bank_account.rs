//! Bank accounts of customers, and those to which payouts go.

use super::super::{Column, Kind};
use super::CUSTOMERS;

pub(super) const BANK_ACCOUNT: Kind = Kind {
    object: "bank_account",
    // Listed only for each customer or account.
    path: None,
    table: "bank_accounts",
    plural: "bank accounts",
    group: CUSTOMERS,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::id_of("account", "connected_account", &["/account"]).listed(),
        Column::text("bank_name", &["/bank_name"]).listed(),
        Column::text("last4", &["/last4"]).listed(),
        Column::text("country", &["/country"]),
        Column::text("currency", &["/currency"]),
        Column::text("status", &["/status"]).listed(),
        Column::text("fingerprint", &["/fingerprint"]).filtered(),
        Column::text("account_holder_name", &["/account_holder_name"]).personal(),
        Column::text("account_holder_type", &["/account_holder_type"]),
        Column::flag("default_for_currency", &["/default_for_currency"]),
    ],
    ..Kind::PLAIN
};
