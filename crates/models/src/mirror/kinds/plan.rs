//! Plans, the predecessors of prices.

use super::super::{Column, Kind};
use super::CATALOG;

pub(super) const PLAN: Kind = Kind {
    object: "plan",
    path: Some("/v1/plans"),
    table: "plans",
    plural: "plans",
    group: CATALOG,
    columns: &[
        Column::id_of("product", "product", &["/product"]).listed(),
        Column::flag("active", &["/active"]).listed(),
        // `name` until 2018-02-05.
        Column::text("nickname", &["/nickname", "/name"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::text("amount_decimal", &["/amount_decimal"]),
        Column::text("recurring_interval", &["/interval"]).listed(),
        Column::number("recurring_interval_count", &["/interval_count"]),
        Column::text("billing_scheme", &["/billing_scheme"]),
        Column::text("tiers_mode", &["/tiers_mode"]),
        Column::text("usage_type", &["/usage_type"]),
        Column::number("trial_period_days", &["/trial_period_days"]),
        Column::id_of("billing.meter", "meter", &["/meter"]),
    ],
    ..Kind::PLAIN
};
