//! Shipping rates.

use super::super::{Column, Kind};
use super::CATALOG;

pub(super) const SHIPPING_RATE: Kind = Kind {
    object: "shipping_rate",
    path: Some("/v1/shipping_rates"),
    table: "shipping_rates",
    plural: "shipping rates",
    group: CATALOG,
    columns: &[
        Column::text("display_name", &["/display_name"]).listed(),
        Column::flag("active", &["/active"]).listed(),
        Column::text("type", &["/type"]),
        Column::text("currency", &["/fixed_amount/currency"]),
        Column::number("amount", &["/fixed_amount/amount"]).listed(),
        Column::text("tax_behavior", &["/tax_behavior"]),
        Column::text("tax_code", &["/tax_code"]),
    ],
    ..Kind::PLAIN
};
