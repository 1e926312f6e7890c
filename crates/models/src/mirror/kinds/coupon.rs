//! Coupons.

use super::super::{Column, Kind};
use super::CATALOG;

pub(super) const COUPON: Kind = Kind {
    object: "coupon",
    path: Some("/v1/coupons"),
    table: "coupons",
    plural: "coupons",
    group: CATALOG,
    columns: &[
        Column::text("name", &["/name"]).listed(),
        Column::flag("valid", &["/valid"]).listed(),
        Column::text("duration", &["/duration"]).listed(),
        Column::number("duration_in_months", &["/duration_in_months"]),
        Column::text("currency", &["/currency"]),
        Column::number("amount_off", &["/amount_off"]).listed(),
        Column::text("percent_off", &["/percent_off"]).listed(),
        Column::number("max_redemptions", &["/max_redemptions"]),
        Column::number("times_redeemed", &["/times_redeemed"]).listed(),
        Column::number("redeem_by", &["/redeem_by"]),
    ],
    ..Kind::PLAIN
};
