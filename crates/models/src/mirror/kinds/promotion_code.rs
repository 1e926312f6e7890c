//! Promotion codes.

use super::super::{Column, Kind};
use super::CATALOG;

pub(super) const PROMOTION_CODE: Kind = Kind {
    object: "promotion_code",
    path: Some("/v1/promotion_codes"),
    table: "promotion_codes",
    plural: "promotion codes",
    group: CATALOG,
    columns: &[
        Column::text("code", &["/code"]).listed().filtered(),
        // Moved with 2025-09-30.clover.
        Column::id_of("coupon", "coupon", &["/promotion/coupon", "/coupon"]).listed(),
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::flag("active", &["/active"]).listed(),
        Column::number("max_redemptions", &["/max_redemptions"]),
        Column::number("times_redeemed", &["/times_redeemed"]).listed(),
        Column::number("expires_at", &["/expires_at"]),
    ],
    ..Kind::PLAIN
};
