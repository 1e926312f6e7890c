//! Discounts: coupons as they are applied.

use super::super::{Column, Kind};
use super::BILLING;

pub(super) const DISCOUNT: Kind = Kind {
    object: "discount",
    // Only to be had with the objects they are applied to.
    path: None,
    table: "discounts",
    plural: "discounts",
    group: BILLING,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::id_of("subscription", "subscription", &["/subscription"]).listed(),
        Column::id_of("subscription_item", "subscription_item", &["/subscription_item"]),
        Column::id_of("invoice", "invoice", &["/invoice"]),
        Column::id_of("invoiceitem", "invoice_item", &["/invoice_item"]),
        Column::id_of("checkout.session", "checkout_session", &["/checkout_session"]),
        // Moved with 2025-09-30.clover.
        Column::id_of("coupon", "coupon", &["/source/coupon", "/coupon"]).listed(),
        Column::id_of("promotion_code", "promotion_code", &["/promotion_code"]).listed(),
        Column::number("start_date", &["/start"]),
        // Named apart from the word of SQL.
        Column::number("end_date", &["/end"]).listed(),
    ],
    ..Kind::PLAIN
};
