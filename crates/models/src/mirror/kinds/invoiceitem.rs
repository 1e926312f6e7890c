//! Items that wait for the next invoice of a customer, or are on one.

use super::super::{Column, Kind};
use super::BILLING;

pub(super) const INVOICEITEM: Kind = Kind {
    object: "invoiceitem",
    path: Some("/v1/invoiceitems"),
    table: "invoice_items",
    plural: "invoice items",
    group: BILLING,
    columns: &[
        Column::id_of("customer", "customer", &["/customer"]).listed(),
        Column::text("description", &["/description"]).listed(),
        Column::id_of("invoice", "invoice", &["/invoice"]).listed(),
        // Moved with 2025-03-31.basil, like the next three.
        Column::id_of("subscription", "subscription", &["/parent/subscription_details/subscription", "/subscription"]),
        Column::id_of(
            "subscription_item",
            "subscription_item",
            &["/parent/subscription_details/subscription_item", "/subscription_item"],
        ),
        Column::id_of("price", "price", &["/pricing/price_details/price", "/price", "/plan"]),
        Column::id_of("product", "product", &["/pricing/price_details/product", "/price/product", "/plan/product"]),
        Column::flag("proration", &["/proration"]),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::number("net_amount", &["/net_amount"]),
        Column::number("quantity", &["/quantity"]),
        Column::text("quantity_decimal", &["/quantity_decimal"]),
        Column::text(
            "unit_amount_decimal",
            &[
                "/pricing/unit_amount_decimal",
                "/unit_amount_decimal",
                "/price/unit_amount_decimal",
                "/plan/amount_decimal",
            ],
        ),
        Column::number("period_start", &["/period/start"]),
        Column::number("period_end", &["/period/end"]),
    ],
    ..Kind::PLAIN
};
