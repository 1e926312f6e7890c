//! Customers.

use super::super::{Column, Kind};

pub(super) const CUSTOMER: Kind = Kind {
    object: "customer",
    table: "customers",
    plural: "customers",
    columns: &[
        Column::text("email", &["/email"]).listed(),
        Column::text("name", &["/name"]).listed(),
        Column::text("phone", &["/phone"]),
        Column::text("currency", &["/currency"]),
        Column::number("balance", &["/balance"]),
        Column::flag("delinquent", &["/delinquent"]).listed(),
        Column::id_of(
            "payment_method",
            "default_payment_method",
            &["/invoice_settings/default_payment_method", "/default_source"],
        ),
    ],
    lifecycle: &[],
    nested: &[],
};
