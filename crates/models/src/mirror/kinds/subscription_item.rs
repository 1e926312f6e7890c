//! Items of subscriptions: what is subscribed to, and how many of it.

use super::super::{Column, Kind};
use super::{BILLING, BY_ID};

pub(super) const SUBSCRIPTION_ITEM: Kind = Kind {
    object: "subscription_item",
    // Listed only for each subscription.
    path: None,
    table: "subscription_items",
    plural: "subscription items",
    group: BILLING,
    key: BY_ID,
    columns: &[
        Column::id_of("subscription", "subscription", &["/subscription"]).listed(),
        Column::id_of("price", "price", &["/price", "/plan"]).listed(),
        Column::id_of("product", "product", &["/price/product", "/plan/product"]).listed(),
        Column::number("quantity", &["/quantity"]).listed(),
        Column::number("current_period_start", &["/current_period_start"]),
        Column::number("current_period_end", &["/current_period_end"]).listed(),
    ],
    ..Kind::PLAIN
};
