//! Prices.

use super::super::{Column, Kind};
use super::CATALOG;

pub(super) const PRICE: Kind = Kind {
    object: "price",
    path: Some("/v1/prices"),
    table: "prices",
    plural: "prices",
    group: CATALOG,
    columns: &[
        Column::id_of("product", "product", &["/product"]).listed(),
        Column::flag("active", &["/active"]).listed(),
        Column::text("currency", &["/currency"]),
        Column::number("unit_amount", &["/unit_amount"]).listed(),
        Column::text("type", &["/type"]).listed(),
        Column::text("recurring_interval", &["/recurring/interval"]).listed(),
        Column::number("recurring_interval_count", &["/recurring/interval_count"]),
        Column::text("lookup_key", &["/lookup_key"]).filtered(),
        Column::text("nickname", &["/nickname"]),
    ],
    ..Kind::PLAIN
};
