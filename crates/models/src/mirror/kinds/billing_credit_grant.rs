//! Credits that customers were given for what they use.

use super::super::{Column, Kind};
use super::BILLING;

pub(super) const BILLING_CREDIT_GRANT: Kind = Kind {
    object: "billing.credit_grant",
    path: Some("/v1/billing/credit_grants"),
    table: "billing_credit_grants",
    plural: "billing credit grants",
    group: BILLING,
    columns: &[
        Column::text("name", &["/name"]).listed(),
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::text("category", &["/category"]).listed(),
        Column::text("currency", &["/amount/monetary/currency"]),
        Column::number("amount", &["/amount/monetary/value"]).listed(),
        Column::number("effective_at", &["/effective_at"]),
        Column::number("expires_at", &["/expires_at"]).listed(),
        Column::number("voided_at", &["/voided_at"]),
        Column::number("priority", &["/priority"]),
        Column::number("updated", &["/updated"]),
        Column::id_of("test_helpers.test_clock", "test_clock", &["/test_clock"]),
    ],
    ..Kind::PLAIN
};
