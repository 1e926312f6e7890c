//! Prices.

use super::super::{Column, Kind};

pub(super) const PRICE: Kind = Kind {
    object: "price",
    table: "prices",
    plural: "prices",
    columns: &[
        Column::id_of("product", "product", &["/product"]).listed(),
        Column::flag("active", &["/active"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("unit_amount", &["/unit_amount"]).listed(),
        Column::text("type", &["/type"]).listed(),
        Column::text("recurring_interval", &["/recurring/interval"]).listed(),
        Column::number("recurring_interval_count", &["/recurring/interval_count"]),
        Column::text("lookup_key", &["/lookup_key"]),
        Column::text("nickname", &["/nickname"]),
    ],
    lifecycle: &[],
    nested: &[],
};
