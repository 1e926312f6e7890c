//! Tax rates.

use super::super::{Column, Kind};
use super::CATALOG;

pub(super) const TAX_RATE: Kind = Kind {
    object: "tax_rate",
    path: Some("/v1/tax_rates"),
    table: "tax_rates",
    plural: "tax rates",
    group: CATALOG,
    columns: &[
        Column::text("display_name", &["/display_name"]).listed(),
        Column::flag("active", &["/active"]).listed(),
        Column::text("percentage", &["/percentage"]).listed(),
        Column::text("effective_percentage", &["/effective_percentage"]),
        Column::flag("inclusive", &["/inclusive"]).listed(),
        Column::text("country", &["/country"]).listed(),
        Column::text("state", &["/state"]),
        Column::text("jurisdiction", &["/jurisdiction"]),
        Column::text("tax_type", &["/tax_type"]),
        Column::text("rate_type", &["/rate_type"]),
        Column::text("currency", &["/flat_amount/currency"]),
        Column::number("amount", &["/flat_amount/amount"]),
    ],
    ..Kind::PLAIN
};
