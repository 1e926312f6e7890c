//! Products.

use super::super::{Column, Kind};
use super::CATALOG;

pub(super) const PRODUCT: Kind = Kind {
    object: "product",
    path: Some("/v1/products"),
    table: "products",
    plural: "products",
    group: CATALOG,
    columns: &[
        Column::text("name", &["/name"]).listed(),
        Column::flag("active", &["/active"]).listed(),
        Column::id_of("price", "default_price", &["/default_price"]).listed(),
    ],
    ..Kind::PLAIN
};
