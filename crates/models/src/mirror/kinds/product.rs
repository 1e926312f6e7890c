//! Products.

use super::super::{Column, Kind};

pub(super) const PRODUCT: Kind = Kind {
    object: "product",
    table: "products",
    plural: "products",
    columns: &[
        Column::text("name", &["/name"]).listed(),
        Column::flag("active", &["/active"]).listed(),
        Column::id_of("price", "default_price", &["/default_price"]).listed(),
    ],
    lifecycle: &[],
    nested: &[],
};
