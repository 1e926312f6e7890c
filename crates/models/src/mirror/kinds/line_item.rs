//! Lines of invoices.

use super::super::{Column, Kind};
use super::BILLING;

pub(super) const LINE_ITEM: Kind = Kind {
    object: "line_item",
    // Listed only for each invoice.
    path: None,
    table: "line_items",
    plural: "line items",
    group: BILLING,
    columns: &[
        Column::id_of("invoice", "invoice", &["/invoice"]).listed(),
        Column::text("description", &["/description"]).listed(),
        // Moved with 2025-03-31.basil, like the next four.
        Column::id_of(
            "subscription",
            "subscription",
            &[
                "/parent/subscription_item_details/subscription",
                "/parent/invoice_item_details/subscription",
                "/subscription",
            ],
        ),
        Column::id_of(
            "subscription_item",
            "subscription_item",
            &["/parent/subscription_item_details/subscription_item", "/subscription_item"],
        ),
        Column::id_of(
            "invoiceitem",
            "invoice_item",
            &[
                "/parent/invoice_item_details/invoice_item",
                "/parent/subscription_item_details/invoice_item",
                "/invoice_item",
            ],
        ),
        Column::id_of("price", "price", &["/pricing/price_details/price", "/price", "/plan"]).listed(),
        Column::id_of("product", "product", &["/pricing/price_details/product", "/price/product", "/plan/product"]),
        Column::flag(
            "proration",
            &["/parent/subscription_item_details/proration", "/parent/invoice_item_details/proration", "/proration"],
        ),
        Column::text("currency", &["/currency"]),
        Column::number("amount", &["/amount"]).listed(),
        Column::number("subtotal", &["/subtotal"]),
        Column::number("quantity", &["/quantity"]).listed(),
        Column::text("quantity_decimal", &["/quantity_decimal"]),
        Column::text(
            "unit_amount_decimal",
            &["/pricing/unit_amount_decimal", "/price/unit_amount_decimal", "/plan/amount_decimal"],
        ),
        Column::number("period_start", &["/period/start"]),
        Column::number("period_end", &["/period/end"]),
    ],
    ..Kind::PLAIN
};
