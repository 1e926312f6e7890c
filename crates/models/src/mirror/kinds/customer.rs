//! Customers.

use super::super::{Column, Kind};
use super::{BY_ID, CUSTOMERS};

pub(super) const CUSTOMER: Kind = Kind {
    object: "customer",
    path: Some("/v1/customers"),
    table: "customers",
    plural: "customers",
    group: CUSTOMERS,
    key: BY_ID,
    columns: &[
        Column::text("email", &["/email"]).listed().filtered().personal(),
        Column::text("name", &["/name"]).listed().personal(),
        Column::text("phone", &["/phone"]).personal(),
        Column::text("currency", &["/currency"]),
        Column::number("balance", &["/balance"]),
        Column::flag("delinquent", &["/delinquent"]).listed(),
        Column::id_of(
            "payment_method",
            "default_payment_method",
            &["/invoice_settings/default_payment_method", "/default_source"],
        ),
    ],
    ..Kind::PLAIN
};
