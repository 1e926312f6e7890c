//! Tax ids of customers, and our own.

use super::super::{Column, Kind};
use super::CUSTOMERS;

pub(super) const TAX_ID: Kind = Kind {
    object: "tax_id",
    // `/v1/tax_ids` lists our own alone; those of customers are listed for each of them.
    path: None,
    table: "tax_ids",
    plural: "tax ids",
    group: CUSTOMERS,
    columns: &[
        Column::id_of("customer", "customer", &["/owner/customer", "/customer"]).listed(),
        Column::id_of("account", "connected_account", &["/owner/account"]),
        Column::text("owner_type", &["/owner/type"]),
        Column::text("type", &["/type"]).listed(),
        Column::text("value", &["/value"]).listed().personal(),
        Column::text("country", &["/country"]),
        Column::text("verification_status", &["/verification/status"]).listed(),
    ],
    ..Kind::PLAIN
};
